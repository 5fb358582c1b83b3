"""ComfyUI's inner package, as far as nodes of ours look into it."""
