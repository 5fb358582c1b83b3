"""Bytes that nobody sends on purpose, and whatever reads bytes of others."""
