"""People: operators, and manual work as timed elements."""
