"""What is plugged into the computer and not into the Arduino: scales, cameras, scanners."""
