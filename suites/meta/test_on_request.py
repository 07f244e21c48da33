"""What is judged on request: second derivatives, lower precision, another device. Each is seen to fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from torch.nn import functional as F

from harness import registry, second
from harness.cli import main
from harness.precision import Backend, missing
from harness.search import examine
from harness.spec import Real, Spec
from harness.verdict import Kind

EXAMPLES = 30
SMOOTH = ("softmax", "gelu", "tanh", "linear", "conv2d", "layer_norm", "lstm_cell", "cross_entropy", "avg_pool2d")


def own(name: str, twin: Callable[..., Any]) -> Spec:
    """A spec with another twin: torch on trial, with a mistake planted."""
    return replace(registry.spec(name), twin=twin)


class Square(torch.autograd.Function):
    """Right the first time; the derivative of its derivative is half of what it should be."""

    @staticmethod
    def forward(ctx: Any, input: torch.Tensor) -> torch.Tensor:
        """Keep the input."""
        ctx.save_for_backward(input)
        return input * input

    @staticmethod
    def backward(ctx: Any, *cotangents: torch.Tensor) -> Any:
        """2 x v, of which half of x is a constant."""
        (input,) = ctx.saved_tensors
        return cotangents[0] * (input + input.detach())


@pytest.mark.parametrize("name", [name for name in SMOOTH if name != "layer_norm"])  # torch refuses it
def test_second_derivatives_of_torch(name: str) -> None:
    """Agree with differences of the pullbacks."""
    found = examine(registry.spec(name), EXAMPLES, judge=second.check)
    assert found.passed, found.message
    assert found.source_used == "complex step"


def test_wrong_second_derivative() -> None:
    """Is torch's fault, and said to be of the second order."""

    def reference(input: Any) -> Any:
        return input**2, lambda d_output: {"input": 2 * input * d_output}

    spec = Spec("square", reference, Square.apply, {"input": Real("*shape")})
    assert examine(spec, EXAMPLES).passed
    found = examine(spec, EXAMPLES, judge=second.check)
    assert found.verdict is Kind.AUTOGRAD
    assert found.argument == "input"
    assert found.message.startswith("square, second derivative: d_input")
    assert "every entry is half the right value" in found.message


def test_second_derivative_that_torch_lacks() -> None:
    """Is nothing to judge, with torch's own reason."""
    found = examine(registry.spec("ctc_loss"), 5, judge=second.check)
    assert found.cases == 0
    assert "not implemented" in found.nothing


@pytest.mark.skipif(not hasattr(F, "linear_cross_entropy"), reason="this torch has no linear_cross_entropy")
def test_chunked_linear_cross_entropy_loses_its_second_derivative() -> None:
    """A finding: torch says zero."""
    case = (
        'linear_cross_entropy/soft=false;reduction="mean";batch=[];rest=[];ignore_index=null;pieces=2;'
        "label_smoothing=0.0;I=1;C=2/plain.C.0"
    )
    result = CliRunner().invoke(main, ["replay", case, "--second"])
    assert result.exit_code == 1
    assert "every entry is zero" in result.output


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("name", SMOOTH)
def test_lower_precision_of_torch(name: str, dtype: str) -> None:
    """Is within what rounding explains."""
    found = examine(registry.spec(name), EXAMPLES, judge=Backend(dtype).check)
    assert found.nothing or found.passed, found.message


@pytest.mark.parametrize(("dtype", "off"), [("float32", 1e-4), ("bfloat16", 0.3), ("float16", 0.05)])
def test_low_precision_mistake(dtype: str, off: float) -> None:
    """An error that float64 does not show, well above the rounding of the dtype, is torch's."""

    def wrong(input: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        scale = 1.0 if input.dtype == torch.float64 else 1.0 + off
        return F.linear(input, scale * weight - (scale - 1) * weight.detach(), bias)

    spec = own("linear", wrong)
    assert examine(spec, EXAMPLES).passed
    found = examine(spec, EXAMPLES, judge=Backend(dtype).check)
    assert found.verdict is Kind.AUTOGRAD
    assert found.argument == "weight"
    assert f"in {dtype} on cpu" in found.message


def test_rounding_of_bfloat16_is_a_mistake_in_float32() -> None:
    """The bound is that of the precision asked for: TF32 and half precision do not pass for float32."""

    def coarse(input: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        if input.dtype == torch.float32:
            input, weight = input.bfloat16().float(), weight.bfloat16().float()
        return F.linear(input, weight, bias)

    found = examine(own("linear", coarse), EXAMPLES, judge=Backend("float32").check)
    assert found.verdict in (Kind.AUTOGRAD, Kind.FORWARD)


def test_tf32_is_explained_where_it_is_asked_for() -> None:
    """Inputs of products rounded to eleven bits: too much for float32, right for TF32."""

    def products_in_tf32(input: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        if input.dtype == torch.float32 and weight.ndim == 2 and input.ndim == 2:
            input, weight = (x + (x * (1 + 2.0**-12) - x).detach() for x in (input, weight))
        return F.linear(input, weight, bias)

    spec = own("linear", products_in_tf32)
    assert not examine(spec, EXAMPLES, judge=Backend("float32").check).passed
    assert examine(spec, EXAMPLES, judge=Backend("float32", tf32=True).check).passed


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize(
    ("dtype", "tf32"), [("float64", False), ("float32", False), ("float32", True), ("bfloat16", False)]
)
def test_cuda(name: str, dtype: str, tf32: bool) -> None:
    """CUDA's kernels against the float64 references."""
    found = examine(registry.spec(name), EXAMPLES, judge=Backend(dtype, "cuda", tf32).check)
    assert found.nothing or found.passed, found.message


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--tf32"], "--tf32 is given with float64 on cpu, but should be with --dtype float32 --device cuda."),
        (["--second", "--dtype", "float32"], "--second is given with --dtype or --device, but should be alone"),
        (["--dtype", "float8"], "'float8' is not one of"),
    ],
)
def test_options_that_do_not_fit(options: list[str], words: str) -> None:
    """One line, status 2."""
    result = CliRunner().invoke(main, ["verify", "linear", *options])
    assert result.exit_code == 2
    assert words in result.output


def test_cuda_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, status 2."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert missing("cuda").startswith("device is cuda, but should be cpu")
    result = CliRunner().invoke(main, ["verify", "linear", "--device", "cuda"])
    assert result.exit_code == 2
    assert "device is cuda, but should be cpu" in result.output
