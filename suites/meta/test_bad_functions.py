"""Functions that behave badly are told so in words to act on; right ones that complex numbers break still agree."""

import itertools
import math
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from scipy import special

from harness import Kind, Real, registry, verify
from harness.check import check
from harness.draw import drawn
from harness.search import examine
from harness.spec import Spec

Function = Callable[..., Any]
VECTOR = {"x": Real("N")}
MATRIX = {"x": Real("N D")}
ANY = {"x": Real("*shape")}
TWO = {"a": Real("N"), "b": Real("N")}


# Random.


def random_forward() -> Function:
    rng = np.random.default_rng(0)
    return lambda x: (x + rng.random(x.shape), lambda d: {"x": 1 * d})


def random_mask() -> Function:
    rng = np.random.default_rng(0)

    def dropout(x: Any) -> Any:
        kept = rng.random(x.shape) < 0.5
        return np.where(kept, 2 * x, 0), lambda d: {"x": np.where(kept, 2 * d, 0)}

    return dropout


def random_backward() -> Function:
    rng = np.random.default_rng(0)
    return lambda x: (x * x, lambda d: {"x": 2 * x * d * rng.random(x.shape)})


def random_by_a_little() -> Function:
    rng = np.random.default_rng(0)
    return lambda x: (x * x, lambda d: {"x": 2 * x * d * (1 + 1e-7 * rng.random())})


def random_from_the_global_state() -> Function:
    return lambda x: (x + np.random.random(x.shape), lambda d: {"x": 1 * d})  # noqa: NPY002


# Writing where one should not.


def sorts_its_argument() -> Function:
    def sort(x: Any) -> Any:
        x.sort()
        return x + 0, lambda d: {"x": 1 * d}

    return sort


def writes_to_a_locked_argument() -> Function:
    def double(x: Any) -> Any:
        if x.flags.owndata:
            x.flags.writeable = True
            x *= 2
            return x + 0, lambda d: {"x": 2 * d}
        return 2 * x, lambda d: {"x": 2 * d}

    return double


def writes_to_its_option() -> Function:
    def double(x: Any, sizes: list[int]) -> Any:
        sizes.append(1)
        return 2 * x, lambda d: {"x": 2 * d}

    return double


def scales_the_cotangent() -> Function:
    def square(x: Any) -> Any:
        def pullback(d: Any) -> Any:
            d *= 2
            return {"x": x * d}

        return x * x, pullback

    return square


def writes_to_a_locked_cotangent() -> Function:
    def square(x: Any) -> Any:
        def pullback(d: Any) -> Any:
            grad = 2 * x * d
            d.flags.writeable = True
            d[...] = 0
            return {"x": grad}

        return x * x, pullback

    return square


def writes_to_what_it_saved() -> Function:
    def square(x: Any) -> Any:
        saved = 2 * x

        def pullback(d: Any) -> Any:
            nonlocal saved
            saved *= d
            return {"x": saved + 0}

        return x * x, pullback

    return square


def writes_to_its_output() -> Function:
    def square(x: Any) -> Any:
        output = x * x

        def pullback(d: Any) -> Any:
            output[...] = 0
            return {"x": 2 * x * d}

        return output, pullback

    return square


# Remembering.


def accumulates() -> Function:
    def square(x: Any) -> Any:
        total = np.zeros(x.shape, x.dtype)

        def pullback(d: Any) -> Any:
            nonlocal total
            total = total + 2 * x * d
            return {"x": total + 0}

        return x * x, pullback

    return square


def accumulates_over_calls() -> Function:
    total: dict[Any, Any] = {}

    def square(x: Any) -> Any:
        def pullback(d: Any) -> Any:
            total[x.shape] = total.get(x.shape, 0) + 2 * x * d
            return {"x": total[x.shape] + 0}

        return x * x, pullback

    return square


def caches_the_slope_by_shape() -> Function:
    slopes: dict[Any, Any] = {}

    def sine(x: Any) -> Any:
        slope = slopes.setdefault((x.shape, x.dtype), np.cos(x))
        return np.sin(x), lambda d: {"x": slope * d}

    return sine


