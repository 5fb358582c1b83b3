"""What a request means: to a server, and to a strict one."""
