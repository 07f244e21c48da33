"""The experiments of the source documents, a file for each; `_nets.py` is what they share. To add one: EXPERIMENT."""
