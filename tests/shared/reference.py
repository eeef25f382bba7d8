"""Any network of the family, and its training, written anew in NumPy float64.

It is what the package is compared with. So it shares nothing with it: it reads the notation
by itself, and of a network it takes no more than notation and activation. Parameters are a
dict of arrays by their names, images are floats in [0, 1] of shape (N, C, H, W).
"""

import re

import numpy as np

A = 1.7159  # of the scaled tanh, LeCun et al. (1998), appendix A
S = 2 / 3


def windows(x, size):
    """(N, C, H, W) to (N, H', W', C * size * size), one row an output position."""
    view = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3))
    n, c, rows, columns = view.shape[:4]
    return view.transpose(0, 2, 3, 1, 4, 5).reshape(n, rows, columns, c * size * size)


def blocks(x, size):
    """(N, C, H, W) to (N, C, H // size, W // size, size * size): what each pool sees."""
    n, c, rows, columns = x.shape[0], x.shape[1], x.shape[2] // size, x.shape[3] // size
    x = x[:, :, : size * rows, : size * columns]
    x = x.reshape(n, c, rows, size, columns, size).transpose(0, 1, 2, 4, 3, 5)
    return x.reshape(n, c, rows, columns, size * size)


def unblocked(x, size, shape):
    """The inverse of blocks; the rows and columns that no pool sees are 0."""
    n, c, rows, columns, _ = x.shape
    x = x.reshape(n, c, rows, columns, size, size).transpose(0, 1, 2, 4, 3, 5)
    whole = np.zeros(shape)
    whole[:, :, : size * rows, : size * columns] = x.reshape(
        n, c, size * rows, size * columns
    )
    return whole


def winner(seen):
    """Which of the values that each pool sees is the maximum: the first of equal ones."""
    return seen.argmax(-1)


