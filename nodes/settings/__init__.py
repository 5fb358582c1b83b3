"""The settings nodes, and the widgets that fields of the configuration become."""
