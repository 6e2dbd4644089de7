"""Putting firmware on a real Arduino through the boot loader that it came with, and seeing what was there before."""
