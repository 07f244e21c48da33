"""What the specs do not draw: the start of a model, its precision, and what it leaves out."""

import numpy as np
import pytest
import torch

from reference_impls import init, models, optim
from reference_impls.models import char_lstm, char_parameters, char_rnn, mlp, mlp_parameters
from suites.specs.models import MLP, CharModel
from suites.training import Batch, Parameters, gradients

SIZES = (12, 8, 8, 3)


def rng() -> np.random.Generator:
    """The same each time."""
    return np.random.default_rng(3)


def a_batch(dtype: str = "f8") -> Batch:
    """Of an mlp of SIZES."""
    return rng().standard_normal((7, 12)).astype(dtype), rng().integers(3, size=7)


@pytest.mark.parametrize(
    ("ours", "module"),
    [
        (mlp_parameters(SIZES, rng=rng()), MLP(SIZES)),
        (mlp_parameters((4, 2), biases=None, rng=rng()), MLP((4, 2), bias=False)),
        (char_parameters("rnn", 5, 6, rng=rng()), CharModel("rnn", 5, 6)),
        (char_parameters("lstm", 5, 6, num_layers=2, rng=rng()), CharModel("lstm", 5, 6, num_layers=2)),
        (char_parameters("lstm", 5, 6, embedding_size=3, rng=rng()), CharModel("lstm", 5, 6, embedding_size=3)),
    ],
)
def test_parameters_are_named_as_in_a_state_dict(ours: Parameters, module: torch.nn.Module) -> None:
    """In the same order, with the same shapes."""
    theirs = {name: tuple(array.shape) for name, array in module.state_dict().items()}
    assert {name: array.shape for name, array in ours.items()} == theirs
    order = sorted(theirs, key=lambda name: name.startswith("embedding"), reverse=True)
    assert [*ours] == order


def test_the_start_of_an_mlp() -> None:
    """He normal weights and no bias, or what is asked for; one seed is one start, in every precision."""
    parameters = mlp_parameters((400, 300, 10), rng=rng())
    again = init.he_normal((300, 400), rng=rng())
    np.testing.assert_array_equal(parameters["layers.0.weight"], again)
    assert not parameters["layers.0.bias"].any()
    single = mlp_parameters((400, 300, 10), rng=rng(), dtype=np.float32)
    for name, array in parameters.items():
        np.testing.assert_array_equal(single[name], array.astype(np.float32))
    other = mlp_parameters((400, 10), init.zeros, init.ones, rng=rng())
    assert not other["layers.0.weight"].any()
    assert (other["layers.0.bias"] == 1).all()


def test_the_start_of_a_character_model() -> None:
    """Within ±1/√H and nearly up to it, as torch's; the table is standard normal."""
    parameters = char_parameters("lstm", 30, 100, embedding_size=40, rng=rng())
    table = parameters.pop("embedding.weight")
    assert abs(table.std() - 1) < 0.1
    for array in parameters.values():
        assert 0.09 < abs(array).max() <= 0.1


@pytest.mark.parametrize(
    ("parameters", "batch"),
    [
        ("mlp", a_batch("f4")),
        ("rnn", (rng().integers(5, size=(6, 2)), rng().integers(5, size=(6, 2)))),
        ("lstm", (rng().integers(5, size=(6, 2)), rng().integers(5, size=(6, 2)))),
    ],
)
def test_float32_stays_float32(parameters: str, batch: Batch) -> None:
    """Scores, gradients and parameters, whatever the optimiser."""
    single = np.float32
    model = {"mlp": mlp, "rnn": char_rnn, "lstm": char_lstm}[parameters]
    for make in (optim.SGD, optim.RMSprop, optim.Adam, optim.AdamW):
        if parameters == "mlp":
            own = mlp_parameters(SIZES, rng=rng(), dtype=single)
        else:
            own = char_parameters(parameters, 5, 6, embedding_size=3, rng=rng(), dtype=single)
        optimizer = make(own, weight_decay=0.1)
        for _ in range(2):
            _, grads = gradients(model, own, batch)
            assert {grad.dtype for grad in grads.values()} == {np.dtype(single)}
            optimizer.step(grads)
        assert {array.dtype for array in own.values()} == {np.dtype(single)}
        assert {one.dtype for memory in optimizer.memory.values() for one in memory.values()} <= {np.dtype(single)}


