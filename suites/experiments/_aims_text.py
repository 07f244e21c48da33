"""Document 000, figure 6: an RNN and an LSTM learn to write; and what the LSTM's start does to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from harness.reproduce.context import Context
from harness.reproduce.data import Text
from harness.reproduce.experiment import Claim, Figure, Table
from harness.reproduce.net import Array, Net, Parameters
from reference_impls import init, softmax
from reference_impls.models import char_lstm, char_parameters, char_rnn

from ._aims_train import MOMENTUM, Numbers, between, binned, gathered, spread
from ._nets import characters, mean_loss

LENGTH = 64  # characters of a piece of text
HELD = 20  # a twentieth of the text is kept for judging
DONE, RIGHT = "as it was done", "done right"
MODELS: dict[str, Callable[..., Any]] = {"rnn": partial(char_rnn, nonlinearity="gaussian"), "lstm": char_lstm}
Start = Callable[[str, int, int, np.random.Generator], Parameters]


# Starts.


def torchs(layer: str, vocabulary: int, hidden: int, rng: np.random.Generator) -> Parameters:
    """Uniform, as torch's own layers draw."""
    return char_parameters(layer, vocabulary, hidden, rng=rng)


def drawn(layer: str, vocabulary: int, hidden: int, rng: np.random.Generator, *, enter: Any, recur: Any) -> Parameters:
    """Biases 0; `enter` draws what leads in and out, `recur` what leads back, gate by gate."""
    parameters = torchs(layer, vocabulary, hidden, rng)
    for name, array in parameters.items():
        draw = recur if "weight_hh" in name else enter if "weight" in name else None
        rows = hidden if name.startswith(layer) else vocabulary
        gates = [
            np.zeros(rows) if draw is None else draw((rows, array.shape[1]), rng=rng) for _ in range(len(array) // rows)
        ]
        parameters[name] = np.concatenate(gates)
    return parameters


def documents(layer: str, vocabulary: int, hidden: int, rng: np.random.Generator) -> Parameters:
    """N(0, √(2 / inputs)), a gate's inputs being the characters and the hidden units together."""
    joint = partial(init.normal, std=float(np.sqrt(2 / (vocabulary + hidden))))
    parameters = drawn(layer, vocabulary, hidden, rng, enter=joint, recur=joint)
    return {**parameters, "linear.weight": init.he_normal((vocabulary, hidden), rng=rng)}


STARTS: dict[str, Start] = {
    "N(0, √(2 / inputs)), the document's": documents,
    "uniform, torch's": torchs,
    "Xavier": partial(drawn, enter=init.xavier_uniform, recur=init.xavier_uniform),
    "Xavier, orthogonal back": partial(drawn, enter=init.xavier_uniform, recur=init.orthogonal),
}


# Text.


def split(context: Context) -> tuple[Text, Array, Array]:
    """The text in lower case, what is learnt from, and what is kept for judging."""
    text = context.text().first(context.choose(200_000, 2_000_000)).lower
    held = len(text.numbers) // HELD
    return text, text.numbers[:-held], text.numbers[-held:]


def batches(numbers: Array, size: int, start: int, skip: int) -> Iterator[Array]:
    """Pieces of text one after the other, (LENGTH, size), round and round; `skip` characters are left out between."""
    while True:
        places = (start + np.arange(size * LENGTH)) % len(numbers)
        yield numbers[places].reshape(size, LENGTH).T
        start += size * LENGTH + skip


def pieces(numbers: Array, most: int) -> Array:
    """So many pieces, or as many as there are."""
    count = max(1, min(most, len(numbers) // LENGTH))
    return numbers[: count * LENGTH].reshape(count, -1).T


def document_loss(net: Net) -> Net:
    """With the document's loss: the sum of LENGTH - 1 terms over LENGTH."""
    share = (LENGTH - 1) / LENGTH

    def ours(*arguments: Any) -> tuple[float, Parameters]:
        loss, gradients = net.loss(*arguments)
        return share * loss, {name: share * gradient for name, gradient in gradients.items()}

    twin = net.twin_loss
    return replace(
        net, name=f"{net.name}, loss × {share:.3f}", loss=ours, twin_loss=lambda *given: share * twin(*given)
    )


# Training and writing.


def train(
    context: Context, layer: str, seed: int, *, way: str = RIGHT, start: Start = documents, lockstep: bool = True,
    rule: str = "SGD", described: str = "start as the document's", length: int = 200, shorter: int = 200,
) -> Numbers:  # fmt: skip
    """The losses as they were counted, the mean loss on the text that was kept, and texts before and after.

    `length` is that of the texts, `shorter` the number of steps at the quick budget.
    """
    text, numbers, kept = split(context)
    vocabulary, size, steps = len(text.alphabet), context.choose(16, 100), context.choose(shorter, 4000)
    hidden = context.choose(64, 5 * vocabulary)
    options = (
        {"lr": context.choose(1.0, 0.001), "momentum": MOMENTUM}
        if rule == "SGD"
        else {"lr": context.choose(0.01, 0.001)}
    )
    net = characters(
        layer, vocabulary, hidden, start=lambda: start(layer, vocabulary, hidden, context.rng("text start", seed)),
        rule=rule, options=options, **({"nonlinearity": "gaussian"} if layer == "rnn" else {}),
    )  # fmt: skip
    net = document_loss(net) if way == DONE else replace(net, name=f"{net.name}, {described}")
    trainer = context.trainer(net, dtype="float32", lockstep=lockstep)
    first = int(context.rng("text", seed).integers(len(numbers)))
    walk, losses = batches(numbers, size, first, size if way == DONE else 0), []
    before = write(layer, trainer.parameters(), text, context.rng("write"), length) if length else ""
    for step, piece in zip(range(steps), walk, strict=False):
        losses.append(trainer.step(piece[:-1], piece[1:]))
        if step % 20 == 0:
            context.tick(step / steps)
    judged = pieces(kept, 100)
    return {
        "losses": binned(losses, 40),
        "kept": mean_loss(net.scores(trainer.parameters(), judged[:-1]), judged[1:]),
        "steps": steps, "size": size, "hidden": hidden, "vocabulary": vocabulary, "options": options,
        "before": before,
        "after": write(layer, trainer.parameters(), text, context.rng("write"), length) if length else "",
    }  # fmt: skip


def write(layer: str, parameters: Parameters, text: Text, rng: np.random.Generator, length: int) -> str:
    """Text from the model, each character drawn by its probability, and the state kept; it begins after a space."""
    now, state, found = max(text.alphabet.find(" "), 0), (), ""
    for _ in range(length):
        (scores, *state), _ = MODELS[layer](np.array([now]), *state, **parameters)
        now = int(rng.choice(len(text.alphabet), p=softmax(scores[0], 0)[0]))
        found += text.alphabet[now]
    return found


# Figure 6.


def numbers(context: Context) -> Numbers:
    """Both layers, done right with three seeds, and as it was done with the first of them."""
    runs = [(layer, RIGHT, seed) for layer in ("rnn", "lstm") for seed in range(3)]
    runs += [(layer, DONE, 0) for layer in ("rnn", "lstm")]
    found = context.units(
        {f"{layer}, {way}, seed {seed}": partial(train, context, layer, seed, way=way, lockstep=seed == 0)
         for layer, way, seed in runs}
    )  # fmt: skip
    return {
        f"{layer}, {way}": gathered(
            found[f"{one}, {how}, seed {seed}"] for one, how, seed in runs if (one, how) == (layer, way)
        )
        for layer, way, _ in runs
    }


def claims(found: Numbers) -> list[Claim]:
    """LSTM against RNN; and what the division by LENGTH does."""
    rnn, lstm = (np.array(found[f"{layer}, {RIGHT}"]["kept"], float) for layer in ("rnn", "lstm"))
    return [
        Claim("After as many steps the LSTM's loss is below the RNN's, with every seed", bool((lstm < rnn).all()),
              f"on text that was kept, LSTM {between(lstm.tolist())}, RNN {between(rnn.tolist())}"),
    ]  # fmt: skip


def caption(found: Numbers) -> str:
    """What was trained, and the difference that the document's way makes."""
    one = found[f"lstm, {RIGHT}"]
    first = {name: one[name][0] for name in ("steps", "size", "hidden", "vocabulary", "options")}
    gaps = ", ".join(
        f"{layer.upper()} {found[f'{layer}, {DONE}']['kept'][0]:.3f} against "
        f"{found[f'{layer}, {RIGHT}']['kept'][0]:.3f}"
        for layer in ("rnn", "lstm")
    )
    options = ", ".join(f"{name} {value:g}" for name, value in first["options"].items())
    return (
        f"{first['hidden']} hidden units, {first['vocabulary']} characters, {first['steps']} steps on {first['size']} "
        f"pieces of {LENGTH} characters, {options}; three seeds. As it was done (dashed, one seed): the sum of "
        f"{LENGTH - 1} losses is divided by {LENGTH}, so the curve lies {1 / LENGTH:.1%} too low, and {first['size']} "
        f"characters are left out after each batch; done right (solid): the mean, and all of the text. What both come "
        f"to on text that was kept, with the same seed: {gaps}. The RNN's activation is the document's, e^-x²; single "
        "affine maps stand where it has nets of layers, and the LSTM is torch's."
    )


def table(found: Numbers) -> Table:
    """What they write."""
    rows = [["before", "RNN", shown(found[f"rnn, {RIGHT}"]["before"][0])]]
    rows += [[f"after, {layer.upper()}", f"loss {found[f'{layer}, {RIGHT}']['kept'][0]:.3f}",
              shown(found[f"{layer}, {RIGHT}"]["after"][0])] for layer in ("rnn", "lstm")]  # fmt: skip
    rows[0] = ["before, RNN", "", rows[0][2]]
    return Table(["", "on text that was kept", "text"], rows)


def shown(text: str) -> str:
    """With its line ends as signs: a table's cell is one line."""
    return text.replace("\n", "⏎")


def draw(canvas: Any, found: Numbers) -> None:
    """Loss against steps."""
    axes = canvas.subplots()
    for name, one in found.items():
        layer, way = name.split(", ")
        style = {"color": "C0" if layer == "lstm" else "C1", "ls": "--" if way == DONE else "-"}
        spread(axes, one["steps"][0], one["losses"], f"{layer.upper()}, {way}: {np.mean(one['kept']):.3f}", **style)
    axes.set(xlabel="step", ylabel="training loss, as it was counted")
    axes.legend(title="mean loss on text that was kept")


# The start of the LSTM, of the document's future work.


def start_numbers(context: Context) -> Numbers:
    """Each start with two seeds; and the last of them by Adam."""
    ways = {name: (name, "SGD") for name in STARTS}
    ways[f"{list(STARTS)[-1]}, by Adam"] = list(STARTS)[-1], "Adam"
    seeds = range(context.choose(2, 3))

    def run(label: str, seed: int) -> Numbers:
        name, rule = ways[label]
        more: Numbers = {"rule": rule, "described": f"start {name}", "lockstep": seed == 0, "length": 0, "shorter": 120}
        return train(context, "lstm", seed, start=STARTS[name], **more)

    found = context.units({f"{label}, seed {seed}": partial(run, label, seed) for label in ways for seed in seeds})
    return {label: gathered(found[f"{label}, seed {seed}"] for seed in seeds) for label in ways}


def start_claims(found: Numbers) -> list[Claim]:
    """Better than the document's."""
    (base, one), *others = ((name, np.array(one["kept"], float)) for name, one in found.items())
    return [
        Claim(f"{name}: lower after as many steps than {base}", bool((other < one).all()),
              f"{between(other.tolist())} against {between(one.tolist())}")
        for name, other in others
    ]  # fmt: skip


def start_caption(found: Numbers) -> str:
    """Who is first."""
    means = {name: float(np.mean(one["kept"])) for name, one in found.items()}
    best = min(means, key=lambda name: means[name])
    one, *_, last = found.values()
    rates = f"Momentum has the rate {one['options'][0]['lr']:g}, Adam {last['options'][0]['lr']:g}"
    return (
        f"The LSTM of figure 6, done right, {one['steps'][0]} steps each on the same text, {len(one['kept'])} seeds. "
        f"Gate by gate, biases 0 but for torch's start. {rates}. Lowest on the text that was kept: "
        f"{best} with {means[best]:.3f}; the document's start has {next(iter(means.values())):.3f}."
    )


def start_draw(canvas: Any, found: Numbers) -> None:
    """Loss against steps."""
    axes = canvas.subplots()
    for name, one in found.items():
        spread(axes, one["steps"][0], one["losses"], f"{name}: {np.mean(one['kept']):.3f}")
    axes.set(xlabel="step", ylabel="training loss")
    axes.legend(title="mean loss on text that was kept", fontsize=8)


FIGURE = Figure(
    "fig6", "Figure 6: RNN and LSTM on characters", numbers, caption, draw=draw, table=table, claims=claims, weight=35
)
STARTED = Figure(
    "future-lstm", "Future work: the start of the LSTM", start_numbers, start_caption, draw=start_draw,
    claims=start_claims, weight=40,
)  # fmt: skip