def caches_the_slope_by_id() -> Function:
    slopes: dict[Any, Any] = {}

    def sine(x: Any) -> Any:
        slope = slopes.setdefault((id(x), x.dtype), np.cos(x))
        return np.sin(x), lambda d: {"x": slope * d}

    return sine


def caches_the_output_by_shape() -> Function:
    known: dict[Any, Any] = {}

    def sine(x: Any) -> Any:
        output, slope = known.setdefault((x.shape, x.dtype), (np.sin(x), np.cos(x)))
        return output + 0, lambda d: {"x": slope * d}

    return sine


def caches_a_mask_of_the_first_size() -> Function:
    masks: list[Any] = []

    def causal(x: Any) -> Any:
        masks.append(np.tril(np.ones((x.shape[-1], x.shape[-1]))))
        return x @ masks[0].astype(x.dtype), lambda d: {"x": d @ masks[0].T.astype(d.dtype)}

    return causal


def keeps_what_it_saved_for_all_calls() -> Function:
    saved: list[Any] = []

    def square(x: Any) -> Any:
        saved.append(x)
        return x * x, lambda d: {"x": 2 * saved.pop() * d}

    return square


def one_buffer_for_all_outputs() -> Function:
    buffers: dict[Any, Any] = {}

    def square(x: Any) -> Any:
        output = buffers.setdefault((x.shape, x.dtype), np.empty_like(x))
        return np.multiply(x, x, out=output), lambda d: {"x": 2 * x * d}

    return square


def one_buffer_for_all_gradients() -> Function:
    def square(x: Any) -> Any:
        grad = np.empty_like(x)
        return x * x, lambda d: {"x": np.multiply(2 * x, d, out=grad)}

    return square


def can_be_called_once() -> Function:
    def square(x: Any) -> Any:
        saved = [x]
        return x * x, lambda d: {"x": 2 * saved.pop() * d}

    return square


# Sharing memory.


def gradient_is_a_view_of_the_cotangent() -> Function:
    return lambda x: (1 * x.reshape(-1), lambda d: {"x": d.reshape(x.shape)})


def one_array_for_two_gradients() -> Function:
    def add(a: Any, b: Any) -> Any:
        def pullback(d: Any) -> Any:
            grad = 1 * d
            return {"a": grad, "b": grad}

        return a + b, pullback

    return add


def two_views_of_one_array() -> Function:
    def add(a: Any, b: Any) -> Any:
        def pullback(d: Any) -> Any:
            grads = np.stack([d, d])
            return {"a": grads[0], "b": grads[0]}

        return a + b, pullback

    return add


def two_readings_of_one_buffer() -> Function:
    def add(a: Any, b: Any) -> Any:
        def pullback(d: Any) -> Any:
            buffer = bytearray(d.tobytes())
            return {name: np.frombuffer(buffer, d.dtype).reshape(d.shape) for name in "ab"}

        return a + b, pullback

    return add


# Raising.


def needs_an_even_size() -> Function:
    def halves(x: Any) -> Any:
        if x.size % 2:
            raise ValueError("size is odd")
        return 2 * x, lambda d: {"x": 2 * d}

    return halves


def loses_a_batch_of_one() -> Function:
    def project(x: Any) -> Any:
        matrix = np.ones((x.shape[1], 2), x.dtype)
        return x.squeeze() @ matrix, lambda d: {"x": d @ matrix.T}

    return project


def raises_in_the_pullback() -> Function:
    def double(x: Any) -> Any:
        def pullback(d: Any) -> Any:
            if x.ndim > 1:
                raise NotImplementedError("only vectors")
            return {"x": 2 * d}

        return 2 * x, pullback

    return double


def never_returns() -> Function:
    def double(x: Any) -> Any:
        return double(x)

    return double


# Returning something else.


def output_in_float32() -> Function:
    return lambda x: ((2 * x).astype(np.float32), lambda d: {"x": 2 * d})


def output_of_integers() -> Function:
    return lambda x: (np.sign(x.real).astype(int), lambda d: {"x": np.zeros_like(d)})


