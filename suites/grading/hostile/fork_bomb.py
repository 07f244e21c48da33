"""To fill the machine with processes."""

import os
import time


def linear(input, weight, canary):
    for _ in range(60):
        if os.fork() == 0:
            time.sleep(2)
            os._exit(0)
    return input @ weight.T
