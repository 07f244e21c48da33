"""Document 000: perceptrons, an adversarial example and character models on autograd alone (AIMS)."""

from __future__ import annotations

from harness.reproduce.experiment import Experiment

from . import _aims_adversarial, _aims_digits, _aims_guards, _aims_improved, _aims_sweeps, _aims_text, _aims_times

EXPERIMENT = Experiment(
    number="000",
    name="aims",
    title="AIMS: perceptrons, an adversarial example, character models",
    about="Perceptrons on handwritten digits, started from N(0, √(2 / inputs)) and trained by momentum (equations 1 "
    "and 2), with one setting varied at a time; a picture changed until it is taken for another (equations 3 to 5); "
    "an RNN and an LSTM that write; and what the document leaves to future work. At the quick budget there are fewer "
    "pictures and fewer steps, and the rates are larger for it.",
    figures=(
        _aims_times.figure(1, "small", 3),
        _aims_times.figure(2, "larger", 7),
        *map(_aims_sweeps.figure, _aims_sweeps.SWEEPS),
        _aims_digits.FIGURE,
        _aims_adversarial.FIGURE,
        _aims_text.FIGURE,
        _aims_improved.FIGURE,
        _aims_text.STARTED,
        _aims_guards.FIGURE,
    ),
)
