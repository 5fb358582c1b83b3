"""Bytes, arrays and pictures: what the wire carries, and what a graph works with."""
