"""The work of the Generate node."""
