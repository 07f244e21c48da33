"""What each part of the assignment computes, with its gradients: in our own contract, composed of the references."""

import numpy as np

import reference_impls as ref


def gaussian(input):
    output = np.exp(-input * input)
    return output, lambda d: {"input": -2 * input * output * d}


def cauchy(input):
    output = 1 / (1 + input * input)
    return output, lambda d: {"input": -2 * input * output * output * d}


ACTS = {"sigmoid": ref.sigmoid, "tanh": ref.tanh, "relu": ref.relu, "gaussian": gaussian, "cauchy": cauchy}
GATES = {"forget": "sigmoid", "input": "tanh", "input_select": "sigmoid", "output_select": "sigmoid", "output": "tanh"}


def dense(x, weights, suffix, act):
    """A layer of rows whose parameters are called W{suffix} and b{suffix}."""
    z, to_x = ref.linear(x, weights["W" + suffix], weights["b" + suffix])
    y, to_z = ACTS[act](z)

    def back(d_y):
        d = to_x(to_z(d_y)["input"])
        return d["input"], {"W" + suffix: d["weight"], "b" + suffix: d["bias"]}

    return y, back


def activation(x, act):
    """The activation alone."""
    output, back = ACTS[act](x)
    return output, lambda d: {"x": back(d)["input"]}


def layer(x, W, b, name):
    """Features first."""
    output, back = dense(x.T, {"W": W, "b": b}, "", name)

    def pullback(d_output):
        d_x, grads = back(d_output.T)
        return {"x": d_x.T, **grads}

    return output.T, pullback


def mlp(x, **weights):
    """Sigmoid in between, tanh at the end."""
    rows, backs, last = x.reshape(len(x), -1), [], len(weights) // 2
    for number in range(1, last + 1):
        rows, back = dense(rows, weights, str(number), "tanh" if number == last else "sigmoid")
        backs.append(back)

    def pullback(d_rows):
        grads = {}
        for back in reversed(backs):
            d_rows, own = back(d_rows)
            grads |= own
        return grads

    return rows, pullback


def loss(logits, targets):
    """The mean over the batch."""
    value, back = ref.cross_entropy(logits, targets)
    return value, lambda d: {"logits": back(d)["input"]}


def rnn_step(seen, _, weights):
    """What is seen, a character and the hidden state, makes the next hidden state."""
    hidden, back = dense(seen, weights, "_encoder", "gaussian")

    def step_back(d_hidden):
        d_seen, grads = back(d_hidden)
        return d_seen, [0], grads

    return [hidden], step_back


def lstm_step(seen, state, weights):
    """The cell keeps some of what it held, and takes in something new; some of it is shown."""
    inner = {name: dense(seen, weights, f"_{name}", act) for name, act in GATES.items() if name != "output"}
    forget, new, select, out = (y for y, _ in inner.values())
    cell = forget * state[1] + select * new
    shown, back = dense(cell, weights, "_output", "tanh")

    def step_back(d_hidden, d_cell):
        through, grads = back(d_hidden * out)
        d_cell = d_cell + through
        d_inner = {"forget": d_cell * state[1], "input": d_cell * select, "input_select": d_cell * new}
        d_seen = 0
        for name, d in {**d_inner, "output_select": d_hidden * shown}.items():
            d_part, own = inner[name][1](d)
            d_seen, grads = d_seen + d_part, grads | own
        return d_seen, [0, d_cell * forget], grads

    return [out * shown, cell], step_back


def reading(step, texts, weights):
    """The mean loss of every character of the last text but its first."""
    (classes, hidden), dtype = weights["W_decoder"].shape, weights["W_decoder"].dtype
    letters, cells = np.eye(classes, dtype=dtype), weights.get("b_forget", np.zeros(0)).shape
    state, outputs, backs = [np.zeros(hidden, dtype), np.zeros(cells, dtype)], [], []
    for character in texts[-1][:-1]:
        state, back = step(np.concatenate([letters[character], state[0]]), state, weights)
        outputs.append(state[0])
        backs.append(back)
    logits, to_outputs = ref.linear(np.stack(outputs), weights["W_decoder"], weights["b_decoder"])
    value, to_logits = ref.cross_entropy(logits, texts[-1][1:])

    def pullback(d_value):
        d = to_outputs(to_logits(d_value)["input"])
        grads, d_state = {"W_decoder": d["weight"], "b_decoder": d["bias"]}, [0.0] * len(state)
        for d_output, back in zip(d["input"][::-1], reversed(backs), strict=True):
            d_seen, d_state, own = back(d_output + d_state[0], *d_state[1:])
            d_state[0] = d_seen[classes:]
            grads |= {name: grads.get(name, 0) + one for name, one in own.items()}
        return grads

    return value, pullback


def steps(W, b, dW, db, learning_rate, momentum=0.0, **_):
    """Equations 1 and 2: velocity <- momentum velocity + gradient, parameter <- parameter - learning_rate velocity."""
    path = {}
    for name, start, slopes in (("W", W, dW), ("b", b, db)):
        velocity, path[name] = 0, [start]
        for slope in slopes:
            velocity = momentum * velocity + slope
            path[name].append(path[name][-1] - learning_rate * velocity)
    return {name: np.stack(one[1:]) for name, one in path.items()}


def attack(x, z, W, b, target, steps, max_perturbation, learning_rate, in_place=False):
    """Equations 3 to 5: z is brought to size on the way to the net; or `in_place`, once and for all."""
    path = {"x_adv": [], "z": []}
    for _ in range(steps):
        at = np.unravel_index(abs(z).argmax(), z.shape)
        scale = max_perturbation / abs(z[at])
        x_adv = x + scale * z
        logits, to_rows = dense(x_adv.reshape(1, -1), {"W": W, "b": b}, "", "tanh")
        slope = to_rows(ref.cross_entropy(logits, np.array([target]))[1](1.0)["input"])[0].reshape(x.shape)
        if in_place:
            z = scale * z
        else:
            slope = scale * slope
            slope[at] -= (slope * z).sum() / z[at]  # the largest entry sets the scale of all
        z = z - learning_rate * slope
        path["x_adv"].append(x_adv)
        path["z"].append(z)
    return {name: np.stack(one) for name, one in path.items()}
