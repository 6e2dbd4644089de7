"""Firmata: the bytes, the host's board, and a virtual Arduino that speaks them."""
