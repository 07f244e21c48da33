"""vugrad with the engine of 2020: fewer ops, the MLP in modules.py, and no walk back through a node that is used twice.

That walk counts the gradient again for each use, in the code that is given. All else is as in vugrad.
"""

from dataclasses import replace

from harness.grading.pack import Trajectory, load

BASE = load("vugrad")
LATER = ("Sub", "Id", "RowMax", "RowSum", "logsoftmax", "logceloss", "graph.diamond")


def of_2020(check):
    """The same, in the file where it is in this year, and with what its linear layer starts from."""
    if check.target == "MLP.forward":
        return replace(check, file="vugrad/modules.py")
    if isinstance(check, Trajectory) and check.id == "linear.start" and (judge := check.judge):
        return replace(check, judge=lambda answer: "" if given(answer) else judge(answer))
    return check


def given(answer):
    """Whether the weights spread by 2 / (inputs + outputs): the code that is given takes no root."""
    return abs(float(answer["weight"].std()) / (2 / 400) - 1) < 0.03


PACK = replace(
    BASE,
    name="vugrad-2020",
    title=f"{BASE.title} (2020)",
    checks=tuple(of_2020(check) for check in BASE.checks if check.id.split(".backward")[0] not in LATER),
)
