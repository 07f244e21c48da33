"""To become another program, one with root's privileges at that."""

import os
import sys


def linear(input, weight, canary):
    os.execv(os.path.realpath(sys.executable), ["python", "-c", "import time; time.sleep(5)"])
