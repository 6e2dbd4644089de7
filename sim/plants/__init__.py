"""Plants: what a cell acts on; shared physics of scales and displays."""