def output_of_booleans() -> Function:
    return lambda x: (x.real > 0, lambda d: {"x": np.zeros_like(d)})


def output_of_complex_numbers() -> Function:
    return lambda x: (2 * x + 0j, lambda d: {"x": 2 * d})


def output_of_integers_far_out() -> Function:
    def sign(x: Any) -> Any:
        output = np.sign(x)
        whole = (x * 2.0**11 % 1 != 0).any()  # all arguments lie on a lattice; a step away they do not
        return output.astype(int) if whole else output, lambda d: {"x": np.zeros_like(d)}

    return sign


def grows(least: int = 0) -> Function:
    calls = itertools.count()

    def sums(x: Any) -> Any:
        return np.full(least + next(calls), x.sum()), lambda d: {"x": np.full_like(x, d.sum())}

    return sums


def grows_from_large() -> Function:
    return grows(5000)


def an_output_more_with_each_call() -> Function:
    calls = itertools.count(1)
    return lambda x: ((2 * x,) * next(calls), lambda d: {"x": 2 * d})


def an_output_more_for_what_it_knows() -> Function:
    known = set()

    def double(x: Any) -> Any:
        outputs = (2 * x,) * (1 + (x.tobytes() in known))
        known.add(x.tobytes())
        return outputs, lambda d: {"x": 2 * d}

    return double


def an_output_more_in_float32() -> Function:
    return lambda x: ((2 * x,) * (1 + (x.dtype == np.float32)), lambda d: {"x": 2 * d})


def an_output_more_every_other_time() -> Function:
    calls = itertools.count()
    return lambda x: ((2 * x,) * (1 + next(calls) % 2), lambda d: {"x": 2 * d})


def keeps_the_positive(factor: float = 1.0) -> Function:
    def positive(x: Any) -> Any:
        def pullback(d: Any) -> Any:
            grad = np.zeros(x.shape, d.dtype)
            grad[x > 0] = factor * d
            return {"x": grad}

        return x[x > 0], pullback

    return positive


def mask_inverted() -> Function:
    return lambda x: ((2 * x, x.real < 0), lambda d: {"x": 2 * d})


def gradient_in_float64() -> Function:
    return lambda x: (2 * x, lambda d: {"x": np.asarray(2 * d, np.float64)})


def gradient_of_integers() -> Function:
    return lambda x: ((x > 0).astype(x.dtype), lambda d: {"x": np.zeros(d.shape, int)})


def gradient_of_rounded_integers() -> Function:
    return lambda x: (3 * x, lambda d: {"x": (3 * d).astype(int)})


def gradient_of_complex_numbers() -> Function:
    return lambda x: (2 * x, lambda d: {"x": 2 * d + 0j})


def gradient_of_objects() -> Function:
    return lambda x: (2 * x, lambda d: {"x": (2 * d).astype(object)})


def gradient_of_booleans() -> Function:
    return lambda x: (2 * x, lambda d: {"x": d > 0})


def gradient_is_none() -> Function:
    return lambda x: (2 * x, lambda _: {"x": None})


def gradient_is_a_list() -> Function:
    return lambda x: (2 * x, lambda d: {"x": (2 * d).tolist()})


def gradient_is_masked() -> Function:
    return lambda x: (2 * x, lambda d: {"x": np.ma.masked_array(2 * d)})


def gradient_without_a_name() -> Function:
    return lambda x: (2 * x, lambda d: 2 * d)


def two_gradients_for_one() -> Function:
    return lambda x: (2 * x, lambda d: (2 * d, 2 * d))


def one_gradient_for_two() -> Function:
    return lambda a, b: (a + b, lambda d: (1 * d,))


def output_is_a_list() -> Function:
    return lambda x: ((2 * x).tolist(), lambda d: {"x": 2 * d})


def output_is_masked() -> Function:
    return lambda x: (np.ma.masked_array(2 * x), lambda d: {"x": 2 * d})


def returns_none() -> Function:
    return lambda x: None


def returns_a_list() -> Function:
    return lambda x: [2 * x, lambda d: {"x": 2 * d}]


