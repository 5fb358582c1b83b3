"""What nodes and page know of servers, and ask of them."""
