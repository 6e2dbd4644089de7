"""The virtual Arduino: Firmata in front of a model board."""
