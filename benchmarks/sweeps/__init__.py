"""Many designs: sampling, sweeps, one input at a time, and screening."""
