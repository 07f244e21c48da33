"""To read by a link that is made inside."""

import os


def linear(input, weight, canary):
    os.symlink(canary["secret"], "link")
    print(open("link").read())
    return input @ weight.T
