"""What a cell is worth in kroner: inputs, finance, the machine to buy, indicators, milestones and budget."""
