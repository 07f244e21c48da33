"""The other checkers, each given the same function through an adapter of its own, with its own default settings.

A peer is asked about one case: does the backward of `case.spec.reference` pass there? True, False, or None where it
cannot be asked. Everything is handed over in float64 and contiguous, and only what is differentiated is an input.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import warnings
from collections.abc import Callable, Iterator, Sequence
from importlib import metadata
from typing import Any

import numpy as np
import torch
from torch.autograd.gradcheck import GradcheckError

from ..check import check
from ..inputs import Case
from ..sources import autograd, handwritten
from ..spec import Array, Gradients

Peer = Callable[[Case], bool | None]


def backprove(case: Case) -> bool | None:
    """Our own judge. INCONCLUSIVE is no pass, and no catch either."""
    kind = check(case).kind
    return False if kind.mistaken else True if kind.passed else None


def gradcheck(case: Case, fast_mode: bool = False) -> bool | None:
    """torch.autograd.gradcheck over a torch.autograd.Function that calls the hand-written pair."""
    inputs = tuple(torch.from_numpy(x).requires_grad_() for x in _inputs(case))
    if not inputs:
        return None
    try:
        return torch.autograd.gradcheck(functools.partial(HandWritten.apply, case), inputs, fast_mode=fast_mode)
    except GradcheckError:
        return False


def gradcheck_fast(case: Case) -> bool | None:
    """The same along one random direction."""
    return gradcheck(case, fast_mode=True)


class HandWritten(torch.autograd.Function):
    """A hand-written function as torch would call it."""

    @staticmethod
    def forward(ctx: Any, case: Case, *inputs: torch.Tensor) -> Any:
        """The outputs that take a cotangent, copied: gradcheck writes to what it gets."""
        outputs, ctx.pullback = _called(case, [x.detach().numpy() for x in inputs])
        ctx.case = case
        return tuple(torch.from_numpy(np.array(y)) for y in outputs)

    @staticmethod
    def backward(ctx: Any, *cotangents: torch.Tensor) -> Any:
        """The gradients in the order of the inputs."""
        grads = ctx.pullback([v.numpy() for v in cotangents])
        return None, *(torch.from_numpy(np.array(g)) for g in grads)


def jax_check_grads(case: Case) -> bool | None:
    """jax.test_util.check_grads in reverse mode over a jax.custom_vjp, with 64-bit numbers switched on."""
    import jax  # noqa: PLC0415  # an extra
    from jax.test_util import check_grads  # noqa: PLC0415

    @jax.custom_vjp
    def function(*inputs: Any) -> Any:
        return _called(case, [np.asarray(x) for x in inputs])[0]

    def forward(*inputs: Any) -> Any:
        outputs, pullback = _called(case, [np.asarray(x) for x in inputs])
        return outputs, jax.tree_util.Partial(lambda *v: tuple(pullback(v)))

    _ = function.defvjp(forward, lambda pullback, v: pullback(*(np.asarray(one) for one in v)))
    inputs = _inputs(case)
    if not inputs:
        return None
    with jax.enable_x64(True):
        return _asserted(lambda: check_grads(function, tuple(inputs), order=1, modes=("rev",)))


def autograd_check_grads(case: Case) -> bool | None:
    """autograd.test_util.check_grads in reverse mode over a primitive; several outputs are joined to one vector."""
    from autograd.extend import defvjp, primitive  # noqa: PLC0415  # an extra
    from autograd.test_util import check_grads  # noqa: PLC0415

    def joined(*inputs: Array) -> Array:
        return np.concatenate([y.ravel() for y in _called(case, inputs)[0]])

    def vjp(position: int) -> Callable[..., Any]:
        def of(_answer: Any, *inputs: Array) -> Callable[[Array], Array]:
            outputs, pullback = _called(case, inputs)
            ends = np.cumsum([y.size for y in outputs])[:-1]
            return lambda v: pullback(
                [part.reshape(y.shape) for part, y in zip(np.split(v, ends), outputs, strict=True)]
            )[position]

        return of

    inputs = _inputs(case)
    if not inputs:
        return None
    function = primitive(joined)
    defvjp(function, *(vjp(position) for position in range(len(inputs))))
    ask: Any = check_grads
    check = ask(function, modes=["rev"], order=1)
    return _asserted(lambda: check(*inputs))


def sum_backward(case: Case) -> bool | None:
    """What courses do: `.sum().backward()` in torch, and np.allclose of the gradients."""
    twin, inputs = case.spec.twin, _inputs(case)
    if twin is None or not inputs:
        return None
    outputs, pullback = _called(case, inputs)
    ones = [np.ones_like(y) for y in outputs]
    want = autograd.run(twin, case.arguments, case.differentiable, ones).gradients
    return all(np.allclose(got, want[n]) for n, got in zip(case.differentiable, pullback(ones), strict=True))


PEERS: dict[str, Peer] = {
    "backprove": backprove,
    "torch gradcheck, slow": gradcheck,
    "torch gradcheck, fast": gradcheck_fast,
    "jax check_grads": jax_check_grads,
    "autograd check_grads": autograd_check_grads,
    ".sum().backward()": sum_backward,
}
EXTRA = {"jax check_grads": "jax", "autograd check_grads": "autograd"}


def installed() -> dict[str, Peer]:
    """The checkers that can be asked here, ourselves first."""
    return {name: peer for name, peer in PEERS.items() if name not in EXTRA or importlib.util.find_spec(EXTRA[name])}


def versions() -> dict[str, str]:
    """Of the peers that are not torch."""
    return {name: metadata.version(name) for name in EXTRA.values() if importlib.util.find_spec(name)}


def passes(peer: Peer, case: Case) -> bool | None:
    """Ask, quietly; a checker that fails in another way than by saying no has not been asked anything."""
    with quiet():
        return asked(peer, case)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No warnings, since wrong backwards overflow."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def asked(peer: Peer, case: Case) -> bool | None:
    """What the checker says, warnings and all; None where it says nothing."""
    try:
        return peer(case)
    except Exception:  # noqa: BLE001  # there is nothing to judge, "not implemented for", empty arrays, …
        return None


def _inputs(case: Case) -> list[Array]:
    return [np.array(case.arguments[name], order="C") for name in case.differentiable]


def _called(case: Case, inputs: Sequence[Array]) -> tuple[tuple[Array, ...], Callable[[Sequence[Array]], list[Array]]]:
    """The outputs that take a cotangent, and a pullback that takes and returns lists."""
    arguments = {**case.arguments, **dict(zip(case.differentiable, inputs, strict=True))}
    outputs, pullback = handwritten.forward(case.spec.reference, arguments)

    def back(cotangents: Sequence[Array]) -> list[Array]:
        grads: Gradients = handwritten.back(case, pullback, [np.asarray(v) for v in cotangents])
        return [grads[name] for name in case.differentiable]

    return outputs[: case.spec.outputs], back


def _asserted(call: Callable[[], None]) -> bool:
    try:
        call()
    except AssertionError:
        return False
    return True
