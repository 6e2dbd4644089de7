"""Correcting a model by a run: reading its log, fitting parameters, and comparing before with after."""
