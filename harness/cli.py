"""The command `backprove`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from .call import kept, refuse
from .dashboard.command import dashboard
from .gradebook.ci_command import ci, gradescope
from .gradebook.command import gradebook
from .grading.command import grade, packs
from .power.command import power
from .reproduce.command import reproduce
from .training.command import bench

# The arrays are small: more threads only wait for each other. Heard only before NumPy is imported.
for _variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    _ = os.environ.setdefault(_variable, "1")

EXAMPLES = click.option("--examples", type=click.IntRange(1), default=100, show_default=True, help="Cases each.")
SOURCE = click.Path(exists=True, dir_okay=False, path_type=Path)
SEED = click.option("--seed", type=int, default=0, show_default=True, help="Other seeds draw other cases.")


def _reports(command: Callable[..., None]) -> Callable[..., None]:
    """The options --json and --junit."""
    path = click.Path(path_type=Path)
    command = click.option("--junit", type=path, metavar="FILE", help="Write JUnit XML.")(command)
    return click.option("--json", "json_", type=path, metavar="FILE", help="Write the results as JSON.")(command)


def _trial(command: Callable[..., None]) -> Callable[..., None]:
    """The options --dtype, --device, --tf32 and --second: what is on trial, if not the reference."""
    dtypes, devices = click.Choice(["float64", "float32", "bfloat16", "float16"]), click.Choice(["cpu", "cuda"])
    for option in (
        click.option("--second", is_flag=True, help="Judge torch's second derivatives instead of first ones."),
        click.option("--tf32", is_flag=True, help="Let CUDA round the inputs of float32 products to TF32."),
        click.option("--device", type=devices, default="cpu", show_default=True, help="Where torch runs."),
        click.option(
            "--dtype", type=dtypes, default="float64", show_default=True, help="Judge torch in this precision."
        ),
    ):
        command = option(command)
    return command


def _judge(dtype: str, device: str, tf32: bool, second: bool) -> tuple[Callable[[Any], Any], str]:
    """The judge that these options ask for, and the options again, for a replay command."""
    from . import check as first
    from . import precision
    from . import second as twice

    if reason := precision.missing(device):
        refuse(reason)
    if second and (dtype, device) != ("float64", "cpu"):
        refuse(
            "--second is given with --dtype or --device, but should be alone: second derivatives are judged in float64."
        )
    if tf32 and (dtype, device) != ("float32", "cuda"):
        refuse(f"--tf32 is given with {dtype} on {device}, but should be with --dtype float32 --device cuda.")
    given = [f" --dtype {dtype}"] * (dtype != "float64") + [f" --device {device}"] * (device != "cpu")
    given += [" --tf32"] * tf32 + [" --second"] * second
    judge = twice.check if second else precision.Backend(dtype, device, tf32).check if given else first.check
    return judge, "".join(given)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="backprove")
def main() -> None:
    """Is this gradient right, who is wrong when it is not, and why?

    Exit status 0: all hold. 1: something that was checked is wrong. 2: the call itself was wrong.
    """


@main.command()
@click.argument("names", nargs=-1, metavar="[NAME…]")
@click.option("--list", "list_", is_flag=True, help="Only list the names.")
@EXAMPLES
@SEED
@_trial
@_reports
def verify(
    names: tuple[str, ...],
    list_: bool,
    examples: int,
    seed: int,
    json_: Path | None,
    junit: Path | None,
    **trial: Any,
) -> None:
    """Judge the NumPy references against torch autograd and against differences.

    Without NAME all of them. With --dtype, --device or --second torch is on trial, and the references are the truth.
    """
    from . import registry
    from .search import examine

    specs = registry.specs()
    if list_:
        click.echo("\n".join(specs))
        return
    judge, given = _judge(**trial)
    chosen = [_spec(name) for name in names] or list(specs.values())
    by_name = {spec.name: spec for spec in chosen}
    _run(list(by_name), lambda name: examine(by_name[name], examples, seed, judge), json_, junit, given)


@main.command()
@click.argument("files", nargs=-1, required=True, type=SOURCE, metavar="FILE…")
@EXAMPLES
@SEED
@_reports
def check(files: tuple[Path, ...], examples: int, seed: int, json_: Path | None, junit: Path | None) -> None:
    """Judge your own functions, matched by name with torch.nn.functional.

    Each returns (output, pullback), and pullback(d_output) the gradients: a dict by argument name, or a tuple in the
    order of the arguments. Arguments with a default may be left out.
    """
    from . import registry, userfile
    from .search import Check
    from .verdict import Kind

    work: dict[str, Callable[[], Check]] = {}
    unknown: list[str] = []
    for path in dict.fromkeys(files):
        try:
            functions, others = userfile.known(path)
        except userfile.ImportFailed as error:
            failed = Check("(import)", str(path), Kind.ERROR, message=f"{path} cannot be imported: {error}")
            work[str(path)] = lambda failed=failed: failed
            continue
        unknown += [f"{path.name}:{name}" for name in others]
        for name, function in functions.items():
            work[f"{path}:{name}"] = lambda n=name, f=function, p=path: userfile.examined(
                f, registry.spec(n), str(p), examples, seed
            )
    if unknown:
        click.echo(f"Not checked, since no spec has their name: {', '.join(unknown)}", err=True)
    if not work:
        refuse("no function in these files has the name of a spec. `backprove verify --list` names them all.")
    _run(
        list(work), lambda key: work[key](), json_, junit, f" --file {files[0]}" if len(files) == 1 else " --file FILE"
    )


@main.command()
@click.argument("case", metavar="CASE")
@click.option(
    "--file",
    "path",
    type=SOURCE,
    help="Judge the function in your FILE.",
)
@click.option(
    "--save", type=click.Path(path_type=Path), metavar="FILE", help="Write a stand-alone file that shows the failure."
)
@_trial
def replay(case: str, path: Path | None, save: Path | None, **trial: Any) -> None:
    """Judge one case again, and show everything about it.

    CASE is an id as `verify` and `check` print it.
    """
    from . import userfile
    from .inputs import CaseError, case_of, name_of
    from .report import full, machine
    from .verdict import Nothing

    try:
        spec = _spec(name_of(case))
        if path is not None:
            functions, _ = userfile.known(path)
            if spec.name not in functions:
                refuse(f"{path} has no function {spec.name}, but has {', '.join(functions) or 'none with a spec'}.")
            spec = spec.of(functions[spec.name])
        found = case_of(case, spec)
    except CaseError as error:
        refuse(str(error))
    except userfile.ImportFailed as error:
        click.echo(f"{path} cannot be imported: {error}", err=True)
        sys.exit(1)
    except TypeError as error:
        click.echo(f"{path}: {error}", err=True)
        sys.exit(1)
    judge, given = _judge(**trial)
    if given and (path or save):
        refuse(f"{given.split()[0]} is given with --file or --save, but should be alone: torch is on trial.")
    try:
        verdict = full.show(found, f" --file {path}" if path else given, judge)
    except Nothing as nothing:
        click.echo(f"{case}\nnothing to judge: {nothing}")
        return
    if save is not None:
        kept(save, lambda: machine.write(save, full.standalone(verdict, path)))
        click.echo(f"Written: {save}. It needs NumPy{'' if path else ' and backprove'} alone: python {save}")
    sys.exit(0 if verdict.kind.passed else 1)


@main.command()
@click.option("--missing", is_flag=True, help="Only what is not covered.")
@click.option("--options", is_flag=True, help="Which options of each function are drawn, instead of the classes.")
def coverage(missing: bool, options: bool) -> None:
    """Say which reference stands for each layer and loss of torch.nn, or which options are drawn."""
    from . import coverage as count
    from . import registry

    if options:
        rows = {name: count.options(spec) for name, spec in registry.specs().items()}
        lines = {name: _options_line(found) for name, found in rows.items()}
        done = [found for found in rows.values() if all(found.values())]
        shown = {name: line for name, line in lines.items() if not (missing and "not drawn" not in line)}
        last = f"{len(done)} of {len(rows)} functions have every option drawn, or a reason why not"
    else:
        rows = count.classes()
        done = [by for by in rows.values() if by]
        shown = {name: ", ".join(by) or "—" for name, by in rows.items() if not (missing and by)}
        last = f"{len(done)} of {len(rows)} classes of torch.nn {count.version()} covered"
    width = max(map(len, rows))
    for name, line in shown.items():
        click.echo(f"{name:{width}}  {line}")
    click.echo(last)
    sys.exit(0 if len(done) == len(rows) else 1)


@main.command()
def doctor() -> None:
    """What this machine can do: isolation, BLAS, CUDA, versions; and what would make it better."""
    from . import doctor as machine
    from .report import grades

    rows = machine.rows()
    grades.write(grades.findings(rows))
    sys.exit(0 if all(good is not False for what, good, *_ in rows if what == "isolation") else 1)


def _options_line(found: dict[str, str]) -> str:
    """How many are drawn, and what of the others."""
    drawn = sum(said == "drawn" for said in found.values())
    others = [f"{name} not drawn: {said or 'no reason given'}" for name, said in found.items() if said != "drawn"]
    return "; ".join([f"{drawn} of {len(found)}", *others])


def _spec(name: str) -> Any:
    from . import registry

    try:
        return registry.spec(name)
    except LookupError as error:
        refuse(str(error))


def _run(
    names: Sequence[str], work: Callable[[str], Any], json_: Path | None, junit: Path | None, replay: str = ""
) -> None:
    """Do the work, show it, write what was asked for, and exit as the results say."""
    from .report import machine, terminal

    for path in (json_, junit):
        if path is not None:
            kept(path, lambda path=path: machine.writable(path))
    done = terminal.with_progress(names, work)
    checks = [check for check in done if not check.nothing]
    terminal.show(checks, replay)
    if len(checks) < len(done):
        click.echo("Not judged:")
        for check in done:
            if check.nothing:
                click.echo(f"  {check.name}: {check.nothing}")
    if json_ is not None:
        kept(json_, lambda: machine.write(json_, machine.as_json(checks)))
    if junit is not None:
        kept(junit, lambda: machine.write(junit, machine.as_junit(checks)))
    sys.exit(0 if len(done) == len(names) and all(check.passed for check in checks) else 1)


for _command in (power, grade, packs, gradebook, ci, gradescope, bench, dashboard, reproduce):
    main.add_command(_command)

if __name__ == "__main__":
    main()
