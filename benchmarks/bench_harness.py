"""asv: what the judge costs for one case: drawing it, and judging it by all three sources."""

import importlib
from importlib.util import find_spec

from harness import registry
from harness.check import check
from harness.inputs import Case, case_of
from harness.verdict import Kind

# Some kinds of function, and three sizes of one; a new case is a new name, so that no curve ever jumps.
CASES = {
    "relu-4x4": "relu/shape=[4,4]/ordinary.C.1",
    "linear-5x4x3": "linear/out=[4];batch=[5];I=3/ordinary.C.1",
    "linear-64x256x128": "linear/out=[256];batch=[64];I=128/ordinary.C.1",
    "layer_norm-4x5": "layer_norm/batch=[4];D=5;more=[];eps=1e-05/ordinary.C.1",
}
FUNCTIONS = ["relu", "linear", "conv2d", "lstm", "cross_entropy"]
DRAWN = 20


def case_named(name: str) -> Case:
    """The case, or a word to asv that this commit has none like it."""
    try:
        return case_of(CASES[name], registry.spec(CASES[name].partition("/")[0]))
    except (LookupError, ValueError) as error:
        raise NotImplementedError(f"this commit has no such case: {error}") from error


class Judge:
    """The cost of `harness.check.check`."""

    version = "1"
    param_names = ("case",)
    params = (list(CASES),)

    def setup(self, name: str) -> None:
        """Draw nothing, fill the arrays, and see that the case passes before it is timed."""
        self.case = case_named(name)
        verdict = check(self.case)
        if verdict.kind is not Kind.AGREE:
            raise AssertionError(f"{name} does not pass")

    def time_check(self, _name: str) -> None:
        """All three sources, and who is right."""
        _ = check(self.case)


class Drawing:
    """The cost of cases: Hypothesis draws them, NumPy fills the arrays."""

    version = "1"
    param_names = ("function",)
    params = (FUNCTIONS,)

    def setup(self, name: str) -> None:
        """Find the spec, and `drawn`, which older commits have elsewhere."""
        self.spec = registry.spec(name)
        where = "harness.draw" if find_spec("harness.draw") else "harness.search"
        self.drawn = importlib.import_module(where).drawn

    def time_draw(self, _name: str) -> None:
        """Twenty cases."""
        for case in self.drawn(self.spec, DRAWN):
            _ = case.arguments, case.direction
