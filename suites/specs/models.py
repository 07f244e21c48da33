"""Models, against torch modules of the same parts, and the two activations that torch does not have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from harness.spec import Choice, Index, Maybe, Pick, Plan, Real, Spec
from reference_impls import models

from .rnn import value, weight


def gaussian(input: torch.Tensor) -> torch.Tensor:
    """e^-input²."""
    return torch.exp(-input * input)


def cauchy(input: torch.Tensor) -> torch.Tensor:
    """1 / (1 + input²)."""
    return 1 / (1 + input * input)


OWN = {"gaussian": gaussian, "cauchy": cauchy, "linear": nn.Identity(), "tanh": torch.tanh, "sigmoid": torch.sigmoid}
ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    name: OWN[name] if name in OWN else getattr(F, name) for name in models.ACTIVATIONS
}


class MLP(nn.Module):
    """As models.mlp; `sizes` are (I, H, …, O)."""

    def __init__(
        self,
        sizes: Sequence[int],
        activation: str = "relu",
        output_activation: str = "linear",
        *,
        bias: bool | Sequence[bool] = True,
        **options: Any,
    ) -> None:
        super().__init__()
        biases = [bias] * (len(sizes) - 1) if isinstance(bias, bool) else bias
        pairs = zip(sizes, sizes[1:], biases, strict=False)
        self.layers = nn.ModuleList(nn.Linear(i, o, bias, **options) for i, o, bias in pairs)
        self.activation, self.output_activation = ACTIVATIONS[activation], ACTIVATIONS[output_activation]

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Scores."""
        *hidden, last = self.layers
        for layer in hidden:
            input = self.activation(layer(input))
        return self.output_activation(last(input))


class Elman(nn.RNN):
    """torch's plain recurrent layer, with any activation: a loop over time where torch has it not."""

    def __init__(self, *sizes: int, nonlinearity: str = "tanh", **options: Any) -> None:
        has = nonlinearity in ("tanh", "relu")
        super().__init__(*sizes, nonlinearity=nonlinearity if has else "tanh", **options)
        self.own = None if has else ACTIVATIONS[nonlinearity]

    def forward(self, input: Any, hx: Any = None) -> Any:
        """Hidden states, the last ones too."""
        if self.own is None:
            return super().forward(input, hx)
        turned = self.batch_first and input.ndim == 3
        steps = list(input.unbind(1 if turned else 0))
        last = []
        for depth in range(self.num_layers):
            weights = [getattr(self, f"{kind}_l{depth}") for kind in ("weight_ih", "weight_hh")]
            biases = [getattr(self, f"{kind}_l{depth}") if self.bias else None for kind in ("bias_ih", "bias_hh")]
            h = steps[0].new_zeros(*steps[0].shape[:-1], self.hidden_size) if hx is None else hx[depth]
            for t, x in enumerate(steps):
                h = steps[t] = self.own(F.linear(x, weights[0], biases[0]) + F.linear(h, weights[1], biases[1]))
            last.append(h)
        return torch.stack(steps, 1 if turned else 0), torch.stack(last)


class CharModel(nn.Module):
    """As models.char_rnn and models.char_lstm; without `embedding_size` characters enter as one-hot vectors."""

    def __init__(
        self,
        layer: str,
        characters: int,
        hidden_size: int,
        *,
        embedding_size: int | None = None,
        bias: bool = True,
        device: str | None = None,
        dtype: torch.dtype | None = None,
        **options: Any,
    ) -> None:
        super().__init__()
        place: dict[str, Any] = {"device": device, "dtype": dtype}
        self.layer, self.characters = layer, characters
        if embedding_size is not None:
            self.embedding = nn.Embedding(characters, embedding_size, **place)
        make = Elman if layer == "rnn" else nn.LSTM
        setattr(self, layer, make(embedding_size or characters, hidden_size, bias=bias, **place, **options))
        self.linear = nn.Linear(hidden_size, characters, bias, **place)

    def forward(self, input: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, ...]:
        """Scores, and the last states."""
        if hasattr(self, "embedding"):
            vectors = self.embedding(input)
        else:
            vectors = F.one_hot(input, self.characters).to(self.linear.weight.dtype)
        output, last = getattr(self, self.layer)(vectors, state)
        return self.linear(output), *(last if isinstance(last, tuple) else (last,))


# The specs: modules without values of their own, since each case brings the parameters.

mlp_module, char_module = (cache(partial(make, device="meta")) for make in (MLP, CharModel))


