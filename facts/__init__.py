"""What is true of Draw Things, each fact told once: plain data, read by every floor."""
