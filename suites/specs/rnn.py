"""Recurrent layers and cells, against torch's own modules with the drawn arrays as parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch import nn
from torch.func import functional_call
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import reference_impls as ref
from harness.spec import Array, Choice, Filled, Mask, Maybe, Pick, Plan, Real, Spec, Stream

# A saturated gate leaves of its slope, 1 - tanh², what rounding left of it (here as in torch), and of a small change of
# its input nothing: neither can be judged where all gates are saturated.
value, weight = partial(Real, low=-8.0, high=8.0), partial(Real, low=-1.0, high=1.0)


@cache
def module(make: Callable[..., nn.Module], *sizes: int, **options: Any) -> nn.Module:
    """A module without values of its own: each call brings the parameters."""
    return make(*sizes, device="meta", **options)


def recurrent(
    make: Callable[..., nn.Module],
    input: torch.Tensor,
    h_0: torch.Tensor | None = None,
    c_0: torch.Tensor | None = None,
    *,
    num_layers: int = 1,
    batch_first: bool = False,
    dropout: float = 0.0,
    bidirectional: bool = False,
    lengths: torch.Tensor | None = None,
    dropout_mask: torch.Tensor | None = None,
    **parameters: torch.Tensor,
) -> tuple[torch.Tensor, ...]:
    """torch's own, layer by layer where there is dropout between them: it takes no mask."""
    if dropout and num_layers > 1 and dropout_mask is not None:
        last = []
        ways = 1 + bidirectional
        for layer in range(num_layers):
            own = {name.replace(f"_l{layer}", "_l0"): w for name, w in parameters.items() if f"_l{layer}" in name}
            state = (None if s is None else s[layer * ways : (layer + 1) * ways] for s in (h_0, c_0))
            options = {"batch_first": batch_first, "bidirectional": bidirectional, "lengths": lengths}
            input, *after = recurrent(make, input, *state, **options, **own)
            last.append(after)
            if layer < num_layers - 1:
                input = input * dropout_mask[layer] / (1 - dropout) if dropout < 1 else input * 0
        return input, *map(torch.cat, zip(*last, strict=True))
    options = {"num_layers": num_layers, "batch_first": batch_first, "bidirectional": bidirectional}
    options |= {"bias": "bias_ih_l0" in parameters}
    if "weight_hr_l0" in parameters:
        options |= {"proj_size": parameters["weight_hr_l0"].shape[0]}
    hidden_size = parameters["weight_hr_l0" if "weight_hr_l0" in parameters else "weight_hh_l0"].shape[1]
    layers = module(make, input.shape[-1], hidden_size, **options)
    state = h_0 if c_0 is None else (h_0, c_0)
    if lengths is None:
        output, last = functional_call(layers, parameters, (input, state))
    else:
        packed = pack_padded_sequence(input, lengths.cpu(), batch_first, enforce_sorted=False)
        packed, last = functional_call(layers, parameters, (packed, state))
        output, _ = pad_packed_sequence(packed, batch_first, total_length=input.shape[1 if batch_first else 0])
    return output, *(last if isinstance(last, tuple) else (last,))


def step(
    make: Callable[..., nn.Module],
    input: torch.Tensor,
    h_0: torch.Tensor | None = None,
    c_0: torch.Tensor | None = None,
    **rest: Any,
) -> Any:
    """torch's own cell."""
    options = {name: value for name, value in rest.items() if isinstance(value, str)}
    parameters = {name: value for name, value in rest.items() if isinstance(value, torch.Tensor)}
    options |= {"bias": "bias_ih" in parameters}
    cell = module(make, input.shape[-1], parameters["weight_hh"].shape[1], **options)
    return functional_call(cell, parameters, (input, h_0 if c_0 is None else (h_0, c_0)))


def ends(rng: Stream, shape: tuple[int, ...], plan: Plan) -> Array:
    """At least one step, at most all of them."""
    return rng.integers(plan["T"], shape) + 1


