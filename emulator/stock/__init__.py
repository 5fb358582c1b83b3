"""What an emulated server has: its files and their specifications."""
