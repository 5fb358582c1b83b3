"""How a file of this computer gets to a server."""
