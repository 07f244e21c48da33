"""To leave the group that will be killed, then to wait."""

import os
import time


def linear(input, weight, canary):
    for leave in (os.setsid, lambda: os.setpgid(0, 0), lambda: os.setpgid(0, os.getppid())):
        try:
            leave()
        except OSError:
            pass
    time.sleep(1000)
