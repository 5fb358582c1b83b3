"""The library: connect to a Draw Things server, ask it, generate on it. Stands without ComfyUI."""