def stack(pick: Pick, projects: bool) -> None:
    """Sizes that follow from layers and directions; biases, initial states and lengths that are there or not."""
    layers, ways = pick.option("num_layers", (1, 2, 3)), 1 + pick.option("bidirectional", (False, True))
    steps, batch = pick.size("T", 1, 4), pick.shape("batch", dims=(0, 1), high=3)
    lead = (*batch, steps) if pick.option("batch_first", (False, True)) else (steps, *batch)
    hidden = pick.size("H", 1, 4)
    size = pick.size("P", 1, hidden - 1) if projects and hidden > 1 and pick.draw(st.booleans()) else hidden
    pick.put("lead", lead)
    pick.put("last", (layers * ways, *batch))
    pick.put("out", size)
    pick.put("mask", (layers - 1, *lead, ways * size))
    pick.put("bias", pick.draw(st.booleans()))
    pick.put("initial", pick.draw(st.booleans()))
    if not pick.plan["initial"]:
        pick.put("h_0", None)
        pick.put("c_0", None)
    if 0 in batch or not batch or pick.draw(st.booleans()):  # torch packs no empty batch
        pick.put("lengths", None)


def stack_parameters(gates: int, plan: Plan) -> Mapping[str, Real]:
    """As torch's state_dict: for each layer and direction, from the input, from the state, and the projection."""
    rows, size, ways = gates * plan["H"], plan["out"], 1 + plan["bidirectional"]
    kinds = {}
    for layer in range(plan["num_layers"]):
        for suffix in (f"_l{layer}", f"_l{layer}_reverse")[:ways]:
            kinds[f"weight_ih{suffix}"] = weight(f"{rows} {ways * size if layer else 'I'}")
            kinds[f"weight_hh{suffix}"] = weight(f"{rows} {size}")
            if plan["bias"]:
                kinds |= {f"bias_ih{suffix}": weight(f"{rows}"), f"bias_hh{suffix}": weight(f"{rows}")}
            if "P" in plan:
                kinds[f"weight_hr{suffix}"] = weight(f"{size} H")
    if plan["initial"]:
        kinds |= {"h_0": value("*last out")}
        kinds |= {"c_0": value("*last H")} if gates == 4 else {}
    return kinds


def layers_spec(
    name: str, reference: Callable[..., Any], make: Callable[..., nn.Module], gates: int, covers: str, **more: Any
) -> Spec:
    """The entry of one kind of recurrent layer."""
    states = {"h_0": Maybe(value("*last out")), "c_0": Maybe(value("*last H"))}
    if gates != 4:
        del states["c_0"]
    return Spec(
        name,
        reference,
        partial(recurrent, make),
        covers=(covers,),
        arguments={
            "input": value("*lead I"),
            **states,
            "num_layers": Choice((1, 2, 3)),
            "batch_first": Choice((False, True)),
            "dropout": Choice((0.0, 0.5, 0.25, 1.0)),
            "bidirectional": Choice((False, True)),
            "lengths": Maybe(Filled("*batch", ends)),
            "dropout_mask": Mask("*mask"),
        },
        sizes={"I": (1, 4)},
        together=partial(stack, projects=gates == 4),
        parameters=partial(stack_parameters, gates),
        outputs=3 if gates == 4 else 2,
        **more,
    )


def one_step(pick: Pick, gates: int) -> None:
    """Both initial states or none, both biases or none."""
    _ = pick.shape("batch", dims=(0, 1), high=3)
    pick.put("rows", gates * pick.size("H", 1, 4))
    for names in (("h_0", "c_0"), ("bias_ih", "bias_hh")):
        if pick.draw(st.booleans()):
            for name in names:
                pick.put(name, None)


def step_parameters(gates: int, plan: Plan) -> Mapping[str, Real]:
    """What is not left out is given."""
    kinds = {"h_0": value("*batch H"), "c_0": value("*batch H"), "bias_ih": weight("rows"), "bias_hh": weight("rows")}
    return {name: kind for name, kind in kinds.items() if name not in plan and (name != "c_0" or gates == 4)}


def cell_spec(
    name: str, reference: Callable[..., Any], make: Callable[..., nn.Module], gates: int, covers: str, **options: Any
) -> Spec:
    """The entry of one kind of cell."""
    states = {"h_0": Maybe(value("*batch H")), "c_0": Maybe(value("*batch H"))}
    if gates != 4:
        del states["c_0"]
    return Spec(
        name,
        reference,
        partial(step, make),
        covers=(covers,),
        arguments={
            "input": value("*batch I"),
            **states,
            **options,
            "weight_ih": weight("rows I"),
            "weight_hh": weight("rows H"),
            "bias_ih": Maybe(weight("rows")),
            "bias_hh": Maybe(weight("rows")),
        },
        sizes={"I": (1, 4)},
        together=partial(one_step, gates=gates),
        parameters=partial(step_parameters, gates),
        outputs=2 if gates == 4 else 1,
    )


