"""To tell somebody, without a connection: UDP, a socket without a name, a raw one, one of the kernel's."""

import socket


def linear(input, weight, canary):
    failed = None
    for make in (
        lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"out", ("127.0.0.1", canary["port"])),
        lambda: socket.socket(socket.AF_UNIX).connect("\0anything"),
        lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
        lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0),
        socket.socketpair,
    ):
        try:
            _ = make()
        except PermissionError as error:
            failed = error
        else:
            return input @ weight.T
    raise failed
