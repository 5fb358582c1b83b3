"""What the page can ask of this ComfyUI over HTTP."""
