"""The grader's ends of a worker's pipes: every wait is under the grader's clock, and what is printed is kept short."""

from __future__ import annotations

import os
import select
import sys
import time
from contextlib import suppress

from . import wire
from .wire import Frame

PIECE, PIECES = 1 << 16, 16


class Late(Exception):
    """The time is over."""


class Closed(Exception):
    """The other end is closed; the message says more where more is known."""


class Channel:
    """Sends questions, takes answers, and drains what is printed meanwhile: a full pipe would stall the worker."""

    def __init__(self, limits: wire.Limits, keep: int, most: int) -> None:
        self.limits, self.keep, self.most = limits, keep, most
        self.printed, self.seen, self.deadline = bytearray(), 0, 0.0
        (request, self.requests), (self.answers, answer), (self.output, printed) = os.pipe(), os.pipe(), os.pipe()
        self.theirs = [request, answer, printed]  # the worker's ends, in the order of their use
        self._open = {self.requests, self.answers, self.output}
        for one in self._open:
            os.set_blocking(one, False)

    def started(self) -> None:
        """Close the worker's ends here; otherwise its death would look like silence."""
        while self.theirs:
            os.close(self.theirs.pop())

    def ask(self, question: bytes, seconds: float) -> Frame:
        """The next frame, after the question is sent. Raises Late, Closed or WireError."""
        self.deadline = time.monotonic() + seconds
        left = memoryview(question)
        while left:
            self._wait(self.requests, select.POLLOUT)
            try:
                left = left[os.write(self.requests, left[:PIECE]) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise Closed from None
        frame = wire.receive(self._read, self.limits)
        if self.output in self._open:
            self._drain()
        return frame

    def close(self, seconds: float) -> None:
        """After the worker is killed: wait until all who could print are gone, then close."""
        self.deadline, self.most = time.monotonic() + seconds, sys.maxsize
        with suppress(Late):
            while self.output in self._open:
                self._wait(self.output, select.POLLIN)
        for one in self._open:
            os.close(one)
        self._open.clear()

    def _read(self, size: int) -> bytearray:
        """Exactly so many bytes of the answer; memory grows with what arrives, not with what is claimed."""
        whole = bytearray()
        while len(whole) < size:
            self._wait(self.answers, select.POLLIN)
            with suppress(BlockingIOError):
                piece = os.read(self.answers, min(size - len(whole), PIECE))
                if not piece:
                    raise Closed
                whole += piece
        return whole

    def _wait(self, wanted: int, event: int) -> None:
        """Until this end is ready. Raises Late."""
        poll = select.poll()
        if self.output in self._open:
            poll.register(self.output, select.POLLIN)
        poll.register(wanted, event)
        while True:
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise Late
            ready = {one for one, _ in poll.poll(left * 1000)}
            if self.output in ready:
                self._drain()
                if self.output not in self._open:
                    poll.unregister(self.output)
            if wanted in ready:
                return

    def _drain(self) -> None:
        """Take what was printed, but not for ever. Raises Closed when it is far too much."""
        with suppress(BlockingIOError):
            for _ in range(PIECES):
                piece = os.read(self.output, PIECE)
                if not piece:
                    os.close(self.output)
                    self._open.remove(self.output)
                    return
                self.seen += len(piece)
                self.printed += piece[: max(0, self.keep - len(self.printed))]
                if self.seen > self.most:
                    raise Closed(f"it printed more than {self.most} bytes")
                if len(piece) < PIECE:
                    return
