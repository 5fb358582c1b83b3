"""How ComfyUI runs graphs, as far as nodes of ours look into it."""
