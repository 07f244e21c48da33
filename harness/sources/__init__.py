"""The three independent sources of a gradient: the hand-written pullback, torch's autograd, and differences."""