def mlp(
    input: torch.Tensor, activation: str = "relu", output_activation: str = "linear", **parameters: Any
) -> torch.Tensor:
    """torch's mlp with these parameters."""
    weights = [array for name, array in parameters.items() if name.endswith("weight")]
    sizes = (input.shape[-1], *(len(array) for array in weights))
    bias = tuple(f"layers.{depth}.bias" in parameters for depth in range(len(weights)))
    return functional_call(mlp_module(sizes, activation, output_activation, bias=bias), parameters, (input,))


def layers(pick: Pick) -> None:
    """One to three of them, with biases or without."""
    pick.put("depth", pick.draw(st.integers(1, 3)))
    for place in range(pick.plan["depth"] + 1):
        _ = pick.size(f"I{place}", 1, 4)
    pick.put("bias", pick.draw(st.booleans()))


def mlp_parameters(plan: Plan) -> Mapping[str, Real]:
    """A weight, and perhaps a bias, for each layer."""
    kinds = {}
    for depth in range(plan["depth"]):
        kinds[f"layers.{depth}.weight"] = weight(f"I{depth + 1} I{depth}")
        if plan["bias"]:
            kinds[f"layers.{depth}.bias"] = weight(f"I{depth + 1}")
    return kinds


def chars(
    layer: str,
    input: torch.Tensor,
    h_0: torch.Tensor | None = None,
    c_0: torch.Tensor | None = None,
    *,
    nonlinearity: str | None = None,
    num_layers: int = 1,
    batch_first: bool = False,
    **parameters: torch.Tensor,
) -> tuple[torch.Tensor, ...]:
    """torch's character model with these parameters."""
    table = parameters.get("embedding.weight")
    module = char_module(
        layer,
        *parameters["linear.weight"].shape,
        embedding_size=None if table is None else table.shape[1],
        bias="linear.bias" in parameters,
        num_layers=num_layers,
        batch_first=batch_first,
        **({} if nonlinearity is None else {"nonlinearity": nonlinearity}),
    )
    return functional_call(module, parameters, (input, h_0 if c_0 is None else (h_0, c_0)))


def walk(pick: Pick) -> None:
    """Layers; a table or none, initial states or none, biases or none."""
    layers, steps = pick.option("num_layers", (1, 2)), pick.size("T", 1, 4)
    batch = pick.shape("batch", dims=(0, 1), low=1, high=3)
    pick.put("lead", (*batch, steps) if pick.option("batch_first", (False, True)) else (steps, *batch))
    pick.put("last", (layers, *batch))
    _ = pick.size("H", 1, 4)
    characters = pick.size("V", 2, 4)
    pick.put("table", pick.draw(st.booleans()))
    pick.put("E", pick.draw(st.integers(1, 3)) if pick.plan["table"] else characters)
    pick.put("bias", pick.draw(st.booleans()))
    pick.put("initial", pick.draw(st.booleans()))
    if not pick.plan["initial"]:
        pick.put("h_0", None)
        pick.put("c_0", None)


def char_parameters(layer: str, plan: Plan) -> Mapping[str, Real]:
    """As torch's state_dict."""
    kinds = {"embedding.weight": value("V E")} if plan["table"] else {}
    rows = plan["H"] * (4 if layer == "lstm" else 1)
    for depth in range(plan["num_layers"]):
        kinds[f"{layer}.weight_ih_l{depth}"] = weight(f"{rows} {'H' if depth else 'E'}")
        kinds[f"{layer}.weight_hh_l{depth}"] = weight(f"{rows} H")
        if plan["bias"]:
            kinds |= {f"{layer}.{kind}_l{depth}": weight(f"{rows}") for kind in ("bias_ih", "bias_hh")}
    if plan["initial"]:
        kinds |= {state: value("*last H") for state in ("h_0", "c_0")[: 2 if layer == "lstm" else 1]}
    kinds["linear.weight"] = weight("V H")
    return kinds | ({"linear.bias": weight("V")} if plan["bias"] else {})


def char_spec(layer: str, reference: Callable[..., Any], **options: Any) -> Spec:
    """The entry of one kind of character model."""
    states = {"h_0": Maybe(value("*last H"))} | ({"c_0": Maybe(value("*last H"))} if layer == "lstm" else {})
    return Spec(
        f"char_{layer}",
        reference,
        partial(chars, layer),
        arguments={
            "input": Index("*lead", "V"),
            **states,
            **options,
            "num_layers": Choice((1, 2)),
            "batch_first": Choice((False, True)),
        },
        together=walk,
        parameters=partial(char_parameters, layer),
        outputs=1 + len(states),
    )


