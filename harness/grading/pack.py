"""A pack is an assignment: which files are handed in, what is asked of them, what each answer is worth.

    NAME/pack.py          PACK = Pack(...), read by the grader: it knows the right answers
    NAME/adapter.py       runs in the box beside the submission: one function for each `call`, and no right answer
    NAME/examples/        hand-ins, each a folder, with a file beside it that says what it must score, and which other
                          it is like, where it holds but the files that differ

    PACK = Pack(
        name="two-layer-net",
        title="A two-layer net in NumPy",
        files=("two_layernet.py",),
        checks=(
            Check("loss", file="two_layernet.py", target="TwoLayerNet.loss", points=2, call="loss", spec=LOSS),
            Check("loss.backward.W1", file=…, target=…, points=1, call="loss", spec=LOSS, judges="W1", needs=("loss",)),
            Trajectory("train", file=…, target=…, points=1, call="train", arguments={"x": x}, want=ours),
        ),
    )

Checks with the same spec, call and options share their cases, and the box is asked once for each case. What crosses:

    call(**arguments, **options) -> {"output": …}                          the forward alone
    call(**arguments, **options, d_output=…) -> {"output": …, "W1": …}     and the gradients for this cotangent

Where a spec has several outputs they are called output, output_1, output_2 …, and their cotangents d_output, d_output_1
…. What is None, or not there, was not written by the student. A spec's reference is the truth here; its twin is asked
when the pack is tested. A pack without torch should not import it at the top of pack.py: it costs two seconds.
"""

from __future__ import annotations

import importlib.util
import json
import math
import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field, replace
from pathlib import Path
from typing import Any

from ..spec import Array, Spec

FILE, ADAPTER, EXAMPLES = "pack.py", "adapter.py", "examples"


@dataclass(frozen=True)
class Check:
    """One judgement of a function by cases: of its outputs, or of the gradient of one argument.

    id         as in "linear.backward.weight"
    file       the file it is in, and
    target     what is judged, both as the student calls them: "modules.py", "LinearModule.backward"
    call       the adapter's function
    spec       how its arguments are drawn, and the reference
    judges     "output" (all that take a cotangent), "output_2" (this one), or the argument whose gradient it is
    needs      ids of checks without whose answer this one means nothing: it is skipped where they gave none
    options    given to the adapter in every call, beside what the spec draws
    tolerance  what an array may be off by, relative to its largest entry: an eps inside a log is no mistake
    unstable   the part of the points where only extreme values go wrong, and
    mutation   where the values are right, and an argument is overwritten
    public     whether `grade --self` runs it
    """

    id: str
    _: KW_ONLY
    file: str
    target: str
    points: float
    call: str
    spec: Spec
    judges: str = "output"
    needs: tuple[str, ...] = ()
    hint: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    tolerance: float = 1e-6
    unstable: float = 1.0
    mutation: float = 0.5
    public: bool = True


@dataclass(frozen=True)
class Trajectory:
    """One call whose answer is known: the same start and batches, and after each step the same parameters.

    Also for published values, counts, shapes. The fields are those of Check, but for

    arguments  arrays, and
    options    what else the adapter's function takes
    want       the arrays that must come back, by name (others are not looked at); or a function that makes them of the
               arguments and options, by keyword
    judge      for what has no single right value: says of the answer what is wrong with it, and "" if nothing is
    tolerance  as for a Check; for one entry, so that a step that moves little is judged as well as one that moves much
    """

    id: str
    _: KW_ONLY
    file: str
    target: str
    points: float
    call: str
    want: Mapping[str, Any] | Callable[..., Mapping[str, Any]] = field(default_factory=dict)
    judge: Callable[[Mapping[str, Array]], str] | None = None
    arguments: Mapping[str, Array] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    hint: str = ""
    tolerance: float = 1e-8
    mutation: float = 0.5
    public: bool = True