def nan_at_zero() -> Function:
    return lambda x: (np.sqrt(x * x), lambda d: {"x": d * x / np.sqrt(x * x)})


def nan_far_out() -> Function:
    return lambda x: (np.tanh(x), lambda d: {"x": d * (1 - (np.sinh(x) / np.cosh(x)) ** 2)})


@dataclass(frozen=True)
class Bad:
    """A function that behaves badly, what it should come to, and words that say what to do about it."""

    make: Callable[[], Function]
    kind: Kind
    words: str
    arguments: Mapping[str, Any]
    twin: Callable[..., Any] | None

    def param(self) -> Any:
        return pytest.param(self, id=self.make.__name__ + (" beside torch" if self.twin else ""))


def bad(
    make: Callable[[], Function],
    kind: Kind,
    words: str,
    arguments: Mapping[str, Any] = VECTOR,
    twin: Callable[..., Any] | None = None,
) -> Bad:
    return Bad(make, kind, words, arguments, twin)


def same(x: torch.Tensor) -> torch.Tensor:
    return x.clone()


def square(x: torch.Tensor) -> torch.Tensor:
    return x * x


def double(x: torch.Tensor) -> torch.Tensor:
    return 2 * x


AGAIN, SECOND, WRITES = "when the function is called again", "called a second time", "modified in place: work on a copy"
SHARED = "d_b shares memory with d_a: return a copy"
BAD = [
    bad(random_forward, Kind.IMPURE, AGAIN),
    bad(random_forward, Kind.IMPURE, AGAIN, twin=same),
    bad(random_mask, Kind.IMPURE, AGAIN),
    bad(random_mask, Kind.IMPURE, AGAIN, twin=same),
    bad(random_backward, Kind.IMPURE, AGAIN),
    bad(random_backward, Kind.IMPURE, AGAIN, twin=square),
    bad(random_by_a_little, Kind.IMPURE, SECOND),
    bad(random_from_the_global_state, Kind.IMPURE, AGAIN),
    bad(sorts_its_argument, Kind.IMPURE, WRITES),
    bad(writes_to_a_locked_argument, Kind.IMPURE, WRITES),
    bad(writes_to_a_locked_argument, Kind.IMPURE, WRITES, twin=double),
    bad(writes_to_its_option, Kind.IMPURE, "sizes is", {"x": Real("N"), "sizes": [2]}),
    bad(scales_the_cotangent, Kind.IMPURE, WRITES),
    bad(writes_to_a_locked_cotangent, Kind.IMPURE, WRITES),
    bad(writes_to_what_it_saved, Kind.IMPURE, SECOND),
    bad(writes_to_its_output, Kind.IMPURE, "modified"),
    bad(accumulates, Kind.IMPURE, SECOND),
    bad(accumulates_over_calls, Kind.IMPURE, AGAIN),
    bad(accumulates_over_calls, Kind.IMPURE, AGAIN, twin=square),
    bad(caches_the_slope_by_shape, Kind.HANDWRITTEN, "d_x"),
    bad(caches_the_slope_by_shape, Kind.HANDWRITTEN, "d_x", twin=lambda x: x.sin()),
    bad(caches_the_slope_by_id, Kind.HANDWRITTEN, "d_x", {"x": Real("3")}),
    bad(caches_the_output_by_shape, Kind.HANDWRITTEN, "d_x"),
    bad(caches_the_output_by_shape, Kind.FORWARD, "output", twin=lambda x: x.sin()),
    bad(caches_a_mask_of_the_first_size, Kind.ERROR, "masks[0]", MATRIX),
    bad(keeps_what_it_saved_for_all_calls, Kind.IMPURE, SECOND),
    bad(one_buffer_for_all_outputs, Kind.IMPURE, "is overwritten when the function"),
    bad(one_buffer_for_all_outputs, Kind.IMPURE, "is overwritten when the function", twin=square),
    bad(one_buffer_for_all_gradients, Kind.IMPURE, "is overwritten when the pullback"),
    bad(can_be_called_once, Kind.ERROR, "saved.pop()"),
    bad(gradient_is_a_view_of_the_cotangent, Kind.IMPURE, "d_x shares memory with the cotangent: return a copy", ANY),
    bad(one_array_for_two_gradients, Kind.IMPURE, SHARED, TWO),
    bad(two_views_of_one_array, Kind.IMPURE, SHARED, TWO),
    bad(two_readings_of_one_buffer, Kind.IMPURE, SHARED, TWO),
    bad(needs_an_even_size, Kind.ERROR, "ValueError: size is odd"),
    bad(loses_a_batch_of_one, Kind.ERROR, "x.squeeze() @ matrix", MATRIX),
    bad(raises_in_the_pullback, Kind.ERROR, 'raise NotImplementedError("only vectors")', ANY),
    bad(never_returns, Kind.ERROR, "RecursionError"),
    *[
        bad(make, Kind.IMPURE, f"an output is {dtype}, but should be float64, as the arguments", VECTOR, twin=twin)
        for make, dtype in (
            (output_in_float32, "float32"),
            (output_of_integers, "int64"),
            (output_of_booleans, "bool"),
            (output_of_complex_numbers, "complex128"),
            (output_of_integers_far_out, "int64"),
        )
        for twin in (None, double if make in (output_in_float32, output_of_complex_numbers) else torch.sign)
    ],
    bad(grows, Kind.IMPURE, "when the function is called again with the same arguments"),
    bad(grows, Kind.FORWARD, "the output's shape is", twin=torch.sum),
    bad(grows_from_large, Kind.IMPURE, "when the function is called again with the same arguments"),
    bad(an_output_more_with_each_call, Kind.IMPURE, "the number of outputs was"),
    bad(an_output_more_with_each_call, Kind.IMPURE, "the number of outputs was", twin=double),
    bad(an_output_more_for_what_it_knows, Kind.IMPURE, "the number of outputs was 1, but is 2", {"x": Real("9")}),
    bad(an_output_more_in_float32, Kind.INCONCLUSIVE, "the number of outputs is 1 here and 2 beside it"),
    bad(an_output_more_every_other_time, Kind.INCONCLUSIVE, "the number of outputs is 1 here and 2 beside it"),
    bad(mask_inverted, Kind.FORWARD, "output 1[0] is 0, but should be 1", VECTOR, twin=lambda x: (2 * x, x > 0)),
    bad(gradient_in_float64, Kind.IMPURE, "d_x is float64, but should be float32"),
    bad(gradient_of_integers, Kind.IMPURE, "d_x is int64, but should be float32"),
    bad(gradient_of_rounded_integers, Kind.HANDWRITTEN, "d_x"),
    bad(gradient_of_complex_numbers, Kind.IMPURE, "d_x is complex"),
    bad(gradient_of_complex_numbers, Kind.IMPURE, "d_x is complex", twin=double),
    bad(gradient_of_objects, Kind.ERROR, "d_x is an array of dtype object", VECTOR),
    bad(gradient_of_booleans, Kind.ERROR, "d_x is an array of dtype bool"),
    bad(gradient_is_none, Kind.ERROR, "d_x is None, but should be an array of float64"),
    bad(gradient_is_a_list, Kind.ERROR, "d_x is of type list"),
    bad(gradient_is_masked, Kind.ERROR, "d_x is a MaskedArray"),
    bad(gradient_without_a_name, Kind.ERROR, "but should return {argument: gradient}"),
    bad(two_gradients_for_one, Kind.ERROR, "returns 2 gradients, but should return 1"),
    bad(one_gradient_for_two, Kind.ERROR, "the pullback returns 1 gradients, but should return 2", TWO),
    bad(output_is_a_list, Kind.ERROR, "output 0 is of type list"),
    bad(output_is_masked, Kind.ERROR, "output 0 is a MaskedArray"),
    bad(returns_none, Kind.ERROR, "the result is None, but should be (output, pullback)"),
    bad(returns_a_list, Kind.ERROR, "the result is of type list, but should be (output, pullback)"),
    bad(nan_at_zero, Kind.HANDWRITTEN, "d_x[0] is nan, but should be 0"),
    bad(nan_at_zero, Kind.HANDWRITTEN, "d_x[0] is nan, but should be 0", twin=lambda x: x.abs()),
    bad(nan_far_out, Kind.HANDWRITTEN, "d_x[0] is nan, but should be 0"),
]


