"""What files a server has, what they are, and how one is found by its name."""
