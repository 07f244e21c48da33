"""asv: what judging one case costs, all three sources and the purity battery, drawing apart."""

from harness import registry
from harness.check import check
from harness.inputs import case_of
from harness.verdict import Kind

# One case of each kind of function; a new size is a new name, so that no curve ever jumps.
CASES = {
    "relu-4x4": "relu/shape=[4,4]/ordinary.C.1",
    "linear-5x4x3": "linear/out=[4];batch=[5];I=3/ordinary.C.1",
    "linear-64x256x128": "linear/out=[256];batch=[64];I=128/ordinary.C.1",
    "layer_norm-4x5": "layer_norm/batch=[4];D=5;more=[];eps=1e-05/ordinary.C.1",
}


class Judge:
    """The cost of `harness.check.check`."""

    version = "1"
    param_names = ("case",)
    params = (list(CASES),)

    def setup(self, name: str) -> None:
        """Draw nothing, fill the arrays, and see that the case passes before it is timed."""
        self.case = case_of(CASES[name], registry.spec(CASES[name].partition("/")[0]))
        verdict = check(self.case)
        if verdict.kind is not Kind.AGREE:
            raise AssertionError(f"{name} does not pass")

    def time_check(self, _name: str) -> None:
        """All three sources, and who is right."""
        _ = check(self.case)
