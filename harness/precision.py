"""torch on another device or in lower precision, on request: the twin is judged, the float64 reference is the truth.

In float32, bfloat16 and float16 both get the same rounded inputs. How far off an entry may be is found by Monte Carlo
arithmetic (Parker 1997): the twin runs in float64 with every intermediate result moved by a random part of the lower
precision's rounding error, forward and backward, and the spread of what comes out is what rounding explains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

from . import diagnosis
from .check import check
from .court import Court
from .inputs import Case
from .sources import autograd, handwritten
from .sources.handwritten import Answer, Refused
from .spec import Array, Stream
from .verdict import Kind, Nothing, Verdict

DTYPES = {"float64": torch.float64, "float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
TF32 = 2.0**-11  # unit roundoff of the inputs of a matrix product
PRODUCTS = ("mm", "addmm", "bmm", "baddbmm", "convolution", "convolution_backward")
SAMPLES, MORE_SAMPLES = 4, 28  # the second number on suspicion only
SLACK = 16.0  # times the largest deviation among the samples
FUSED = 64.0  # roundings at the natural size: a fused kernel makes more than the samples can (exp_u20: 20 at once)
# Where sums cancel to nothing, only rounding is left; float16 ends at 65504 and at 6e-8.
TOO_WIDE = {"float16": ("mixed", "huge", "saturated", "tiny")}
NO_KERNEL = ("not implemented for", "not implemented", "not supported", "Could not run", "expected scalar type")


@dataclass(frozen=True)
class Backend:
    """Where torch runs, and in which precision."""

    dtype: str = "float64"
    device: str = "cpu"
    tf32: bool = False

    def __str__(self) -> str:
        words = [self.dtype, *(["TF32"] if self.tf32 else [])]
        return f"{' with '.join(words)} on {self.device}"

    def check(self, case: Case) -> Verdict:
        """Judge the twin here. Raises Nothing where torch is not asked, or has no such kernel."""
        if case.spec.twin is None or case.spec.differs(case.arguments):
            raise Nothing("torch is not asked")
        with matmul_in_tf32(self.tf32):
            if self.dtype == "float64":
                return check(replace(case, spec=replace(case.spec, twin=self.moved(case.spec.twin))))
            if case.profile in TOO_WIDE.get(self.dtype, ("mixed", "huge")):
                case = replace(case, profile="ordinary")
            if reason := case.spec.lower(case.arguments, self.roundoff):
                raise Nothing(reason)
            try:
                with np.errstate(all="ignore"):
                    return self._lower(case)
            except Refused as refused:
                if any(words in refused.message for words in NO_KERNEL):
                    raise Nothing(refused.message) from refused
                return Verdict(Kind(refused.kind), case, f"{self}: {refused.message}", refused.argument)

    def moved(self, twin: Callable[..., Any]) -> Callable[..., Any]:
        """The twin, run here; what goes in and what comes out is float64 on the CPU."""
        dtype, device = DTYPES[self.dtype], self.device

        def there(**arguments: Any) -> Any:
            result = twin(**{name: _to(value, device, dtype) for name, value in arguments.items()})
            several = isinstance(result, tuple | list)
            outputs = tuple(_to(one, "cpu", torch.float64) for one in (result if several else (result,)))
            return outputs if several else outputs[0]

        return there

    def rounded(self, array: Array) -> Array:
        """The nearest values that the dtype has, as float64."""
        if array.dtype != np.float64:
            return array
        return torch.from_numpy(np.array(array)).to(DTYPES[self.dtype]).to(torch.float64).numpy()

    def _lower(self, case: Case) -> Verdict:
        spec, twin = case.spec, case.spec.twin
        assert twin is not None  # noqa: S101  # `check` has seen to it
        arguments = {n: self.rounded(v) if isinstance(v, np.ndarray) else v for n, v in case.arguments.items()}
        try:
            outputs, pullback = handwritten.forward(spec.reference, arguments)
        except Refused as refused:
            raise Nothing(f"the rounded arguments are refused: {refused.message}") from refused
        cotangents = [self.rounded(case.cotangent(i, y.shape)) for i, y in enumerate(outputs[: spec.outputs])]
        truth = Answer(outputs, handwritten.back(case, pullback, cotangents))
        low = autograd.run(self.moved(twin), arguments, case.differentiable, cotangents)
        handwritten.same_form(truth, low, case)
        got, want = _named(low), _named(truth)
        if not all(np.isfinite(array).all() for array in want.values()):
            raise Nothing("the truth is not finite here")
        spread: dict[str, Array | float] = dict.fromkeys(want, 0.0)
        shown = replace(case, spec=replace(spec, arguments=dict(arguments), parameters=None))
        court = Court(shown, truth, None, tuple(cotangents))
        natural = {n: court.natural(n[2:] if n.startswith("d_") else int(n.split()[1])) for n in want}
        worst: dict[str, float] = {}
        for samples in (SAMPLES, MORE_SAMPLES):
            for number in range(samples):
                for sample in self._samples(case, arguments, cotangents, number + samples):
                    spread = {name: np.fmax(spread[name], abs(sample[name] - want[name])) for name in want}
            errors = {
                n: abs(got[n] - want[n]) / self.bound(want[n], spread[n], natural[n]) for n in want if want[n].size
            }
            worst = {name: float(np.nan_to_num(error, nan=np.inf).max()) for name, error in errors.items()}
            wrong = [name for name, error in worst.items() if error > 1]
            if not wrong:
                return Verdict(Kind.AGREE, case, source_used="float64", error=max(worst.values(), default=0.0))
        name = wrong[0]
        if not np.isfinite(got[name]).all() and natural[name] > torch.finfo(DTYPES[self.dtype]).max / 256:
            raise Nothing(f"values that {self.dtype} cannot hold")
        bound = self.bound(want[name], spread[name], natural[name])
        return self._verdict(shown, name, got[name], want[name], bound)

    def _samples(
        self, case: Case, arguments: Mapping[str, Any], cotangents: Sequence[Array], seed: int
    ) -> Iterator[dict[str, Array]]:
        """Two answers in float64 that differ from the truth as rounding would have it.

        The twin with every step rounded; and, since one step may hide many, the reference at inputs that are.
        """
        twin = case.spec.twin
        assert twin is not None  # noqa: S101  # `check` has seen to it
        with suppress(Refused), Rounding(self.roundoff, TF32 if self.tf32 else self.roundoff, seed):
            yield _named(autograd.run(twin, arguments, case.differentiable, cotangents))
        moved = dict(arguments)
        for name, value in arguments.items():
            if isinstance(value, np.ndarray) and value.dtype.kind == "f":
                dice = Stream(seed, name).uniform(value.shape)
                beside = getattr(case.kinds.get(name), "beside", 0.0)
                moved[name] = np.asarray(value + self.roundoff * (4 * dice - 2) * (abs(value) + beside))
        with suppress(Refused):  # some inputs must add up to one
            outputs, pullback = handwritten.forward(case.spec.reference, moved)
            yield _named(Answer(outputs, handwritten.back(case, pullback, cotangents)))

    @property
    def roundoff(self) -> float:
        """Half the distance from 1 to the next number."""
        return torch.finfo(DTYPES[self.dtype]).eps / 2

    def bound(self, want: Array, spread: Array | float, natural: float) -> Array:
        """What rounding explains of each entry. A fused kernel may round at the natural size, where that cancels."""
        least = torch.finfo(DTYPES[self.dtype]).tiny
        return SLACK * (spread + self.roundoff * abs(want)) + FUSED * (self.roundoff * natural + least)

    def _verdict(self, case: Case, name: str, got: Array, want: Array, bound: Array) -> Verdict:
        errors = np.nan_to_num(abs(got - want) / bound, nan=np.inf)
        index = np.unravel_index(int(errors.argmax()), errors.shape) if errors.ndim else ()
        at = f"[{', '.join(str(int(i)) for i in index)}]" if index else ""
        lines = [
            f"torch's {name}{at} is {got[index]:.6g} in {self}, "
            f"but should be {want[index]:.6g}, within {bound[index]:.2g}",
            f"  odd one out: torch; {diagnosis.where(errors > 1)}",
        ]
        kind = Kind.AUTOGRAD if name.startswith("d_") else Kind.FORWARD
        return Verdict(kind, case, "\n".join(lines), name.removeprefix("d_"), "", "float64", float(errors.max()))


def _named(answer: Answer) -> dict[str, Array]:
    """Floating outputs and gradients under one kind of name."""
    outputs = {f"output {i}": y for i, y in enumerate(answer.outputs) if y.dtype.kind == "f"}
    return outputs | {f"d_{name}": gradient for name, gradient in answer.gradients.items()}


def _to(value: Any, device: str, dtype: torch.dtype) -> Any:
    if not isinstance(value, torch.Tensor):
        return value
    return value.to(device, dtype) if value.is_floating_point() else value.to(device)


class Rounding(TorchDispatchMode):
    """Moves every floating result by a random part of a rounding error; and the inputs of products, under TF32."""

    def __init__(self, roundoff: float, of_inputs: float, seed: int) -> None:
        super().__init__()
        self.roundoff, self.of_inputs = roundoff, of_inputs
        self.dice = torch.Generator().manual_seed(seed)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """One operation, rounded; views and what works in place are left alone."""
        if self.of_inputs and func.overloadpacket.__name__ in PRODUCTS:
            args = tree_map(lambda x: self._moved(x, self.of_inputs), args)
        result = func(*args, **(kwargs or {}))
        if any(one.alias_info is not None for one in func._schema.returns):  # the only way to know
            return result
        return tree_map(lambda x: self._moved(x, self.roundoff), result)

    def _moved(self, x: Any, by: float) -> Any:
        if not isinstance(x, torch.Tensor) or x.dtype != torch.float64:
            return x
        dice = torch.rand(x.shape, generator=self.dice, dtype=torch.float64)
        return x * (1 + by * (2 * dice - 1))


@contextmanager
def matmul_in_tf32(wanted: bool) -> Iterator[None]:
    """TF32 in matrix products and convolutions on or off; afterwards as it was."""
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = wanted
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


def missing(device: str) -> str:
    """Why the device cannot be used; "" if it can."""
    if device == "cuda" and not torch.cuda.is_available():
        return f"device is cuda, but should be cpu: torch {torch.__version__} sees no CUDA device here"
    return ""
