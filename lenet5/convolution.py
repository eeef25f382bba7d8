"""The two convolutions as a CPU computes them fastest; the values are those of the layers."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def convolve_and_pool(images: Tensor, layer: nn.Conv2d) -> Tensor:
    """A convolution and the 2 x 2 max-pool of it.

    Each kernel stands twice, once for the even columns and once, a pixel to the right,
    for the odd ones, and strides over two columns: a product with a zero is added to
    each sum, which changes no value. With twice the channels the convolution fills the
    vector registers, and the columns that a pool compares lie in two whole blocks.

    Parameters
    ----------
    images : Tensor, shape (N, channels, height, width)
    layer : Conv2d
        Its kernels, of stride 1 and without padding, and its bias.

    Returns
    -------
    Tensor, shape (N, out channels, rows // 2, columns // 2)
        Of the ``rows`` and ``columns`` that the convolution has.
    """
    rows = images.shape[2] - layer.kernel_size[0] + 1
    pooled_away = rows % 2  # a last row without its pair
    y = F.conv2d(
        images[:, :, : images.shape[2] - pooled_away],
        torch.cat([F.pad(layer.weight, (0, 1)), F.pad(layer.weight, (1, 0))]),
        torch.cat([layer.bias, layer.bias]),
        stride=(1, 2),
    )
    return _MaxOfPairs.apply(y)


class _MaxOfPairs(torch.autograd.Function):
    """Maximum over even and odd columns, which are the two halves of the channels, then
    over even and odd rows; of two equal values the latter takes the gradient.
    """

    @staticmethod
    def forward(context, y: Tensor) -> Tensor:
        rows = torch.maximum(*y.chunk(2, 1))
        pooled = torch.maximum(rows[:, :, ::2], rows[:, :, 1::2])
        context.save_for_backward(y, rows)
        return pooled

    @staticmethod
    def backward(context, gradient: Tensor) -> Tensor:
        y, rows = context.saved_tensors
        of_rows, of_y = torch.empty_like(rows), torch.empty_like(y)
        _pass_back(
            gradient,
            (rows[:, :, ::2], rows[:, :, 1::2]),
            (of_rows[:, :, ::2], of_rows[:, :, 1::2]),
        )
        _pass_back(of_rows, y.chunk(2, 1), of_y.chunk(2, 1))
        return of_y


def _pass_back(gradient: Tensor, pair, gradients) -> None:
    """Give the gradient of a maximum to the greater of a pair, and zero to the other."""
    # The backward pass of ReLU is the one vectorised "where greater than zero".
    first = torch.ops.aten.threshold_backward(gradient, pair[0] - pair[1], 0)
    gradients[0].copy_(first)
    torch.sub(gradient, first, out=gradients[1])


def convolve(x: Tensor, layer: nn.Conv2d) -> Tensor:
    """A convolution whose two gradients are each computed in their fastest memory layout.

    Parameters
    ----------
    x : Tensor, shape (N, channels, height, width)
    layer : Conv2d
        Its kernels, of stride 1 and without padding, and its bias.

    Returns
    -------
    Tensor, shape (N, out channels, rows, columns)
    """
    return _Convolution.apply(x, layer.weight, layer.bias)


class _Convolution(torch.autograd.Function):
    """Forward and for the weights' gradient channels-last, for the input's channels-first."""

    @staticmethod
    def forward(context, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        last = [
            tensor.contiguous(memory_format=torch.channels_last)
            for tensor in (x, weight)
        ]
        context.save_for_backward(x.contiguous(), weight.contiguous(), *last)
        return F.conv2d(*last, bias)

    @staticmethod
    def backward(context, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x, weight, x_last, weight_last = context.saved_tensors
        first = gradient.contiguous()
        of_x, _, _ = _gradients(first, x, weight, (True, False, False))
        last = gradient.contiguous(memory_format=torch.channels_last)
        _, *of_layer = _gradients(last, x_last, weight_last, (False, True, True))
        return of_x, *of_layer


def _gradients(gradient: Tensor, x: Tensor, weight: Tensor, wanted):
    """Those wanted of the gradients by input, weight and bias."""
    stride, padding, dilation, transposed = (1, 1), (0, 0), (1, 1), False
    return torch.ops.aten.convolution_backward(
        gradient,
        x,
        weight,
        [len(weight)],
        stride,
        padding,
        dilation,
        transposed,
        padding,
        1,
        wanted,
    )
