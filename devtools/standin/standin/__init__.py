"""Runs prompts the way ComfyUI does, as far as a node can tell."""
