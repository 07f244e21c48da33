"""Layer normalisation in torch, written three ways (2020). All else is as in uva-norm."""

from dataclasses import replace

from harness.grading.pack import Check, load

KIND, FILE = "LayerNorm", "custom_layernorm.py"
BASE = load("uva-norm")
SPEC = next(check.spec for check in BASE.checks if isinstance(check, Check))
OF_LAYERS = replace(SPEC, arguments={**SPEC.arguments, "kind": KIND})


def of_layers(check):
    """The same, of layers."""
    check = replace(check, file=FILE, target=check.target.replace("BatchNorm", KIND))
    if isinstance(check, Check):
        return replace(check, spec=OF_LAYERS)
    return replace(check, options={**check.options, "kind": KIND})


PACK = replace(
    BASE,
    name="uva-norm-layer",
    title=BASE.title.replace("Batch", "Layer"),
    files=(FILE,),
    checks=tuple(of_layers(check) for check in BASE.checks),
)
