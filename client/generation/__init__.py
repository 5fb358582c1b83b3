"""From what a person wants to a request, and from the answer to events."""
