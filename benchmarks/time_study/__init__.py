"""Timing manual work: the recorder, the stopwatch file, its analysis, and before against after."""