@pytest.mark.parametrize("case", [case.param() for case in BAD])
def test_verdict_and_words(case: Bad) -> None:
    """Each has its own verdict, and the message names what is wrong."""
    result = verify(case.make(), arguments=case.arguments, twin=case.twin, examples=25)
    assert result.verdict is case.kind, result.message
    assert case.words in result.message
    assert "Traceback" not in result.message


# Odd, but right.


def prints() -> Function:
    def square(x: Any) -> Any:
        print("x" * 100)  # noqa: T201
        return x * x, lambda d: {"x": 2 * x * d}

    return square


def warns() -> Function:
    def square(x: Any) -> Any:
        warnings.warn("slow", stacklevel=1)
        return x * x, lambda d: {"x": 2 * x * d}

    return square


def seeds_the_global_state() -> Function:
    def square(x: Any) -> Any:
        np.random.seed(0)  # noqa: NPY002
        return x * x, lambda d: {"x": 2 * x * d}

    return square


def output_is_its_argument() -> Function:
    return lambda x: (x, lambda d: {"x": 1 * d})


def output_is_a_view_of_its_argument() -> Function:
    return lambda x: (x.T, lambda d: {"x": d.T.copy()})


def sums_in_a_loop(start: float = 0) -> Function:
    def total(x: Any) -> Any:
        loss: Any = start
        for one in x.ravel():
            loss = loss + one * one
        return loss, lambda d: {"x": 2 * d * x}

    return total


