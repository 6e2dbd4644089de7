"""The sections of a report, one module a chapter."""
