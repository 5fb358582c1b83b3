"""Servers as nodes and page know them."""
