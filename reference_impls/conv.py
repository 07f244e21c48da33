"""Convolutions and their transposes, in 1, 2 and 3 dimensions: each is one product of matrices.

The columns of one matrix are the windows of the image (im2col: Chellapilla, Puri & Simard 2006), the rows of the
other are the kernels. Channels fall into groups, each with kernels of its own.
"""

from __future__ import annotations

import numpy as np

from ._array import Array, Gradients, Pullback, Shape, check, check_floating
from ._windows import Numbers, Windows, check_images, fit, per_dimension

__all__ = ["conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]


def conv1d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Numbers = 1,
    padding: Numbers | str = 0,
    dilation: Numbers = 1,
    groups: int = 1,
) -> tuple[Array, Pullback]:
    """Cross-correlation of a signal with kernels.

    input (*batch, C, L), weight (O, C/groups, K), bias (O) -> output (*batch, O, L')
    """
    return _conv(1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Numbers = 1,
    padding: Numbers | str = 0,
    dilation: Numbers = 1,
    groups: int = 1,
) -> tuple[Array, Pullback]:
    """Cross-correlation of an image with kernels.

    input (*batch, C, H, W), weight (O, C/groups, K, K'), bias (O) -> output (*batch, O, H', W')
    """
    return _conv(2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Numbers = 1,
    padding: Numbers | str = 0,
    dilation: Numbers = 1,
    groups: int = 1,
) -> tuple[Array, Pullback]:
    """Cross-correlation of a volume with kernels.

    input (*batch, C, D, H, W), weight (O, C/groups, K, K', K''), bias (O) -> output (*batch, O, D', H', W')
    """
    return _conv(3, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Numbers = 1,
    padding: Numbers = 0,
    output_padding: Numbers = 0,
    groups: int = 1,
    dilation: Numbers = 1,
) -> tuple[Array, Pullback]:
    """The derivative of conv1d by its input, as a layer: each entry of a signal adds a scaled kernel to the output.

    input (*batch, C, L), weight (C, O/groups, K), bias (O) -> output (*batch, O, L')
    """
    return _conv_transpose(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Numbers = 1,
    padding: Numbers = 0,
    output_padding: Numbers = 0,
    groups: int = 1,
    dilation: Numbers = 1,
) -> tuple[Array, Pullback]:
    """The derivative of conv2d by its input, as a layer: each entry of an image adds a scaled kernel to the output.

    input (*batch, C, H, W), weight (C, O/groups, K, K'), bias (O) -> output (*batch, O, H', W')
    """
    return _conv_transpose(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Numbers = 1,
    padding: Numbers = 0,
    output_padding: Numbers = 0,
    groups: int = 1,
    dilation: Numbers = 1,
) -> tuple[Array, Pullback]:
    """The derivative of conv3d by its input, as a layer: each entry of a volume adds a scaled kernel to the output.

    input (*batch, C, D, H, W), weight (C, O/groups, K, K', K''), bias (O) -> output (*batch, O, D', H', W')
    """
    return _conv_transpose(3, input, weight, bias, stride, padding, output_padding, groups, dilation)


