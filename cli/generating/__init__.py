"""What stands behind the command generate."""
