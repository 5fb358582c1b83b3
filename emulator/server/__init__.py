"""The server itself: calls, queue, uploads, certificates, faults."""
