"""Real firmware on an emulated Arduino, for tests: the chip, its pins and what is wired to them."""
