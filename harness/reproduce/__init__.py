"""Experiments reproduced: what one is (`experiment.py`), the data, training in lockstep, checkpoints, the report."""