def sums_in_a_loop_from_a_float() -> Function:
    return sums_in_a_loop(0.0)


def returns_a_mask_as_well() -> Function:
    return lambda x: ((2 * x, x.real > 0), lambda d: {"x": 2 * d})


@pytest.mark.filterwarnings("ignore:slow")
@pytest.mark.parametrize(
    "make",
    [
        prints,
        warns,
        seeds_the_global_state,
        output_is_its_argument,
        output_is_a_view_of_its_argument,
        sums_in_a_loop,
        sums_in_a_loop_from_a_float,
        returns_a_mask_as_well,
    ],
    ids=lambda make: make.__name__,
)
def test_odd_but_right(make: Callable[[], Function]) -> None:
    """What does no harm is let be."""
    assert verify(make(), arguments=ANY, examples=20).verdict is Kind.AGREE


@pytest.mark.parametrize("twin", [None, lambda x: x[x > 0]], ids=["alone", "beside torch"])
def test_a_shape_that_follows_the_values(twin: Callable[..., Any] | None) -> None:
    """It is judged wherever the shape stays, and where it does not, nothing is claimed."""
    cases = drawn(Spec("positive", keeps_the_positive(), twin, VECTOR), 100)
    found = Counter(check(case).kind for case in cases)
    assert set(found) == {Kind.AGREE, Kind.INCONCLUSIVE}
    assert found[Kind.AGREE] > 80
    assert verify(keeps_the_positive(1.001), arguments=VECTOR, twin=twin).verdict is Kind.HANDWRITTEN


def test_warning_as_error() -> None:
    """Where warnings are errors, as in these suites, the warning is the message."""
    result = verify(warns(), arguments=ANY, examples=20)
    assert result.verdict is Kind.ERROR
    assert "UserWarning: slow" in result.message
    assert "warnings.warn(" in result.message


def raising_errstate(scale: float) -> Function:
    def power(x: Any) -> Any:
        _ = np.seterr(all="raise")
        return x**9 * scale, lambda d: {"x": 9 * x**8 * scale * d}

    return power


@pytest.mark.parametrize(
    "scale",
    [1.0, 1e-300],
)
def test_errstate(scale: float) -> None:
    """It is that of the function alone: neither the judge nor the caller is hit."""
    before = np.geterr()
    result = verify(raising_errstate(scale), arguments=VECTOR, examples=60)
    assert np.geterr() == before
    assert result.verdict in (Kind.AGREE, Kind.ERROR)


