"""What the judge says in the situations that it was made for."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from harness import Kind, Real, registry, tolerance, verifies, verify
from harness.check import check
from harness.court import Court
from harness.doubt import NEIGHBOURS
from harness.draw import drawn
from harness.inputs import Case, CaseError, case_of
from harness.ruling import judge
from harness.search import Check
from harness.sources import differences, handwritten
from harness.sources.differences import Ray
from harness.sources.handwritten import Answer
from harness.spec import Filled, Spec

X = {"x": Real("*shape")}
XW = {"x": Real("N D"), "w": Real("D M")}
SLOPE = 1 + 1 + 4  # calls of the forward for one slope elsewhere: there itself, a complex step, a difference


def judged(function: Callable[..., Any], arguments: dict[str, Any] | None = None, **options: Any) -> Check:
    """Sixty cases, or as many as are asked for."""
    return verify(function, arguments=arguments or X, **{"examples": 60, **options})


def product(x: Any, w: Any) -> Any:
    """A right function of two arguments."""
    return x @ w, lambda d: {"x": d @ w.T, "w": x.T @ d}


def _answered(function: Any) -> tuple[Case, Answer, None, tuple[Any, ...]]:
    """One ordinary case, and what the function says there; it has no twin."""
    case = case_of("f/shape=[3,4]/ordinary.C.1", Spec("f", function, None, X))
    hand, cotangents, _ = handwritten.run(case)
    return case, hand, None, cotangents


class TestSources:
    """Which source decides, and how sharply."""

    def test_complex_step_is_used_where_it_can_be(self) -> None:
        """The sharpest rung for a plain function."""
        assert judged(product, XW).source_used == "complex step"

    @pytest.mark.parametrize(
        "unsafe",
        [
            lambda x: (np.abs(x) * x, lambda d: {"x": 2 * np.abs(x) * d}),
            lambda x: (np.asarray(x * x, dtype=x.real.dtype), lambda d: {"x": 2 * x * d}),
            lambda x: (np.hypot(x, 1), lambda d: {"x": d * x / np.hypot(x, 1)}),
            lambda x: (np.linalg.norm(x) ** 2, lambda d: {"x": 2 * x * d}),
        ],
        ids=["abs", "cast to float", "raises for complex", "norm"],
    )
    def test_complex_unsafe_right_functions_agree(self, unsafe: Any) -> None:
        """A complex step that is silently wrong is noticed, and the next rung is used."""
        result = judged(unsafe)
        assert result.verdict is Kind.AGREE, result.message
        assert result.inconclusive == 0

    @pytest.mark.parametrize("by", [1e-6, 1e-9])
    def test_one_entry_off_is_seen_without_a_twin(self, by: float) -> None:
        """The differences alone see a single entry off by a part in 10⁹."""

        def off(x: Any, w: Any) -> Any:
            def pullback(d: Any) -> Any:
                d_w = x.T @ d
                d_w.flat[abs(d_w).argmax()] *= 1 + by
                return {"x": d @ w.T, "w": d_w}

            return x @ w, pullback

        result = judged(off, XW)
        assert (result.verdict, result.argument) == (Kind.HANDWRITTEN, "w")

    @pytest.mark.parametrize(
        ("by", "due"),
        [
            (1, SLOPE + 1 + 2 * (SLOPE + 1)),  # here, and here again; at two points close by, with the gradient there
            (1e-12, SLOPE + 1 + (1 + tolerance.JITTERS) * (SLOPE + 1) + SLOPE + NEIGHBOURS * (SLOPE + 1 + 2)),
        ],
    )
    def test_what_is_wrong_is_seen_in_few_calls(self, by: float, due: float) -> None:
        """21 of the forward where it is far off and as far close by; some 330 where it may be rounding, or a kink."""
        calls = 0

        def off(x: Any) -> Any:
            nonlocal calls
            calls += 1
            return np.tanh(x), lambda d: {"x": (1 + by) * d * (1 - np.tanh(x) ** 2)}

        verdict = judge(Court(*_answered(off)))
        assert verdict.kind is Kind.HANDWRITTEN
        assert calls == due

    def test_noise_is_inconclusive_and_no_pass(self) -> None:
        """A forward in single precision cannot confirm a gradient to a part in 10⁶."""

        def rounded(x: Any) -> Any:
            return np.asarray(np.sin(x).astype(np.float32), dtype=np.float64), lambda d: {"x": np.cos(x) * d}

        result = judged(rounded, {"x": Real("4 4")})
        assert not result.passed
        assert result.verdict in (Kind.INCONCLUSIVE, Kind.IMPURE)

    def test_steep_functions_are_followed(self) -> None:
        """The step goes down until the function is smooth within it."""
        result = judged(lambda x: (np.tanh(1e6 * x), lambda d: {"x": 1e6 * (1 - np.tanh(1e6 * x) ** 2) * d}))
        assert result.passed, result.message

    def test_a_function_may_keep_an_array_for_its_outputs(self) -> None:
        """What it said a step ahead is not what it says a step behind, though both lie at one place."""
        kept = np.empty(3)

        def square(arguments: Any) -> Any:
            return (np.multiply(arguments["x"], arguments["x"], out=kept),)

        x, ones = np.array([0.5, 1.0, 2.0]), np.ones(3)
        slope = differences.slope(Ray(square, {"x": x}, {"x": ones}, [ones], [x * x]))
        assert slope.source == "central"
        assert slope.excess(2 * float(x.sum())) <= 1


class TestComparison:
    """The largest error in units of its bound, found by sums of squares where they suffice."""

    @pytest.mark.parametrize("scale", [0.0, 1e-310, 1e-200, 1e-154, 1.0, 1e154, 1e200, 1e300])
    @pytest.mark.parametrize("by", [0.0, 2.0**-52, 2.0**-49, 2.0**-47, 2.0**-45, 2.0**-35, 1e-9, 1.0, np.inf, np.nan])
    @pytest.mark.parametrize("shape", [(), (0,), (7,), (40, 5)])
    @pytest.mark.parametrize("everywhere", [False, True])
    def test_is_exact_from_a_half_on_and_else_no_less_than_the_error(
        self, scale: float, by: float, shape: tuple[int, ...], everywhere: bool
    ) -> None:
        """For arrays of every size, with errors of every size in one entry or in all."""
        dice = np.random.default_rng(0)
        want = np.array(scale * dice.choice([1, -1e-3, 1e-9], shape) * (dice.random(shape) + 0.5), order="F")
        off = np.ones(shape)
        if not everywhere:
            off.flat[1:] = 0
        with np.errstate(all="ignore"):  # as in `check`
            got = np.where(off != 0, want + abs(want).max(initial=0.0) * by, want)
            exact = float(tolerance.excess(got, want).max(initial=0.0))
            found = tolerance.worst(got, want)
        if found > 0.5:
            assert found == pytest.approx(exact, rel=1e-12)
        else:
            assert exact <= found * (1 + 1e-12)

    def test_whole_numbers_and_both_zeros(self) -> None:
        """Places are compared as well; 0 and -0 are the same."""
        assert tolerance.worst(np.array([3, 4]), np.array([3, 4])) == 0
        assert tolerance.worst(np.array([3, 4]), np.array([3, 5])) > 1
        assert tolerance.worst(np.array([2**33, 1]), np.array([1, 1])) > 1
        assert tolerance.worst(np.array([0.0, -0.0]), np.array([-0.0, 0.0])) == 0


class TestRounding:
    """What rounding leaves of a gradient may be larger than any size that shows from outside; a mistake stays."""

    CASE = case_of("f/shape=[3,4]/ordinary.C.1", Spec("f", lambda x: (x * x, lambda d: {"x": 2 * x * d}), None, X))

    WRONG = Kind.AUTOGRAD, Kind.HANDWRITTEN, Kind.HANDWRITTEN

    @staticmethod
    def last_bits(x: Any) -> Any:
        """Other numbers a few ulps away, as rounding has it."""
        return 1e-3 * (np.ascontiguousarray(x).view(np.int64) % 16 - 7.5)

    def judged(self, leftover: Callable[..., Any]) -> tuple[Kind, ...]:
        """The verdict where torch's gradient has the leftover, where the hand-written one has it, and without torch."""

        def left(x: Any) -> Any:
            return x * x, lambda d: {"x": (2 * x + leftover(x)) * d}

        def left_by_torch(x: torch.Tensor) -> torch.Tensor:
            return x * x + (x - x.detach()) * torch.as_tensor(leftover(x.detach().numpy()))

        sides = (self.CASE.spec.reference, left_by_torch), (left, lambda x: x * x), (left, None)
        cases = [replace(self.CASE, spec=replace(self.CASE.spec, reference=ours, twin=twin)) for ours, twin in sides]
        return tuple(check(case).kind for case in cases)

    def test_is_nobodys_mistake(self) -> None:
        """torch's is passed over; of a hand-written one the differences cannot tell."""
        assert self.judged(self.last_bits) == (Kind.AGREE, Kind.INCONCLUSIVE, Kind.INCONCLUSIVE)

    def test_what_stays_is_wrong(self) -> None:
        """An error of the same size that is the same everywhere, and one that outweighs the rounding beside it."""
        for mistake in (lambda _: 1e-3, lambda x: 0.2 + self.last_bits(x)):
            assert self.judged(mistake) == self.WRONG

    def test_what_is_gone_elsewhere_is_wrong(self) -> None:
        """As at a tie: there is nothing to either side but rounding of the usual size."""
        here = self.CASE.arguments["x"]
        for mistake in (lambda x: 1e-3 * (x == here), lambda x: np.where(x == here, 1e-3, 1e-12 * self.last_bits(x))):
            assert self.judged(mistake) == self.WRONG

    def test_one_entry_that_stays_among_others_is_wrong(self) -> None:
        """The other entries' rounding does not excuse it."""
        first = np.eye(1, 12).reshape(3, 4)
        assert self.judged(lambda x: np.where(first, 0.01, self.last_bits(x)))[:2] == self.WRONG[:2]

    def test_what_is_drawn_anew_is_wrong(self) -> None:
        """It changes its sign as well, but at the same place."""
        dice = np.random.default_rng(0)
        assert self.judged(lambda x: dice.random(x.shape) - 0.5) == (Kind.AUTOGRAD, Kind.IMPURE, Kind.IMPURE)


