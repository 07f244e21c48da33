"""Runs in the box, alone: takes a pack's adapter, loads the submission through it, then answers calls with arrays.

Started as `python -I -S -B worker.py CONFIG` with one pipe to read frames from and one to write them to. What is told
the grader from here is never more than a claim: whatever the submission changes in this process, it changes for itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
import types
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib need not be loaded
PLACE = "adapter.py"  # how the adapter is called in a traceback


def main() -> None:
    """Shut the box from within, say so, answer until nobody asks any more."""
    config = json.loads(sys.argv[1])
    if config["parent"]:
        _die_with(config["parent"])
    if "control" not in config:  # the imports, too, are under the limits
        _limited(config)
    sys.path[:0] = [HERE, config["packages"]]
    import landlock  # noqa: PLC0415  # pyright: ignore[reportMissingImports]
    import seccomp  # noqa: PLC0415  # pyright: ignore[reportMissingImports]
    import skeleton  # noqa: PLC0415  # pyright: ignore[reportMissingImports] - and the loader
    import wire  # noqa: PLC0415  # pyright: ignore[reportMissingImports] - and NumPy

    if config["torch"]:
        _torch()
    if "control" in config:
        import forking  # noqa: PLC0415  # pyright: ignore[reportMissingImports]

        config = forking.serve(config)
        _limited(config)
        landlock.drop_capabilities()
    if config["landlock"]:
        landlock.restrict([*config["readable"], config["submission"]], config["listed"])
    if config["seccomp"]:
        # Before its third version Landlock lets a file be emptied by whoever may read it.
        truncating = not config["landlock"] or landlock.version() >= 3
        seccomp.install(seccomp.program(os.uname().machine, os.getpid(), truncating))
    sys.path.remove(HERE)
    for name in [*sys.modules]:  # the submission may have a loader.py, too
        if name != __name__ and _ours(sys.modules[name]):
            del sys.modules[name]
    Worker(wire, skeleton, config).answer()


def _ours(module: Any) -> bool:
    return os.path.dirname(getattr(module, "__file__", None) or "") == HERE  # noqa: PTH120


def _torch() -> None:
    """For small arrays, and without its compiler: optimisers ask it to keep away, and to load it takes seconds."""
    import torch  # noqa: PLC0415

    torch.set_num_threads(1)
    without: Any = types.ModuleType("torch._dynamo")
    without.disable, without.graph_break = lambda function, *_, **__: function, lambda: None
    torch._dynamo = sys.modules["torch._dynamo"] = without


def _limited(config: dict[str, Any]) -> None:
    """Where the kernel counts processes for all of a user's boxes together, their number is not limited."""
    for name, value in config["limits"].items():
        if name != "NPROC" or config["counted"]:
            _limit(getattr(resource, f"RLIMIT_{name}"), value)


def _limit(which: int, value: int) -> None:
    """No more than this, nor than what is allowed already."""
    _, most = resource.getrlimit(which)
    value = value if most == resource.RLIM_INFINITY else min(value, most)
    resource.setrlimit(which, (value, value))


def _die_with(parent: int) -> None:
    """SIGKILL for this process when the grader ends, however it ends."""
    import ctypes  # noqa: PLC0415

    ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        os._exit(1)


class Worker:
    """Answers each frame by one frame, which repeats the token that came with the question."""

    def __init__(self, wire: Any, skeleton: Any, config: dict[str, Any]) -> None:
        self.wire, self.skeleton, self.config = wire, skeleton, config
        self.finder: Any = None
        self.most = wire.Limits(**config["frame"])
        self.adapter = types.ModuleType("backprove_adapter")

    def answer(self) -> None:
        """Until the grader closes its end."""
        self.send({}, {})  # the walls stand
        while True:
            try:
                frame = self.wire.receive(self.read, self.most)
            except EOFError:
                return
            token = frame.fields["token"]
            try:
                self.send({"token": token}, self.do(frame))
            except BaseException as error:  # noqa: BLE001 - SystemExit too: it is the submission's answer
                self.send({"token": token, "error": self.described(error)}, {})

    def do(self, frame: Any) -> dict[str, Any]:
        """Load, or say which targets are skeletons, where no name is given; or call a function of the adapter."""
        name = frame.fields["name"]
        if name is None and "targets" in frame.fields:
            folder, targets = self.config["submission"], frame.fields["targets"]
            return self.arrays({"skeleton": [self.skeleton.skeleton(folder, *one) for one in targets]})
        if name is None:
            sys.path.insert(0, self.config["submission"])
            if self.config["stubs"] is not None:
                self.finder = self.skeleton.loader.install(self.config["submission"], self.config["stubs"])
            sys.modules[self.adapter.__name__] = self.adapter
            code = compile(frame.arrays["source"].tobytes(), PLACE, "exec", dont_inherit=True)
            exec(code, vars(self.adapter))  # noqa: S102 - this is what the box is for
            return {}
        for array in frame.arrays.values():
            array.flags.writeable = frame.fields["writeable"]
        options = {key: _tuples(value) for key, value in frame.fields["options"].items()}
        return self.arrays(getattr(self.adapter, name)(**frame.arrays, **options))

    def arrays(self, result: Any) -> dict[str, Any]:
        """What the adapter returned, as plain arrays; what is None is not there."""
        import numpy  # noqa: PLC0415

        if not isinstance(result, dict):
            raise TypeError(f"the result is of type {type(result).__name__}, but should be a dict of arrays")
        return {name: numpy.array(value, subok=False) for name, value in result.items() if value is not None}

    def read(self, size: int) -> bytearray:
        """Exactly so many bytes."""
        whole = bytearray(size)
        view, done = memoryview(whole), 0
        while done < size:
            got = os.readv(self.config["requests"], [view[done:]])
            if not got:
                raise EOFError
            done += got
        return whole

    def send(self, fields: dict[str, Any], arrays: dict[str, Any]) -> None:
        """One frame, after everything that was printed."""
        data = memoryview(self.wire.encode(self.wire.Frame(fields, arrays), self.most))
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):  # closed, or replaced, by the submission
                _ = stream.flush()
        while data:
            data = data[os.write(self.config["answers"], data) :]

    def described(self, error: BaseException) -> dict[str, Any]:
        """The type, the message, and the innermost line of the submission's own, or else of the adapter."""
        try:
            message = (self.skeleton.loader.in_words(self.finder, error) if self.finder else str(error))[:2000]
        except BaseException:  # noqa: BLE001 - the exception is the submission's too
            message = ""
        file, line = "", 0
        trace = error.__traceback__
        while trace is not None:
            name = self.own(trace.tb_frame.f_code.co_filename)
            if name and (name != PLACE or file in ("", PLACE)):
                file, line = name, trace.tb_lineno
            trace = trace.tb_next
        if isinstance(error, SyntaxError) and self.own(str(error.filename)):
            file, line = self.own(str(error.filename)), error.lineno or 0
        return {"type": type(error).__name__[:200], "message": message, "file": file, "line": line}

    def own(self, name: str) -> str:
        """A file of the submission by its name there, the adapter by its, any other by none."""
        root = self.config["submission"] + os.sep
        return name if name == PLACE else name.removeprefix(root) if name.startswith(root) else ""


def _tuples(value: Any) -> Any:
    """JSON has no tuples; options have no lists."""
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value


if __name__ == "__main__":
    main()
