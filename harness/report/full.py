"""One case in full: every input, what each source says, and the verdict; and a stand-alone file that shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.markup import escape

from ..check import check
from ..explain import answers, explain, literal
from ..inputs import Case
from ..search import Judge
from ..verdict import Kind, Verdict
from .terminal import COLOURS


def show(case: Case, replay: str = "", judge: Judge = check) -> Verdict:
    """Judge the case and print all there is to know."""
    verdict = explain(judge(case))
    case = verdict.case
    console = Console(highlight=False)
    colour = COLOURS.get(verdict.kind, "red")
    console.print(escape(case.id), style="bold", soft_wrap=True)
    console.print(
        f"verdict: [{colour}]{verdict.kind}[/]" + (f", by {verdict.source_used}" if verdict.source_used else "")
    )
    if not verdict.kind.passed:
        console.print(escape(verdict.message), soft_wrap=True)
    else:
        for name, value in case.arguments.items():
            console.print(escape(f"  {name} = {literal(value, 1000)}"), soft_wrap=True)
    for title, arrays in answers(case).items():
        console.print(f"\n{title}", style="bold")
        for name, array in arrays.items():
            console.print(escape(f"  {name} = {literal(array, 1000)}"), soft_wrap=True)
    console.print(escape(f"\nreplay: backprove replay '{case.id}'{replay}"), soft_wrap=True)
    return verdict


def standalone(verdict: Verdict, path: Path | None) -> str:
    """A Python file that needs neither Hypothesis nor the harness to show the failure."""
    case = verdict.case
    lines = [
        f'"""{verdict.kind}: {verdict.case.spec.name}',
        "",
        verdict.message.replace("\\", "\\\\").replace('"""', "'''"),
        "",
        f"Case {case.id}",
        '"""',
        "",
        "import numpy as np",
    ]
    name = case.spec.name
    if path is None:
        lines += [f"from reference_impls import {name}"]
    else:
        lines += ["import runpy", "", f"{name} = runpy.run_path({str(path)!r})[{name!r}]"]
    lines += ["", "arguments = {"]
    taken = {key: value for key, value in case.arguments.items() if case.spec.takes(key)}
    lines += [f"    {key!r}: {_code(value)}," for key, value in taken.items()]
    lines += [
        "}",
        f"output, pullback = {name}(**arguments)",
        "outputs = output if isinstance(output, tuple) else (output,)",
    ]
    said = answers(case)
    if not said:
        return "\n".join(lines) + "\n"
    lines += ["cotangents = ["] + [f"    {_code(v)}," for v in said.get("cotangent", {}).values()] + ["]"]
    lines += ["gradients = pullback(*cotangents)", 'print("gradients:", gradients)']
    by_name = {key.removeprefix("d_"): value for key, value in (said.get("autograd") or said["differences"]).items()}
    wanted = by_name if verdict.kind is Kind.HANDWRITTEN else {}
    if verdict.kind is Kind.FORWARD and verdict.want is not None:
        at = verdict.argument.split()[-1] if " " in verdict.argument else "0"
        lines += [
            f"np.testing.assert_allclose(outputs[{at}], {_code(np.asarray(verdict.want))}, rtol=1e-9, atol=1e-12)"
        ]
    elif wanted:
        lines += ["if not isinstance(gradients, dict):", f"    gradients = dict(zip({list(wanted)!r}, gradients))"]
        lines += ["expected = {"] + [f"    {key!r}: {_code(value)}," for key, value in wanted.items()] + ["}"]
        lines += ["for name, value in expected.items():"]
        lines += ["    np.testing.assert_allclose(gradients[name], value, rtol=1e-9, atol=1e-12, err_msg=f'd_{name}')"]
    return "\n".join(lines) + "\n"


def _code(value: Any) -> str:
    if not isinstance(value, np.ndarray):
        return repr(value)
    return f"np.array({value.tolist()!r}, dtype=np.{value.dtype}).reshape({value.shape})"
