"""Pictures: their common style, and one module a kind of picture."""
