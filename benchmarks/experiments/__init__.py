"""Experiments on a study that run by themselves: simulated, paired, and with what their inputs leave open."""