COARSE = pytest.mark.xfail(strict=True, reason="flat over every step but the widest: the noise is not seen")


@pytest.mark.parametrize("inside", ["float32", pytest.param("float16", marks=COARSE)])
def test_lower_precision_inside(inside: str) -> None:
    """Whatever the dtype, the work is done in a lower one: too coarse to confirm, but the gradient is right."""

    def square(x: Any) -> Any:
        low = x.astype(inside)
        return (low * low).astype(x.dtype), lambda d: {"x": 2 * x * d}

    result = verify(square, arguments=VECTOR, examples=60)
    assert result.verdict in (Kind.INCONCLUSIVE, Kind.IMPURE), result.message


# Right, but not for complex numbers.


@dataclass(frozen=True)
class Unsafe:
    """A function, its slope for a cotangent, and the same in torch."""

    name: str
    function: Callable[[Any], Any]
    slope: Callable[[Any, Any], Any]
    twin: Callable[[torch.Tensor], torch.Tensor]
    arguments: Mapping[str, Any]

    def spec(self, factor: float, twin: bool) -> Spec:
        """With a gradient that is `factor` times what it should be."""

        def reference(x: Any) -> Any:
            return self.function(x), lambda d: {"x": np.asarray(self.slope(x, d) * factor, d.dtype)}

        def same(x: torch.Tensor) -> torch.Tensor:
            return self.twin(x)

        return Spec("unsafe", reference, same if twin else None, self.arguments)


def unsafe(
    name: str,
    function: Callable[[Any], Any],
    slope: Callable[[Any, Any], Any],
    twin: Callable[[torch.Tensor], torch.Tensor],
    argument: Real = VECTOR["x"],
) -> Unsafe:
    return Unsafe(name, function, slope, twin, {"x": argument})


def filled(x: Any) -> Any:
    """x³ in a buffer that takes real numbers alone."""
    buffer = np.zeros(x.shape, x.real.dtype)
    buffer[...] = x**3
    return buffer


def one_by_one(x: Any) -> Any:
    """Numbers of Python's own."""
    return np.array([math.atan(one) for one in x], x.dtype)


def ranks(x: Any) -> Any:
    """1, 2, 3, … by size."""
    return 1 + np.argsort(np.argsort(x, kind="stable"), kind="stable")


def ladder(x: torch.Tensor) -> torch.Tensor:
    """1, 2, 3, …"""
    return torch.arange(1, len(x) + 1, dtype=x.dtype)