@dataclass(frozen=True)
class Pack:
    """An assignment.

    files    what is handed in, with folders where the course has them: ("vugrad/ops.py",). One may be missing
    stubs    modules that the course gives, that are not handed in and not needed: ("data_utils",)
    seconds  for one call, by the clock
    cases    for each spec
    """

    name: str
    _: KW_ONLY
    title: str
    files: tuple[str, ...]
    checks: tuple[Check | Trajectory, ...]
    torch: bool = False
    stubs: tuple[str, ...] = ()
    seconds: float = 5.0
    cases: int = 40
    folder: Path = Path()

    def __post_init__(self) -> None:
        """Raises ValueError for what cannot be graded."""
        if not self.files or not self.checks:
            raise ValueError(f"the pack {self.name} should have at least one file and one check")
        twice = [id for id, count in Counter(check.id for check in self.checks).items() if count > 1]
        if twice:
            raise ValueError(f"the id {twice[0]} is given to several checks, but should be given to one")
        for check in self.checks:
            self._look(check)

    def _look(self, check: Check | Trajectory) -> None:
        before = [one.id for one in self.checks[: self.checks.index(check)]]
        if check.file not in self.files:
            raise ValueError(f"{check.id}: the file is {check.file}, but should be one of {', '.join(self.files)}")
        for need in check.needs:
            if need not in before:
                raise ValueError(f"{check.id}: it needs {need}, which should be a check further up")
        if not 0 <= check.points < math.inf:
            raise ValueError(f"{check.id}: the points are {check.points}, but should be 0 or more")
        if not check.call.isidentifier() or check.call.startswith("_"):
            raise ValueError(f"{check.id}: the call is {check.call!r}, but should be a public function of {ADAPTER}")
        if isinstance(check, Check) and not re.fullmatch(r"output(_\d+)?", check.judges):
            names = set(check.spec.arguments) if check.spec.parameters is None else {check.judges}
            if check.judges not in names:
                raise ValueError(f"{check.id}: it judges {check.judges}, but should judge output or an argument")
        if isinstance(check, Trajectory) and not (check.want or check.judge):
            raise ValueError(f"{check.id}: want is empty, but should say what must come back (or judge should)")

    @property
    def max_score(self) -> float:
        """All points."""
        return round(sum(check.points for check in self.checks), 6)

    @property
    def adapter(self) -> Path:
        """What runs in the box, beside the submission."""
        return self.folder / ADAPTER

    @property
    def examples(self) -> dict[str, Path]:
        """Its own hand-ins by name."""
        place = self.folder / EXAMPLES
        return {path.name: path for path in sorted(place.iterdir()) if path.is_dir()} if place.is_dir() else {}

    def like(self, submission: Path) -> Path | None:
        """The example that has the files which one of the pack's own examples does not repeat. Raises ValueError."""
        submission = submission.resolve()
        name = _like(submission) if submission.parent == self.folder / EXAMPLES else None
        if name is None:
            return None
        other = self.examples.get(name)
        if other is None or _like(other) is not None:
            raise ValueError(f"{submission.name} is like {name!r}, but should be like one that has all its files")
        return other


def _like(example: Path) -> str | None:
    """What the file beside an example says of it; whatever else is wrong with that file is told by who reads it all."""
    with suppress(OSError, ValueError, AttributeError):
        name = json.loads(example.with_name(f"{example.name}.json").read_text(encoding="utf-8")).get("like")
        return None if name is None else str(name)
    return None


class NoPack(Exception):
    """There is no such pack, or it is broken; the message says in one line what to do."""


def bundled() -> dict[str, Path]:
    """The packs that come with backprove, by name."""
    found = importlib.util.find_spec("suites")
    roots = [Path(root, "packs") for root in found.submodule_search_locations or ()] if found else []
    packs = [path.parent for root in roots for path in sorted(root.glob(f"*/{FILE}"))]
    return {path.name: path for path in packs}


def load(name: str | Path) -> Pack:
    """A bundled pack by its name, or any by its folder. Raises NoPack."""
    own = bundled()
    folder = own.get(str(name)) or Path(name)
    if not (folder / FILE).is_file():
        what = f"has no {FILE}" if folder.is_dir() else "is no pack"
        raise NoPack(f"{name} {what}, but should be one of {', '.join(own) or 'none'}, or a folder with a {FILE}")
    if not (folder / ADAPTER).is_file():
        raise NoPack(f"{folder} has no {ADAPTER}, but should have one beside its {FILE}")
    folder = folder.resolve()
    pack = getattr(_module(folder), "PACK", None)
    if not isinstance(pack, Pack):
        raise NoPack(f"{folder / FILE} defines no PACK, but should: PACK = Pack(...)")
    return replace(pack, folder=folder)


def _module(folder: Path) -> Any:
    """pack.py, which may import what lies beside it. Raises NoPack."""
    name = f"backprove_pack_{folder.name.replace('-', '_')}"
    spec = importlib.util.spec_from_file_location(name, folder / FILE)
    if spec is None or spec.loader is None:
        raise NoPack(f"{folder / FILE} is no Python file, but should be")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(folder))
    before = set(sys.modules)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}{_at(error, folder)}"
        raise NoPack(f"{folder / FILE} cannot be imported: {reason}") from error
    finally:
        sys.path.remove(str(folder))
        for other in set(sys.modules) - before:  # another pack may have a file of the same name
            if str(getattr(sys.modules[other], "__file__", "")).startswith(str(folder)):
                del sys.modules[other]
    return module


def _at(error: BaseException, folder: Path) -> str:
    """The line of the pack's own that raised."""
    trace, lines = error.__traceback__, []
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.startswith(str(folder)):
            lines.append(f" (line {trace.tb_lineno})")
        trace = trace.tb_next
    return lines[-1] if lines else ""
