"""Keras 3 on arrays in memory: compile, fit, evaluate. The backend is KERAS_BACKEND."""

import sys

import keras
import numpy as np
from keras import layers
from peers import report
from torchvision_cpu import MNIST


def main(root: str) -> None:
    keras.utils.set_random_seed(0)
    splits = []
    for part in (True, False):
        data = MNIST(root, train=part)
        images = data.data.numpy()[..., None].astype(np.float32) / 255
        splits.append((images, data.targets.numpy()))
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(6, 5, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 5, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(120, activation="relu"),
            layers.Dense(84, activation="relu"),
            layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(3e-4), loss, metrics=["accuracy"])

    def epoch():
        model.fit(*splits[0], batch_size=128, epochs=1, verbose=0)
        results = [
            model.evaluate(*split, batch_size=1000, verbose=0) for split in splits
        ]
        return 100 * (1 - results[1][1])

    report(epoch)


if __name__ == "__main__":
    main(sys.argv[1])
