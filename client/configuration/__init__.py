"""The generation configuration: its fields, and its forms on the wire and on the clipboard."""