class TestKinks:
    """relu at 0, |x| at 0: between the one-sided slopes is accepted and counted, outside is wrong."""

    @pytest.mark.parametrize("slope_at_zero", [0.0, 0.3, 1.0])
    def test_between_is_accepted(self, slope_at_zero: float) -> None:
        """Any value of the interval will do."""

        def relu(x: Any) -> Any:
            return np.maximum(x, 0), lambda d: {"x": d * np.where(x == 0, slope_at_zero, x > 0).astype(x.dtype)}

        result = judged(relu)
        assert result.passed, result.message
        assert result.kinks > 0

    @pytest.mark.parametrize("slope_at_zero", [-0.2, 1.2])
    def test_outside_is_wrong(self, slope_at_zero: float) -> None:
        """A value that no side has is a mistake."""

        def relu(x: Any) -> Any:
            return np.maximum(x, 0), lambda d: {"x": d * np.where(x == 0, slope_at_zero, x > 0).astype(x.dtype)}

        assert judged(relu, examples=100).verdict is Kind.HANDWRITTEN

    @pytest.mark.parametrize(
        ("slopes", "possible"),
        [([0, 0], True), ([1, -0.5], True), ([-1, 1], True), ([1.0001, 0], False), ([0, -1.2], False)],
    )
    @pytest.mark.parametrize("at", [0.0, 1.0])
    def test_kinks_that_cancel(self, at: float, slopes: list[float], possible: bool) -> None:
        """max(|a| - |b|, 0) is flat in its corner if b moves more than a; what is near tells the possible gradients."""

        def corner(x: Any) -> Any:
            y = x - at  # of what lies near 1 only a few digits are left
            a, b = np.sqrt(y * y)
            beside = (abs(y[0]) > abs(y[1])) * np.sign(y) * np.array([1, -1], x.dtype)
            return np.maximum(a - b, 0), lambda d: {"x": d * (beside if y.any() else np.array(slopes, x.dtype))}

        spec = Spec("corner", corner, None, {"x": Filled("2", lambda *_: np.full(2, at), grad=True)})
        found = {check(case_of(f"corner//plain.C.{seed}", spec)).kind for seed in range(16)}
        assert found <= {Kind.AGREE, Kind.KINK} if possible else found == {Kind.HANDWRITTEN}

    def test_between_the_sides_is_wrong_beside_a_kink(self) -> None:
        """Though it is too large on one side, and too small on the other."""

        def relu(x: Any) -> Any:
            return np.maximum(x - 1, 0), lambda d: {"x": 0.5 * d}

        spec = Spec("relu", relu, None, {"x": Filled("1", lambda *_: np.array([1 + 2.0**-30]), grad=True)})
        assert check(case_of("relu//plain.C.1", spec)).kind is Kind.HANDWRITTEN

    @pytest.mark.parametrize("by", [1e-4, -1e-4])
    @pytest.mark.parametrize(("lost", "flat"), [(0, True), (100, True), (0, False), (1e4, False)])
    def test_wrong_at_the_point_alone(self, by: float, lost: float, flat: bool) -> None:
        """Complex numbers say that it is flat, or nothing; and tiny steps see little but its rounding."""
        at = np.array([1.25, -0.75])

        def power(x: Any) -> Any:
            real = np.exp(x.real) + lost - lost
            return real + 0 * x if flat else real, lambda d: {"x": d * np.exp(x) * (1 + by * np.array_equal(x, at))}

        spec = Spec("power", power, None, {"x": Filled("2", lambda *_: at.copy(), grad=True)})
        assert check(case_of("power//plain.C.1", spec)).kind is Kind.HANDWRITTEN

    def test_near_a_kink_is_smooth(self) -> None:
        """A kink that lies beside the point, within the first step, is stepped around."""
        result = judged(lambda x: (np.maximum(x - 1e-7, 0), lambda d: {"x": d * (x > 1e-7)}), {"x": Real("3")})
        assert result.passed, result.message


