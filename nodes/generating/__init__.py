"""What stands behind the Generate node."""
