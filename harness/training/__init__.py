"""The training meter: how long a step of training takes, once it is right, and how near that is to the machine's limit.

Read `meter.py` first: it is the whole measurement. What is trained stands in `suites/throughput/workloads.py`. Nothing
in here but `command.py` and what it shows imports another part of backprove, so that asv can put today's meter beside
the library of any commit.
"""