class Convolution:
    def __init__(self, weight, bias):
        self.weight, self.bias = weight, bias

    def forward(self, x):
        self.x = x
        rows = windows(x, self.weight.shape[-1])
        flat = self.weight.reshape(len(self.weight), -1)
        return (rows @ flat.T + self.bias).transpose(0, 3, 1, 2)

    def backward(self, grad):
        size = self.weight.shape[-1]
        rows = grad.transpose(0, 2, 3, 1).reshape(-1, len(self.weight))
        seen = windows(self.x, size).reshape(len(rows), -1)
        self.gradients = (rows.T @ seen).reshape(self.weight.shape), rows.sum(0)
        margin = (size - 1, size - 1)
        padded = np.pad(grad, ((0, 0), (0, 0), margin, margin))
        flipped = self.weight[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
        flat = flipped.reshape(len(flipped), -1)
        return (windows(padded, size) @ flat.T).transpose(0, 3, 1, 2)


class Dense:
    def __init__(self, weight, bias):
        self.weight, self.bias = weight, bias

    def forward(self, x):
        self.shape = x.shape
        self.x = x.reshape(len(x), -1)
        return self.x @ self.weight.T + self.bias

    def backward(self, grad):
        self.gradients = grad.T @ self.x, grad.sum(0)
        return (grad @ self.weight).reshape(self.shape)


class MaxPool:
    def __init__(self, size):
        self.size = size

    def forward(self, x):
        self.shape = x.shape
        seen = blocks(x, self.size)
        second, first = np.moveaxis(np.partition(seen, -2)[..., -2:], -1, 0)
        self.margin = (first - second).min()
        self.mask = np.eye(self.size**2)[winner(seen)]
        return (self.mask * seen).sum(-1)

    def backward(self, grad):
        return unblocked(self.mask * grad[..., None], self.size, self.shape)


class AveragePool:
    def __init__(self, size):
        self.size = size

    def forward(self, x):
        self.shape = x.shape
        return blocks(x, self.size).mean(-1)

    def backward(self, grad):
        share = np.repeat(grad[..., None] / self.size**2, self.size**2, axis=-1)
        return unblocked(share, self.size, self.shape)


class Relu:
    def forward(self, x):
        self.margin = abs(x).min()
        self.passes = x > 0
        return np.where(self.passes, x, 0)

    def backward(self, grad):
        return grad * self.passes


class ScaledTanh:
    def forward(self, x):
        self.tanh = np.tanh(S * x)
        return A * self.tanh

    def backward(self, grad):
        return grad * A * S * (1 - self.tanh**2)


ACTIVATIONS = {"relu": Relu, "tanh": ScaledTanh}


def layers(network, p, pool_last=False):
    """The layers with parameters ``p``, by name, from the image to the logits.

    A maximum is taken before the activation, since nothing is changed by it but ties where
    the activation is flat; textbooks have it behind (``pool_last``). An average is always
    taken before.
    """
    found = {}
    stages = re.findall(r"(\d+)C(\d)(?:-([MA])P(\d))?|(\d+)N", network.notation)
    stages.append(("", "", "", "", "classes"))
    convolutions = 0
    for number, (maps, _, pool, size, _) in enumerate(stages, 1):
        kind = Convolution if maps else Dense
        convolutions += bool(maps)
        name = f"conv{number}" if maps else f"dense{number - convolutions}"
        found[name] = kind(p[f"{name}.weight"], p[f"{name}.bias"])
        behind = {}
        if network.activation != "none" and number < len(stages):
            name = f"{network.activation}{number}"
            behind[name] = ACTIVATIONS[network.activation]()
        if pool:
            name = f"pool{number}"
            pooled = {name: (MaxPool if pool == "M" else AveragePool)(int(size))}
            behind = behind | pooled if pool == "M" and pool_last else pooled | behind
        found |= behind
    return found


def forward(network, p, images):
    """Logits, shape (N, classes)."""
    for layer in layers(network, p).values():
        images = layer.forward(images)
    return images


def margin(network, p, images):
    """By how little a pool or a ReLU decides, where it does by the least.

    What is decided by less than the rounding of float32 may be decided otherwise there, and
    a gradient then goes another way.
    """
    made = layers(network, p)
    for layer in made.values():
        images = layer.forward(images)
    margins = [getattr(layer, "margin", np.inf) for layer in made.values()]
    return min(margins)


def activations(network, p, images):
    """What each layer makes of some images, by its name."""
    found = {}
    for name, layer in layers(network, p, pool_last=True).items():
        images = layer.forward(images)
        found[name] = images
    return found


def loss_and_gradients(network, p, images, labels):
    """Mean cross-entropy of a batch and its gradient for each array of ``p``."""
    n = len(labels)
    made = layers(network, p)
    z = images
    for layer in made.values():
        z = layer.forward(z)
    z = z - z.max(1, keepdims=True)
    log_sum = np.log(np.exp(z).sum(1))
    loss = (log_sum - z[np.arange(n), labels]).mean()
    grad = np.exp(z - log_sum[:, None])
    grad[np.arange(n), labels] -= 1
    grad /= n
    for layer in reversed(made.values()):
        grad = layer.backward(grad)
    gradients = {}
    for name in p:
        layer, _, kind = name.partition(".")
        gradients[name] = made[layer].gradients[kind == "bias"]
    return loss, gradients


def adam(network, p, batches, lr, watch=None, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Kingma and Ba's algorithm 1, in place; returns the loss of every step.

    The rate ``lr`` is one number, or one for each of the batches; ``watch`` is called with
    the images of each before its step.
    """
    rates = np.broadcast_to(lr, len(batches))
    m = {name: np.zeros_like(value) for name, value in p.items()}
    v = {name: np.zeros_like(value) for name, value in p.items()}
    losses = []
    for t, (images, labels) in enumerate(batches, start=1):
        if watch:
            watch(images)
        loss, gradients = loss_and_gradients(network, p, images, labels)
        losses.append(loss)
        for name, g in gradients.items():
            m[name] = beta1 * m[name] + (1 - beta1) * g
            v[name] = beta2 * v[name] + (1 - beta2) * g**2
            m_hat, v_hat = m[name] / (1 - beta1**t), v[name] / (1 - beta2**t)
            p[name] -= rates[t - 1] * m_hat / (np.sqrt(v_hat) + epsilon)
    return losses


def sgd(network, p, batches, lr, watch=None, momentum=0.9):
    """Gradient descent with momentum, as :func:`adam` is called.

    The velocity is a sum of gradients, and the rate multiplies it, so that a change of the
    rate is one at once (as in PyTorch, and not as in Polyak's own form).
    """
    velocity = {name: np.zeros_like(value) for name, value in p.items()}
    rates = np.broadcast_to(lr, len(batches))
    losses = []
    for (images, labels), rate in zip(batches, rates, strict=True):
        if watch:
            watch(images)
        loss, gradients = loss_and_gradients(network, p, images, labels)
        losses.append(loss)
        for name, g in gradients.items():
            velocity[name] = momentum * velocity[name] + g
            p[name] -= rate * velocity[name]
    return losses


def in_float64(weights):
    """A copy of parameters, to be trained here."""
    return {name: array.astype(float) for name, array in weights.items()}


def batches_of(split, rows, size):
    """What it learns from: pixels in [0, 1] and labels, a pair a batch of the rows."""
    found = []
    for part in np.split(rows, range(size, len(rows), size)):
        images = split.images[part]
        if images.dtype == np.uint8:
            images = images / 255
        found.append((images.astype(float), split.labels[part]))
    return found
