"""Bad input is refused before any work, in the words "X is …, but should be …"."""

from typing import Any

import pytest

from harness import registry

ROWS = [row for module in registry.modules() for row in getattr(module, "REFUSED", ())]


@pytest.mark.parametrize(("name", "arguments", "error", "words"), ROWS, ids=[f"{r[0]}: {r[3]}"[:90] for r in ROWS])
def test_refused_in_our_words(name: str, arguments: dict[str, Any], error: type[Exception], words: str) -> None:
    """The message names the argument, its value, and what it should be."""
    with pytest.raises(error) as refusal:
        _ = registry.spec(name).reference(**arguments)
    assert str(refusal.value).startswith(words)


def test_every_reference_refuses_something() -> None:
    """A new reference comes with the mistakes that its users will make."""
    refused = {registry.spec(row[0]).reference for row in ROWS}
    ours = {n: spec for n, spec in registry.specs().items() if spec.reference.__module__.startswith("reference_impls")}
    assert [name for name, spec in ours.items() if spec.reference not in refused] == []