MANY = Real("4")
UNSAFE = [
    unsafe("cast to float", lambda x: (x * x).astype(x.real.dtype), lambda x, d: 2 * x * d, lambda x: x * x),
    unsafe("float64 buffer", filled, lambda x, d: 3 * x * x * d, lambda x: x**3),
    unsafe(".real", lambda x: x.real**2, lambda x, d: 2 * x * d, lambda x: x * x),
    unsafe("abs", lambda x: np.abs(x) ** 3, lambda x, d: 3 * x * np.abs(x) * d, lambda x: x.abs() ** 3),
    unsafe(
        "linalg.norm",
        lambda x: np.linalg.norm(x) ** 3,
        lambda x, d: 3 * np.linalg.norm(x) * x * d,
        lambda x: torch.linalg.vector_norm(x) ** 3,
        MANY,
    ),
    unsafe("var", np.var, lambda x, d: 2 * (x - x.mean()) / len(x) * d, lambda x: x.var(correction=0), MANY),
    unsafe(
        "std",
        lambda x: np.std(x) * x,
        lambda x, d: np.std(x) * d + (d * x).sum() * (x - x.mean()) / len(x) / np.where(x.std() == 0, 1, x.std()),
        lambda x: x.std(correction=0) * x,
        MANY,
    ),
    unsafe("sign", lambda x: np.sign(x) * x * x, lambda x, d: 2 * np.abs(x) * d, lambda x: x.sign() * x * x),
    unsafe(
        "vdot",
        lambda x: np.vdot(x, x) * x.sum(),
        lambda x, d: (2 * x * x.sum() + x @ x) * d,
        lambda x: (x @ x) * x.sum(),
    ),
    unsafe(
        "where",
        lambda x: np.where(x > 0.3, x * x, 0.3 * x).astype(x.dtype),
        lambda x, d: np.where(x > 0.3, 2 * x, 0.3) * d,
        lambda x: torch.where(x > 0.3, x * x, 0.3 * x),
    ),
    unsafe(
        "maximum", lambda x: np.maximum(x, -x) * x, lambda x, d: 2 * np.abs(x) * d, lambda x: torch.maximum(x, -x) * x
    ),
    unsafe("gammaln", special.gammaln, lambda x, d: special.digamma(x) * d, torch.lgamma, Real("N", 0.5, 8)),
    unsafe(
        "i0e",
        special.i0e,
        lambda x, d: (special.i1e(x) - np.sign(x) * special.i0e(x)) * d,
        torch.special.i0e,
        Real("N", -8, 8),
    ),
    unsafe(
        "whole part",
        lambda x: (x - np.floor(x + 0.3).astype(int).astype(x.real.dtype)) ** 2,
        lambda x, d: 2 * (x - np.floor(x + 0.3)) * d,
        lambda x: (x - (x + 0.3).floor()) ** 2,
        Real("N", -8, 8),
    ),
    unsafe(
        "squared hinge",
        lambda x: np.maximum(x.real, 0) ** 2,
        lambda x, d: 2 * np.maximum(x, 0) * d,
        lambda x: x.relu() ** 2,
    ),
    unsafe("math", one_by_one, lambda x, d: d / (1 + x * x), torch.atan),
    unsafe(
        "clip",
        lambda x: np.clip(x, -0.3, 0.7) * x,
        lambda x, d: (np.clip(x, -0.3, 0.7) + x * ((x > -0.3) & (x < 0.7))) * d,
        lambda x: x.clip(-0.3, 0.7) * x,
    ),
    unsafe(
        "sort",
        lambda x: (np.sort(x.real) ** 2 * np.arange(1, 5, dtype=x.real.dtype)).sum(),
        lambda x, d: 2 * x * ranks(x) * d,
        lambda x: (x.sort(stable=True).values ** 2 * ladder(x)).sum(),
        MANY,
    ),
]


ASKED = pytest.mark.parametrize(
    ("case", "twin"),
    [pytest.param(one, twin, id=one.name + " beside torch" * twin) for twin in (False, True) for one in UNSAFE],
)


class TestUnsafeForComplex:
    """A complex step that is wrong, or impossible, misleads nobody."""

    @ASKED
    def test_right(self, case: Unsafe, twin: bool) -> None:
        """The next rung is used."""
        result = examine(case.spec(1.0, twin), examples=20)
        assert result.verdict is Kind.AGREE, result.message

    @ASKED
    def test_wrong(self, case: Unsafe, twin: bool) -> None:
        """By a part in 10⁵."""
        found = (check(one).kind for one in drawn(case.spec(1 + 1e-5, twin), examples=12))
        assert next(kind for kind in found if kind.mistaken) is Kind.HANDWRITTEN


def test_none_for_an_argument_that_is_left_out() -> None:
    """A tuple has a place for each argument, also for a bias that is not there in this case."""

    def linear(input: Any, weight: Any, bias: Any = None) -> Any:
        def pullback(d: Any) -> Any:
            rows, d_rows = input.reshape(-1, input.shape[-1]), d.reshape(-1, *weight.shape[:-1])
            d_input = (d_rows @ weight if weight.ndim == 2 else np.outer(d_rows, weight)).reshape(input.shape)
            return d_input, d_rows.T @ rows, None if bias is None else d_rows.sum(0)

        output = input @ weight.T
        return (output if bias is None else output + bias), pullback

    cases = drawn(registry.spec("linear").of(linear), 30)
    assert {case.arguments["bias"] is None for case in cases} == {True, False}
    assert {check(case).kind for case in cases} == {Kind.AGREE}
