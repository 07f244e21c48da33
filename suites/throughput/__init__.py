"""How fast training is: what is trained (`workloads.py`), the same by pytest-benchmark, and tests of the meter."""