def _conv(
    dims: int,
    input: Array,
    weight: Array,
    bias: Array | None,
    stride: Numbers,
    padding: Numbers | str,
    dilation: Numbers,
    groups: int,
) -> tuple[Array, Pullback]:
    """output = kernels × columns, where a column holds what the kernels see at one place."""
    _check(dims, input, weight, bias, groups)
    outputs, channels = weight.shape[0], weight.shape[1] * groups
    _check_channels(dims, input, channels, bias, outputs)
    check(outputs % groups == 0, "groups", groups, f"a divisor of the {outputs} kernels in weight")
    windows = _windows(input.shape[-dims:], weight.shape[2:], stride, padding, dilation)
    columns = _columns(windows, input, groups)
    kernels = weight.reshape(groups, outputs // groups, -1)
    output = _images(kernels @ columns, dims, (*input.shape[: -dims - 1], outputs, *windows.places))

    def conv_pullback(d_output: Array) -> Gradients:
        # Windows overlap: an entry of the image adds up the cotangents of all windows that saw it.
        d_rows = _rows(d_output, dims, groups)
        grads = {
            "input": _add_columns(windows, kernels.swapaxes(1, 2) @ d_rows, input.shape),
            "weight": (d_rows @ columns.swapaxes(1, 2)).reshape(weight.shape),
        }
        return grads if bias is None else grads | {"bias": d_rows.sum(2).reshape(bias.shape)}

    return _plus(output, bias, dims), conv_pullback


def _conv_transpose(
    dims: int,
    input: Array,
    weight: Array,
    bias: Array | None,
    stride: Numbers,
    padding: Numbers,
    output_padding: Numbers,
    groups: int,
    dilation: Numbers,
) -> tuple[Array, Pullback]:
    """`_conv` with its forward and its pullback swapped: `input` takes the place of the cotangent."""
    _check(dims, input, weight, bias, groups)
    channels, outputs = weight.shape[0], weight.shape[1] * groups
    _check_channels(dims, input, channels, bias, outputs)
    check(channels % groups == 0, "groups", groups, f"a divisor of the {channels} channels of input")
    windows = _windows_back(input.shape[-dims:], weight.shape[2:], stride, padding, output_padding, dilation)
    rows = _rows(input, dims, groups)
    kernels = weight.reshape(groups, channels // groups, -1)
    shape = (*input.shape[: -dims - 1], outputs, *windows.sizes)
    output = _add_columns(windows, kernels.swapaxes(1, 2) @ rows, shape)

    def conv_transpose_pullback(d_output: Array) -> Gradients:
        # The forward is a convolution's adjoint, and the adjoint of that is the convolution.
        d_columns = _columns(windows, d_output, groups)
        grads = {
            "input": _images(kernels @ d_columns, dims, input.shape),
            "weight": (rows @ d_columns.swapaxes(1, 2)).reshape(weight.shape),
        }
        return grads if bias is None else grads | {"bias": _rows(d_output, dims, 1).sum(2).reshape(bias.shape)}

    return _plus(output, bias, dims), conv_transpose_pullback


def _check(dims: int, input: Array, weight: Array, bias: Array | None, groups: int) -> None:
    """Refuse what no convolution takes."""
    check_images(input, dims)
    check_floating(input=input, weight=weight, bias=bias)
    check(weight.ndim == dims + 2, "weight.ndim", weight.ndim, f"{dims + 2}")
    check(0 not in weight.shape, "weight.shape", weight.shape, "without a size of 0")
    check(groups >= 1, "groups", groups, "at least 1")


def _check_channels(dims: int, input: Array, channels: int, bias: Array | None, outputs: int) -> None:
    """Refuse channels that do not fit the weight."""
    check(input.shape[-dims - 1] == channels, "input.shape", input.shape, f"of {channels} channels to fit weight")
    if bias is not None:
        check(bias.shape == (outputs,), "bias.shape", bias.shape, f"({outputs},) to fit weight")


def _windows(sizes: Shape, kernel: Shape, stride: Numbers, padding: Numbers | str, dilation: Numbers) -> Windows:
    """What a convolution reads from an image of these sizes."""
    dims = len(kernel)
    step, gap = per_dimension("stride", stride, dims, 1), per_dimension("dilation", dilation, dims, 1)
    if isinstance(padding, str):
        check(padding in ("same", "valid"), "padding", repr(padding), "'same', 'valid' or numbers")
        check(padding == "valid" or bool((step == 1).all()), "stride", stride, "1, since padding is 'same'")
        border = gap * (np.array(kernel) - 1) * (padding == "same")
    else:
        border = 2 * per_dimension("padding", padding, dims, 0)
    windows = fit(sizes, kernel, step, gap, border // 2, border - border // 2)
    holds = bool((windows.places > 0).all())
    check(holds, "weight.shape", f"(…, {', '.join(map(str, kernel))})", f"of a kernel that fits {sizes}, padded")
    return windows


def _windows_back(
    places: Shape, kernel: Shape, stride: Numbers, padding: Numbers, output_padding: Numbers, dilation: Numbers
) -> Windows:
    """What a convolution with so many places reads, `output_padding` behind its last window included."""
    dims = len(kernel)
    step, gap = per_dimension("stride", stride, dims, 1), per_dimension("dilation", dilation, dims, 1)
    border = per_dimension("padding", padding, dims, 0)
    extra = per_dimension("output_padding", output_padding, dims, 0)
    small = bool((extra < np.maximum(step, gap)).all())
    check(small, "output_padding", output_padding, "less than stride or dilation")
    sizes = (np.array(places) - 1) * step + gap * (np.array(kernel) - 1) + 1 + extra - 2 * border
    check(bool((sizes > 0).all()), "padding", padding, f"less, since it leaves an output of sizes {sizes.tolist()}")
    return Windows(sizes, np.array(kernel), step, gap, border, np.array(places))


def _columns(windows: Windows, images: Array, groups: int) -> Array:
    """images (*batch, C, *sizes) -> (groups, C/groups × kernel, batch × places): one column for each window."""
    dims = len(windows.kernel)
    views = windows.read(np.moveaxis(images, -dims - 1, 0))  # (C, *batch, *places, *kernel)
    lines = images.shape[-dims - 1] * int(windows.kernel.prod())
    views = np.moveaxis(views, range(-dims, 0), range(1, dims + 1))
    return views.reshape(groups, lines // groups, views.size // lines)


def _add_columns(windows: Windows, columns: Array, shape: Shape) -> Array:
    """The adjoint of `_columns`, to images of this shape (*batch, C, *sizes)."""
    dims = len(windows.kernel)
    batch = shape[: -dims - 1]
    views = columns.reshape(shape[-dims - 1], *windows.kernel, *batch, *windows.places)
    return np.moveaxis(windows.add(np.moveaxis(views, range(1, dims + 1), range(-dims, 0))), 0, len(batch))


def _rows(images: Array, dims: int, groups: int) -> Array:
    """images (*batch, C, *sizes) -> (groups, C/groups, batch × sizes): one row for each channel."""
    channels = images.shape[-dims - 1]
    return np.moveaxis(images, -dims - 1, 0).reshape(groups, channels // groups, images.size // channels)


def _images(rows: Array, dims: int, shape: Shape) -> Array:
    """The inverse of `_rows`, to images of this shape (*batch, C, *sizes)."""
    batch, channels, sizes = shape[: -dims - 1], shape[-dims - 1], shape[-dims:]
    return np.moveaxis(rows.reshape(channels, *batch, *sizes), 0, len(batch))


def _plus(images: Array, bias: Array | None, dims: int) -> Array:
    """Add a number to each channel."""
    return images if bias is None else images + bias.reshape(-1, *(1,) * dims)