@pytest.mark.parametrize("shape", [(12,), (7, 12), (2, 3, 12), (0, 12), (2, 0, 12)])
@pytest.mark.parametrize("bias", [True, False])
def test_without_the_inputs_gradient(shape: tuple[int, ...], bias: bool) -> None:
    """All others are the same."""
    own = mlp_parameters(SIZES, biases=init.ones if bias else None, rng=rng())
    input = rng().standard_normal(shape)
    (output, pullback), (same, short) = mlp(input, **own), mlp(input, input_grad=False, **own)
    np.testing.assert_array_equal(output, same)
    d_output = rng().standard_normal(output.shape)
    grads, fewer = pullback(d_output), short(d_output)
    _ = grads.pop("input")
    assert set(fewer) == set(grads)
    for name, grad in grads.items():
        np.testing.assert_allclose(fewer[name], grad, rtol=1e-14, atol=1e-14, err_msg=name)


def test_an_activation_may_be_a_reference() -> None:
    """As well as a name."""
    own, (input, _) = mlp_parameters(SIZES, rng=rng()), a_batch()
    np.testing.assert_array_equal(
        mlp(input, models.gaussian, models.cauchy, **own)[0], mlp(input, "gaussian", "cauchy", **own)[0]
    )
    assert not np.array_equal(mlp(input, "gaussian", **own)[0], mlp(input, "gaussian", "cauchy", **own)[0])


def test_text_goes_on_where_it_stopped() -> None:
    """In two halves, the second from the states of the first: the same scores."""
    text = rng().integers(5, size=(8, 2))
    own = char_parameters("lstm", 5, 6, rng=rng())
    whole, _ = char_lstm(text, **own)
    first, _ = char_lstm(text[:4], **own)
    second, _ = char_lstm(text[4:], first.h_n, first.c_n, **own)
    np.testing.assert_allclose(np.concatenate([first.scores, second.scores]), whole.scores, rtol=1e-13)


def test_the_last_states_may_go_without_a_cotangent() -> None:
    """As if it were 0."""
    text = rng().integers(5, size=(8, 2))
    for model, layer in ((char_rnn, "rnn"), (char_lstm, "lstm")):
        (scores, *last), pullback = model(text, **char_parameters(layer, 5, 6, rng=rng()))
        d_scores = rng().standard_normal(scores.shape)
        grads, other = pullback(d_scores), pullback(d_scores, *map(np.zeros_like, last))
        pulled = pullback(d_scores, *map(np.ones_like, last))
        for name, grad in grads.items():
            np.testing.assert_array_equal(grad, other[name])
            assert name.startswith("linear") or not np.allclose(grad, pulled[name])


def test_refusals() -> None:
    """In our words."""
    with pytest.raises(ValueError, match=r"sizes is \(3,\), but should be the input's"):
        _ = mlp_parameters((3,), rng=rng())
    with pytest.raises(ValueError, match="layer is 'gru', but should be 'rnn' or 'lstm'"):
        _ = char_parameters("gru", 5, 6, rng=rng())


def test_facts_of_document_004() -> None:
    """The numbers of parameters; and from zeros with a sigmoid, the first step moves the output layer alone."""
    for sizes, count in {(784, 300, 10): 238510, (784, 10, 10, 10): 8070, (784, 20, 20, 10): 16330}.items():
        assert sum(array.size for array in mlp_parameters(sizes, rng=rng()).values()) == count
    own = mlp_parameters((12, 8, 3), init.zeros, rng=rng())
    _, grads = gradients(lambda input, **p: mlp(input, "sigmoid", **p), own, a_batch())
    assert {name for name, grad in grads.items() if grad.any()} == {"layers.1.weight", "layers.1.bias"}
