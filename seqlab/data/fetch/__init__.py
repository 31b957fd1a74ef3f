"""Bringing files: from a mirror, from the Python registry through pip, or from the web. Only the commands call this."""
