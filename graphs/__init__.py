"""ComfyUI's graphs as JSON: our nodes in them, and graphs of other packs that become ours."""
