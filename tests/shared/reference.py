"""LeNet-5 and Adam written anew in NumPy float64, to compare the package with."""

import numpy as np


def windows(x, size):
    """(N, C, H, W) to (N, H', W', C * size * size), one row an output position."""
    view = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3))
    n, c, rows, columns = view.shape[:4]
    return view.transpose(0, 2, 3, 1, 4, 5).reshape(n, rows, columns, c * size * size)


def convolve(x, weight, bias):
    return (windows(x, 5) @ weight.reshape(len(weight), -1).T + bias).transpose(
        0, 3, 1, 2
    )


def convolve_back(x, weight, grad):
    rows = grad.transpose(0, 2, 3, 1).reshape(-1, len(weight))
    grad_weight = rows.T @ windows(x, 5).reshape(len(rows), -1)
    padded = np.pad(grad, ((0, 0), (0, 0), (4, 4), (4, 4)))
    flipped = weight[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
    grad_x = (windows(padded, 5) @ flipped.reshape(len(flipped), -1).T).transpose(
        0, 3, 1, 2
    )
    return grad_x, grad_weight.reshape(weight.shape), rows.sum(0)


def pool(x):
    """The maximum of each 2x2 block, and a mask of the first place that holds it."""
    n, c, rows, columns = x.shape[0], x.shape[1], x.shape[2] // 2, x.shape[3] // 2
    blocks = x[:, :, : 2 * rows, : 2 * columns].reshape(n, c, rows, 2, columns, 2)
    blocks = blocks.transpose(0, 1, 2, 4, 3, 5).reshape(n, c, rows, columns, 4)
    return blocks.max(-1), np.eye(4)[blocks.argmax(-1)]


def pool_back(mask, grad, shape):
    """The gradient by the pool's input, of ``shape``: an odd last row or column gets 0."""
    n, c, rows, columns, _ = mask.shape
    spread = (mask * grad[..., None]).reshape(n, c, rows, columns, 2, 2)
    whole = np.zeros(shape)
    whole[:, :, : 2 * rows, : 2 * columns] = spread.transpose(0, 1, 2, 4, 3, 5).reshape(
        n, c, 2 * rows, 2 * columns
    )
    return whole


def loss_and_gradients(p, images, labels):
    """Mean cross-entropy of a batch and its gradient for each array of ``p``."""
    n = len(labels)
    a1 = convolve(images, p["conv1.weight"], p["conv1.bias"])
    p1, m1 = pool(np.maximum(a1, 0))
    a2 = convolve(p1, p["conv2.weight"], p["conv2.bias"])
    p2, m2 = pool(np.maximum(a2, 0))
    inputs, outputs = [p2.reshape(n, -1)], []
    for layer in ("dense1", "dense2", "dense3"):
        outputs.append(inputs[-1] @ p[f"{layer}.weight"].T + p[f"{layer}.bias"])
        inputs.append(np.maximum(outputs[-1], 0))
    z = outputs[-1] - outputs[-1].max(1, keepdims=True)
    log_sum = np.log(np.exp(z).sum(1))
    loss = (log_sum - z[np.arange(n), labels]).mean()
    grad = np.exp(z - log_sum[:, None])
    grad[np.arange(n), labels] -= 1
    grad /= n
    g = {}
    for i, layer in ((2, "dense3"), (1, "dense2"), (0, "dense1")):
        if layer != "dense3":
            grad = grad * (outputs[i] > 0)
        g[f"{layer}.weight"], g[f"{layer}.bias"] = grad.T @ inputs[i], grad.sum(0)
        grad = grad @ p[f"{layer}.weight"]
    grad = pool_back(m2, grad.reshape(p2.shape), a2.shape) * (a2 > 0)
    grad, g["conv2.weight"], g["conv2.bias"] = convolve_back(
        p1, p["conv2.weight"], grad
    )
    grad = pool_back(m1, grad, a1.shape) * (a1 > 0)
    _, g["conv1.weight"], g["conv1.bias"] = convolve_back(
        images, p["conv1.weight"], grad
    )
    return loss, g


def adam(p, batches, lr, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Kingma and Ba's algorithm 1, in place; returns the loss of every step."""
    m = {name: np.zeros_like(value) for name, value in p.items()}
    v = {name: np.zeros_like(value) for name, value in p.items()}
    losses = []
    for t, (images, labels) in enumerate(batches, start=1):
        loss, gradients = loss_and_gradients(p, images, labels)
        losses.append(loss)
        for name, g in gradients.items():
            m[name] = beta1 * m[name] + (1 - beta1) * g
            v[name] = beta2 * v[name] + (1 - beta2) * g**2
            m_hat, v_hat = m[name] / (1 - beta1**t), v[name] / (1 - beta2**t)
            p[name] -= lr * m_hat / (np.sqrt(v_hat) + epsilon)
    return losses
