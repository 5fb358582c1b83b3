"""What is kept on this computer: credentials, servers, pinned certificates."""
