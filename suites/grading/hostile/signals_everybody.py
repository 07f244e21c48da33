"""To end every process that it may. (The signal is 0, which only asks.)"""

import os


def linear(input, weight, canary):
    failed = None
    for target in (-1, 0, 1, os.getppid(), -os.getpgrp()):
        try:
            os.kill(target, 0)
        except OSError as error:
            failed = error
        else:
            return input @ weight.T
    raise failed
