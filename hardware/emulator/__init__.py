"""Real firmware on an emulated Arduino, for tests: the chip, its pins and the world at them."""
