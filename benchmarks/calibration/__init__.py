"""Calibration of a model to a run: reading its log, fitting parameters, and comparing before with after."""