class TestPurity:
    """Right values are not enough."""

    @pytest.mark.parametrize(
        ("function", "arguments", "words"),
        [
            (lambda x: (x + 0, lambda d: {"x": d}), X, "shares memory with the cotangent"),
            (lambda x, w: (x * w, lambda _: {"x": w, "w": x}), {"x": Real("N"), "w": Real("N")}, "shares memory"),
            (
                lambda x: (np.sum(x), lambda d: {"x": np.broadcast_to(np.asarray(d), x.shape)}),
                {"x": Real("N")},
                "share",
            ),
        ],
        ids=["cotangent", "argument", "stretched cotangent"],
    )
    def test_aliases(self, function: Any, arguments: Any, words: str) -> None:
        """A gradient that is somebody else's memory is named, unless it is wrong in the first place."""
        result = judged(function, arguments)
        assert result.verdict in (Kind.IMPURE, Kind.HANDWRITTEN)
        assert words in result.message or result.verdict is Kind.HANDWRITTEN

    def test_alias_of_the_cotangent_is_impure(self) -> None:
        """The identity, whose gradient is right and yet not its own."""
        assert judged(lambda x: (x + 0, lambda d: {"x": d})).verdict is Kind.IMPURE

    def test_mutation_is_named_with_the_line(self) -> None:
        """The student's own line is shown."""

        def halves(x: Any) -> Any:
            x /= 2
            return x, lambda d: {"x": d / 2}

        result = judged(halves)
        assert result.verdict is Kind.IMPURE
        assert "x /= 2" in result.message

    def test_random_output(self) -> None:
        """A function that draws for itself."""
        result = judged(lambda x: (x + np.random.default_rng().random(x.shape), lambda d: {"x": 1 * d}))
        assert not result.passed

    def test_a_cache_from_an_earlier_call(self) -> None:
        """A pullback that looks at what the last forward left behind."""
        cache = {}

        def square(x: Any) -> Any:
            cache["x"] = x
            return x * x, lambda d: {"x": 2 * cache["x"] * d}

        result = judged(square)
        assert result.verdict is Kind.IMPURE
        assert "second time" in result.message or "differs" in result.message

    def test_dtype_is_followed(self) -> None:
        """float32 in, float32 out."""
        result = judged(lambda x: (x * np.float64(2), lambda d: {"x": d * 2}))
        assert result.verdict is Kind.IMPURE
        assert "float64" in result.message