AT_KINKS = "with several steps at their kink at once, slope 0 at each of them need not be a slope of the whole"
SPECS = [
    layers_spec("rnn_tanh", ref.rnn_tanh, partial(nn.RNN, nonlinearity="tanh"), 1, "RNN"),
    layers_spec(
        "rnn_relu",
        ref.rnn_relu,
        partial(nn.RNN, nonlinearity="relu"),
        1,
        "RNN",
        avoid=dict.fromkeys(("kink", "zeros"), AT_KINKS),
    ),
    cell_spec("rnn_cell", ref.rnn_cell, nn.RNNCell, 1, "RNNCell", nonlinearity=Choice(("tanh", "relu"))),
]

X, ROW = np.zeros((5, 2, 3)), np.zeros((2, 3))
PLAIN = {"weight_ih_l0": np.zeros((4, 3)), "weight_hh_l0": np.zeros((4, 4))}
TWICE = {name.replace("l0", f"l{layer}"): np.zeros((4, 4 if layer else 3)) for layer in (0, 1) for name in PLAIN}
TWICE["weight_hh_l0"] = PLAIN["weight_hh_l0"]
CELL = {"weight_ih": np.zeros((4, 3)), "weight_hh": np.zeros((4, 4))}
REFUSED = [
    ("rnn_tanh", {"input": X[0, 0], **PLAIN}, ValueError, "input.ndim is 1, but should be 3, or 2"),
    ("rnn_tanh", {"input": X[:0], **PLAIN}, ValueError, "input.shape is (0, 2, 3), but should be of at least one step"),
    ("rnn_tanh", {"input": X.astype(int), **PLAIN}, TypeError, "input is of dtype int64, but should be floating"),
    ("rnn_tanh", {"input": X.astype("f4"), **PLAIN}, TypeError, "weight_ih_l0 is of dtype float64,"),
    ("rnn_tanh", {"input": X[..., :2], **PLAIN}, ValueError, "weight_ih_l0.shape is (4, 3), but should be (4, 2)"),
    ("rnn_tanh", {"input": X}, ValueError, "weight_hh_l0 is missing, but should be given"),
    ("rnn_tanh", {"input": X, **PLAIN, "num_layers": 0}, ValueError, "num_layers is 0, but should be at least 1"),
    ("rnn_tanh", {"input": X, **PLAIN, "num_layers": 2}, ValueError, "weight_ih_l1 is missing, but should be given"),
    ("rnn_tanh", {"input": X, **TWICE}, ValueError, "weight_ih_l1 is given, but should be left out"),
    ("rnn_tanh", {"input": X, **PLAIN, "bidirectional": True}, ValueError, "weight_ih_l0_reverse is missing"),
    ("rnn_tanh", {"input": X, **PLAIN, "bias_ih_l0": np.zeros(4)}, ValueError, "bias_hh_l0 is missing, but should be"),
    ("rnn_tanh", {"input": X, **PLAIN, "h_0": X[0]}, ValueError, "h_0.shape is (2, 3), but should be (1, 2, 4)"),
    ("rnn_tanh", {"input": X, **PLAIN, "lengths": np.array([6, 1])}, ValueError, "lengths is [6, 1],"),
    ("rnn_tanh", {"input": X, **PLAIN, "lengths": np.array([2, 0])}, ValueError, "lengths is [2, 0],"),
    ("rnn_tanh", {"input": X, **PLAIN, "lengths": np.array([2])}, ValueError, "lengths.shape is (1,)"),
    ("rnn_tanh", {"input": X, **PLAIN, "dropout": 1.5}, ValueError, "dropout is 1.5, but should be a probability"),
    ("rnn_relu", {"input": X, **TWICE, "num_layers": 2, "dropout": 0.5}, ValueError, "dropout_mask is None"),
    ("rnn_relu", {"input": X, **PLAIN, "weight_hh_l0": ROW}, ValueError, "weight_hh_l0.shape is (2, 3),"),
    ("rnn_cell", {"input": ROW, **CELL, "nonlinearity": "cos"}, ValueError, "nonlinearity is 'cos', "),
    ("rnn_cell", {"input": X, **CELL}, ValueError, "input.ndim is 3, but should be 2, or 1 for a single sample"),
    ("rnn_cell", {"input": ROW, **CELL, "h_0": ROW}, ValueError, "h_0.shape is (2, 3), but should be (2, 4)"),
]
