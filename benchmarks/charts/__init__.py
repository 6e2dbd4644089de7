"""Charts: their common style, and one module for each kind."""