class TestContract:
    """What is no `(output, pullback)` is told in one clear message."""

    @pytest.mark.parametrize(
        ("function", "words"),
        [
            (lambda x: x, "the result is an array"),
            (lambda x: (x, 1), "the result is a tuple"),
            (lambda x: (x + 0, lambda _: None), "the pullback returns None"),
            (lambda x: (x + 0, lambda _: {}), "the gradient of x is missing"),
            (lambda x: (x + 0, lambda d: {"x": 1 * d, "y": d}), "a gradient is given for 'y'"),
            (lambda x: (x + 0, lambda d: {"x": d[None]}), "d_x.shape is"),
            (lambda x: (x + 0, lambda _: {"x": "much"}), "d_x is of type str"),
            (lambda x: (x + 0, lambda _: {}[0]), "KeyError"),
            (lambda x: (["a"], lambda d: {"x": d}), "output 0 is of type list"),
        ],
    )
    def test_broken_contracts(self, function: Any, words: str) -> None:
        """The verdict is ERROR, or HANDWRITTEN for a wrong shape, and the message says what was returned."""
        result = judged(function)
        assert result.verdict in (Kind.ERROR, Kind.HANDWRITTEN)
        assert words in result.message

    def test_nan_is_wrong(self) -> None:
        """A gradient that is not finite where the output is."""
        result = judged(lambda x: (x * x, lambda d: {"x": d * np.nan}))
        assert (result.verdict, result.pattern) == (Kind.HANDWRITTEN, "not finite")

    def test_gradients_in_the_order_of_the_arguments(self) -> None:
        """A tuple will do."""
        assert judged(lambda x, w: (x @ w, lambda d: (d @ w.T, x.T @ d)), XW).passed

    def test_wrong_signature(self) -> None:
        """Names are torch's: the message lists them."""
        with pytest.raises(TypeError, match=r"but should be \(input, weight, bias=None\)"):
            _ = verify(lambda x, w: None, "linear")

    def test_fewer_options_than_torch(self) -> None:
        """Only what the function takes is drawn, and the record says what was not."""
        result = verify(lambda input: (np.where(input > 0, input, 0.01 * input), _leaky(input)), "leaky_relu")
        assert result.passed, result.message
        assert result.left_out == ("negative_slope",)


