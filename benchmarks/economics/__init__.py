"""The economics of a cell: inputs, finance, the commercial machine, indicators, milestones and budget."""
