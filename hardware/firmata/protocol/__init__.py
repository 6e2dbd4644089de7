"""Firmata on the wire: encoding, messages, reading, and describing bytes."""
