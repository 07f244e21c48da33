"""Borders: copies that are not added up, or added to the wrong end, and what is cut off."""

import numpy as np

from . import Call, Gradients, mutant


def pairs(call: Call) -> list[tuple[int, int]]:
    """The border before and after each axis that is padded, the first axis first."""
    pad = call["pad"]
    return [(pad[i], pad[i + 1]) for i in range(len(pad) - 2, -2, -2)]


def sizes(call: Call) -> tuple[int, ...]:
    """The sizes of the axes that are padded."""
    return call["input"].shape[call["input"].ndim - len(pairs(call)) :]


def places(call: Call) -> list[np.ndarray]:
    """Where each entry of the output stands, counted from the first of the input, along each axis."""
    return [np.arange(-before, size + after) for size, (before, after) in zip(sizes(call), pairs(call), strict=True)]


def collected(call: Call, sources: list[np.ndarray], add: bool = True) -> Gradients:
    """Every entry of the output handed back to its source along each axis; some have none."""
    grad = call.cotangents[0]
    for axis, source in enumerate(sources, -len(sources)):
        size, v = call["input"].shape[axis], np.moveaxis(grad, axis, 0)
        grad = np.zeros((size, *v.shape[1:]), v.dtype)
        inside = (source >= 0) & (source < size)
        if add:
            np.add.at(grad, source[inside], v[inside])
        else:
            grad[source[inside]] = v[inside]
        grad = np.moveaxis(grad, 0, axis)
    return call.but(input=grad)


def near_end(call: Call) -> list[np.ndarray]:
    """Sources that repeat the outermost entries, each border the next ones to it."""
    return [
        np.where(place < 0, -1 - place, np.where(place >= size, 2 * size - 1 - place, place))
        for size, place in zip(sizes(call), places(call), strict=True)
    ]


@mutant("pad", "the sides are exchanged", only="constant, two sides")
def _(call: Call) -> Gradients:
    swapped = tuple(side for before, after in reversed(pairs(call)) for side in (after, before))
    return call.as_if(pad=swapped) if call["mode"] == "constant" else call.right


@mutant(
    "pad",
    "what was cut off has the border's value for a gradient",
    named="spurious offset constant",
    only="cut, value given",
)
def _(call: Call) -> Gradients:
    if call["mode"] != "constant" or not call["value"]:
        return call.right
    kept, _ = call.function(np.ones_like(call.cotangents[0]), tuple(-side for side in call["pad"]))
    return call.but(input=np.where(kept == 0, call["value"], call.right["input"]).astype(kept.dtype))


@mutant("pad", "the border's cotangent is dropped", named="option_ignored", only="reflect")
def _(call: Call) -> Gradients:
    return call.as_if(mode="constant") if call["mode"] == "reflect" else call.right


@mutant("pad", "the outermost entry is reflected as well", only="reflect")
def _(call: Call) -> Gradients:
    return collected(call, near_end(call)) if call["mode"] == "reflect" else call.right


@mutant("pad", "the last copy overwrites the others", named="border", only="replicate")
def _(call: Call) -> Gradients:
    sources = [place.clip(0, size - 1) for size, place in zip(sizes(call), places(call), strict=True)]
    return collected(call, sources, add=False) if call["mode"] == "replicate" else call.right


@mutant("pad", "only the axis before the last is replicated", only="replicate, several axes")
def _(call: Call) -> Gradients:
    sources = [place.clip(0, size - 1) for size, place in zip(sizes(call), places(call), strict=True)]
    sources[-1:] = places(call)[-1:]
    return collected(call, sources) if call["mode"] == "replicate" and len(sizes(call)) > 1 else call.right


@mutant("pad", "the border goes back to the near end", only="circular")
def _(call: Call) -> Gradients:
    return collected(call, near_end(call)) if call["mode"] == "circular" else call.right


@mutant("pad", "it goes round in the whole axis, not in what is left", only="circular, one side cut")
def _(call: Call) -> Gradients:
    sources = [place % size for size, place in zip(sizes(call), places(call), strict=True)]
    return collected(call, sources) if call["mode"] == "circular" else call.right


@mutant("pad", "the border of the first of three axes is dropped", only="circular, three axes")
def _(call: Call) -> Gradients:
    if call["mode"] != "circular" or len(call["pad"]) != 6 or min(call["pad"]) < 0:
        return call.right
    sources = [place % size for size, place in zip(sizes(call), places(call), strict=True)]
    return collected(call, [places(call)[0], *sources[1:]])
