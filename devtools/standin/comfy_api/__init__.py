"""ComfyUI's interface for node packs."""