SMOOTH = ("tanh", "gaussian", "cauchy", "sigmoid", "linear")
SPECS = [
    Spec("gaussian", models.gaussian, gaussian, arguments={"input": Real("*shape")}),
    Spec("cauchy", models.cauchy, cauchy, arguments={"input": Real("*shape")}),
    Spec(
        "mlp",
        models.mlp,
        mlp,
        arguments={
            "input": value("*batch I0"),
            "activation": Choice(tuple(models.ACTIVATIONS)),
            "output_activation": Choice(("linear", *(name for name in models.ACTIVATIONS if name != "linear"))),
        },
        together=layers,
        parameters=mlp_parameters,
        undrawn={"input_grad": "without it there is one gradient less; suites/training looks at the others"},
    ),
    char_spec("rnn", models.char_rnn, nonlinearity=Choice(SMOOTH)),
    char_spec("lstm", models.char_lstm),
]

X, NEXT = np.zeros((2, 3)), np.zeros((5, 2), int)
LAYERS = {"layers.0.weight": np.zeros((4, 3)), "layers.0.bias": np.zeros(4), "layers.1.weight": np.zeros((2, 4))}
LAST = {"linear.weight": np.zeros((6, 4)), "linear.bias": np.zeros(6)}
RNN = {"rnn.weight_ih_l0": np.zeros((4, 6)), "rnn.weight_hh_l0": np.zeros((4, 4)), **LAST}
LSTM = {"lstm.weight_ih_l0": np.zeros((16, 6)), "lstm.weight_hh_l0": np.zeros((16, 4)), **LAST}
REFUSED = [
    ("gaussian", {"input": X.astype(int)}, TypeError, "input is of dtype int64, but should be floating"),
    ("cauchy", {"input": X.tolist()}, TypeError, "input is of type list, but should be a NumPy array"),
    *(
        ("mlp", {"input": X, **LAYERS, **wrong}, error, words)
        for wrong, error, words in (
            ({"input": X.astype("f4")}, TypeError, "layers.0.weight is of dtype float64, but should be float32"),
            ({"input": X[0, 0]}, ValueError, "input.ndim is 0, but should be 1 or more"),
            ({"input": X[:, :2]}, ValueError, "layers.0.weight.shape is (4, 3), but should be (4, 2)"),
            ({"layers.0.weight": None}, ValueError, "layers.0.weight is missing, but should be given"),
            (
                {"layers.1.weight": np.zeros((2, 3))},
                ValueError,
                "layers.1.weight.shape is (2, 3), but should be (2, 4)",
            ),
            ({"layers.1.bias": np.zeros(4)}, ValueError, "layers.1.bias.shape is (4,), but should be (2,)"),
            ({"layers.2.bias": np.zeros(2)}, ValueError, "layers.2.bias is given, but should be left out"),
            ({"weight": np.zeros(2)}, ValueError, "weight is given, but should be left out"),
            (
                {"activation": "cos"},
                ValueError,
                "activation is 'cos', but should be a reference, or one of linear, relu",
            ),
            ({"output_activation": "softmax"}, ValueError, "output_activation is 'softmax', but should be a reference"),
        )
    ),
    *(
        (name, {"input": NEXT, **given, **wrong}, error, words)
        for name, given in (("char_rnn", RNN), ("char_lstm", LSTM))
        for wrong, error, words in (
            ({"input": X}, TypeError, "input is of dtype float64, but should be an integer"),
            ({"input": NEXT + 6}, ValueError, "input is "),
            ({"linear.weight": None}, ValueError, "linear.weight is missing, but should be given"),
            ({"linear.bias": np.zeros(5)}, ValueError, "bias.shape is (5,), but should be (6,)"),
            ({"embedding.bias": np.zeros(5)}, ValueError, "embedding.bias is given, but should be left out"),
            ({"embedding.weight": np.zeros((6, 5))}, ValueError, "weight_ih_l0.shape is "),
            ({"weight": np.zeros(5)}, ValueError, "weight is given, but should be left out"),
        )
    ),
    ("char_rnn", {"input": NEXT, **LSTM}, ValueError, "lstm.weight_ih_l0 is given, but should be left out"),
    ("char_rnn", {"input": NEXT, **RNN, "nonlinearity": "cos"}, ValueError, "nonlinearity is 'cos', but should be"),
]
