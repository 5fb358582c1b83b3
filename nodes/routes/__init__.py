"""The routes by which the page asks this ComfyUI over HTTP."""
