"""The real ComfyUI as a process: found, started, asked, watched."""
