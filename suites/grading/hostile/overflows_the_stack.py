"""To crash the interpreter by recursion through C, in a thread whose stack ends long before the recursion's limit."""

import threading


def down(depth):
    return sum(map(down, [depth + 1]))


def linear(input, weight, canary):
    _ = threading.stack_size(1 << 15)
    thread = threading.Thread(target=down, args=(0,))
    thread.start()
    thread.join()
    return input @ weight.T
