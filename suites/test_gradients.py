"""Every reference agrees with torch and with the differences of its own forward."""

from dataclasses import replace

import pytest

from harness import registry
from harness.check import check
from harness.inputs import case_of, name_of
from harness.search import examine
from harness.spec import Spec


@pytest.mark.parametrize("spec", registry.specs().values(), ids=lambda spec: spec.name)
def test_gradient_is_right(spec: Spec) -> None:
    """No case is wrong, and hardly any is undecided."""
    result = examine(spec, examples=60)
    assert result.passed, result.message
    assert result.inconclusive <= 0.02 * result.cases


@pytest.mark.parametrize(
    "identity",
    [
        'linear_cross_entropy/soft=false;reduction="mean";batch=[2];rest=[2];ignore_index=-1;pieces=null;'
        "label_smoothing=1.0;I=2;C=5/huge.broadcast.193",
        "triplet_margin_loss/batch=[];D=5;anchors=[5];positives=[5];negatives=[5];margin=1.0;p=1.0;eps=0.0;swap=false;"
        'reduction="sum"/ties.reversed.319',
        "triplet_margin_loss/batch=[];D=2;anchors=[2];positives=[2];negatives=[2];margin=1.0;p=Infinity;eps=0.0;"
        'swap=false;reduction="sum"/ties.broadcast.1',
        'mlp/depth=3;I0=4;I1=1;I2=4;I3=4;bias=true;activation="leaky_relu";output_activation="celu";batch=[3]/'
        "zeros.C.4404",
    ],
    ids=["rounding", "many kinks", "kinks that cancel", "kinks of several arguments"],
)
def test_right_without_torch(identity: str) -> None:
    """Nor are they accused by the differences alone, where these are hard to take."""
    spec = registry.spec(name_of(identity))
    verdict = check(case_of(identity, replace(spec, twin=None)))
    assert not verdict.kind.mistaken
