"""What a person types: ask a server, find out why it does not answer, generate without ComfyUI."""
