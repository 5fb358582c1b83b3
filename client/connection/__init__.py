"""How a server is reached: addresses, channels, TLS, and what is wrong where it is not."""
