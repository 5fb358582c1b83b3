"""What scripts and tests share: a stand-in for ComfyUI, the real one, a browser."""