def _leaky(input: Any) -> Any:
    return lambda d: {"input": d * np.where(input > 0, 1, 0.01).astype(input.dtype)}


class TestDiagnosis:
    """The mistake is named, with the numbers of the case."""

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda g: 2 * g, "every entry is twice the right value"),
            (lambda g: g / 2, "every entry is half the right value"),
            (lambda g: -g, "every entry has the wrong sign"),
            (lambda g: 0 * g, "every entry is zero"),
            (lambda g: g * len(g), "times the right value"),
            (abs, "every entry has lost its sign"),
            (lambda g: g[::-1].copy(), "looks reversed along axis 0"),
            (lambda g: np.roll(g, 1, 0), "looks shifted by 1 along axis 0"),
            (lambda g: np.where(np.arange(len(g))[:, None] == len(g) - 1, 0, g), "the last of"),
            (lambda g: g + 0.5, "a mean term is missing"),
        ],
    )
    def test_patterns(self, change: Any, words: str) -> None:
        """Each is recognised in the gradient of a matrix."""
        result = judged(
            lambda x, w: (x @ w, lambda d: {"x": d @ w.T, "w": change(x.T @ d)}),
            XW,
            sizes={"D": (3, 6), "M": (2, 4)},
        )
        assert result.verdict is Kind.HANDWRITTEN
        assert words in result.pattern
        assert words in result.message

    def test_ratio_is_named_by_its_size(self) -> None:
        """A sum where a mean was meant: the factor is the size of the batch, and not a number that happens to be it."""

        def mean(x: Any, w: Any) -> Any:
            return (x @ w).mean(0), lambda d: {"x": np.tile(d @ w.T, (len(x), 1)), "w": x.sum(0)[:, None] * d}

        assert "N = " in judged(mean, XW, sizes={"N": (3, 5), "D": (2, 2)}).pattern

    def test_transposed(self) -> None:
        """Where the matrix is square."""
        result = judged(
            lambda x, w: (x @ w, lambda d: {"x": d @ w.T, "w": (x.T @ d).T.copy()}),
            {"x": Real("N D"), "w": Real("D D")},
        )
        assert result.pattern.startswith("looks transposed")

    def test_batch_axis_not_summed(self) -> None:
        """A bias that forgets its batch."""
        result = judged(lambda x, b: (x + b, lambda d: {"x": 1 * d, "b": 1 * d}), {"x": Real("N D"), "b": Real("D")})
        assert (result.verdict, result.argument, result.pattern) == (Kind.HANDWRITTEN, "b", "batch axis not summed")

    def test_failures_are_shrunk(self) -> None:
        """To the smallest sizes and the plainest values at which it is still wrong."""
        result = judged(lambda x, w: (x @ w, lambda d: {"x": d @ w.T, "w": 2 * x.T @ d}), XW)
        assert result.case.endswith("N=1;D=1;M=1/plain.C.0")


