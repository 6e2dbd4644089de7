"""Links for bytes: serial port, loopback, pseudo-terminal, server."""
