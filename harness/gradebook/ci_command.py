"""The commands `backprove ci` and `backprove gradescope`."""

from __future__ import annotations

from pathlib import Path

import click

from ..call import kept, refuse

# ruff: noqa: PLC0415 - --help should not wait for NumPy

FILE = click.Path(path_type=Path)


@click.command(name="ci")
@click.argument("kind", type=click.Choice(["github", "gitlab", "pre-commit"]))
@click.argument("what", metavar="PACK|FILES")
@click.option("--out", type=FILE, metavar="FILE", help="Write it here.  [default: to the terminal]")
@click.option("--install", default="backprove", show_default=True, metavar="WHAT", help="What pip is given.")
def ci(kind: str, what: str, out: Path | None, install: str) -> None:
    """A workflow for GitHub or GitLab that grades PACK, or a pre-commit hook that judges FILES (a pattern)."""
    from ..report import machine
    from . import ci as templates

    for name, value in (("PACK", what), ("--install", install)):
        if not value.isprintable() or any(one in value for one in "\"'`$&|;<>"):
            refuse(f"{name} is {value!r}, but should be without quotes and signs of a shell's.")
    text = templates.template(kind, what, install)
    if out is None:
        click.echo(text, nl=False)
    else:
        kept(out, lambda: machine.write(out, text))


@click.group()
def gradescope() -> None:
    """An autograder for Gradescope."""


@gradescope.command()
@click.argument("pack", metavar="PACK")
@click.option("--out", type=FILE, default=Path("autograder.zip"), show_default=True, metavar="FILE")
def build(pack: str, out: Path) -> None:
    """Write the archive that Gradescope asks for: backprove, PACK without its examples, and two scripts."""
    from ..grading.pack import NoPack, load
    from . import ci as templates

    try:
        data = templates.autograder(load(pack))
    except NoPack as error:
        refuse(f"{error}.")
    kept(out, lambda: out.write_bytes(data))
    click.echo(f"Written: {out} ({len(data) >> 10} KiB). Upload it as the assignment's autograder.")
