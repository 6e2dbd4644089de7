"""The host: a board that a cell is put on, its ports and steppers, over a Firmata link."""
