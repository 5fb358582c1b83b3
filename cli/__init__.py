"""The command line: ask a server, find out why it does not answer, generate without ComfyUI."""