class TestCases:
    """An id is all there is to a case."""

    @pytest.mark.parametrize("name", registry.specs())
    def test_ids_replay(self, name: str) -> None:
        """The arrays of a case come back from its id, bit for bit."""
        for case in drawn(registry.spec(name), 60)[::10]:
            again = case_of(case.id, case.spec)
            assert again.id == case.id
            for key, value in case.arguments.items():
                if isinstance(value, np.ndarray):
                    np.testing.assert_array_equal(again.arguments[key], value)
                    assert again.arguments[key].strides == value.strides
                else:
                    assert again.arguments[key] == value

    def test_values_never_change(self) -> None:
        """Numbers from another machine and another year: an id printed once stays good."""
        case = case_of("linear/out=[2];batch=[2];I=2/mixed.F.12345", registry.spec("linear"))
        assert case.arguments["input"].tolist() == FROZEN_INPUT

    @pytest.mark.parametrize(
        "bad",
        ["linear", "linear/", "linear/I=2/plain.C.0", "linear/out=[2;I=2/plain.C.0", "linear/I=2/plain.C", "/x/y"],
    )
    def test_foreign_ids(self, bad: str) -> None:
        """One clear error."""
        with pytest.raises(CaseError):
            _ = case_of(bad, registry.spec("linear"))

    def test_arrays_are_read_only_and_laid_out_as_said(self) -> None:
        """Nobody can write to an argument by accident, whatever its layout."""
        for case in drawn(registry.spec("linear"), 60):
            for value in case.arguments.values():
                if isinstance(value, np.ndarray):
                    assert not value.flags.writeable

    def test_every_kind_of_shape_is_drawn(self) -> None:
        """Size-1, zero-size, 0-d, non-contiguous, negative strides, Fortran order, stride 0."""
        seen = set()
        for name in ("linear", "mul"):
            for case in drawn(registry.spec(name), 60):
                for value in case.arguments.values():
                    if isinstance(value, np.ndarray):
                        seen |= {"0-d"} if not value.ndim else set()
                        seen |= {"empty"} if not value.size else set()
                        seen |= {"one"} if 1 in value.shape else set()
                        seen |= {"negative"} if any(s < 0 for s in value.strides) and value.size else set()
                        seen |= {"zero stride"} if 0 in value.strides and value.size > 1 else set()
                        seen |= {"fortran"} if value.flags.fnc else set()
                        seen |= {"not contiguous"} if not value.flags.forc and value.size else set()
        assert seen == {"0-d", "empty", "one", "negative", "zero stride", "fortran", "not contiguous"}


class TestOtherProjects:
    """`verify` and `verifies` on whatever people have."""

    def test_autograd_function(self) -> None:
        """Its backward is the hand-written side."""

        class Cube(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
                ctx.save_for_backward(x)
                return x**3

            @staticmethod
            def backward(ctx: Any, d: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
                return 3 * ctx.saved_tensors[0] * d

        assert judged(Cube).verdict is Kind.HANDWRITTEN

    def test_backward_that_mutates_its_cotangent(self) -> None:
        """gradcheck lets it pass."""

        class Careless(torch.autograd.Function):
            @staticmethod
            def forward(_: Any, x: torch.Tensor) -> torch.Tensor:
                return 2 * x

            @staticmethod
            def backward(_: Any, d: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
                result = 2 * d
                _ = d.zero_()
                return result

        result = judged(Careless)
        assert (result.verdict, result.pattern) == (Kind.IMPURE, "mutated")

    def test_module(self) -> None:
        """Inputs and parameters are all judged."""
        module = nn.Sequential(nn.Linear(3, 2), nn.Tanh())
        result = judged(module, {"input": Real("N 3")}, examples=20)
        assert result.passed, result.message

    def test_hypothesis_test_fails_and_passes(self) -> None:
        """`verifies` makes a test that pytest can collect."""

        def relu(input: Any) -> Any:
            return np.maximum(input, 0), lambda d: {"input": d * (input > 0)}

        verifies("relu")(relu)()
        with pytest.raises(AssertionError, match="replay: backprove replay"):
            verifies("relu")(lambda input: (np.maximum(input, 0), lambda d: {"input": d * (input < 0)}))()

    def test_a_result_shows_itself(self) -> None:
        """A table, the message, and a square for each entry."""
        page = judged(lambda x, w: (x @ w, lambda d: {"x": d @ w.T, "w": 2 * x.T @ d}), XW)._repr_html_()
        assert "every entry is twice" in page
        assert page.count('<td title="is ') == 1


FROZEN_INPUT = [[968.0, 69.9375], [211.375, -210.0]]
