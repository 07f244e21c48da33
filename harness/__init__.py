"""backprove: is this gradient right, who is wrong when it is not, and why?

    from harness import verify

Read `check.py` first: it is the whole flow.
"""
