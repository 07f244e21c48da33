"""Calls the student's two functions, and hands back arrays by name. Runs in the box: NumPy, and no right answer."""


def affine(x, w, b, d_output=None):
    """The output; and the gradients, where one of the output is given."""
    import layer  # pyright: ignore[reportMissingImports]

    output = layer.affine(x, w, b)
    if output is None:
        raise NotImplementedError("affine returns nothing")
    if d_output is None:
        return {"output": output}
    gradients = layer.affine_backward(d_output, x, w, b)
    if gradients is None:
        return {"output": output}
    d_x, d_w, d_b = gradients
    return {"output": output, "x": d_x, "w": d_w, "b": d_b}
