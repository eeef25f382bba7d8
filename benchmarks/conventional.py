"""The loop that most tutorials show: ToTensor and DataLoader over PIL images."""

import sys

import torch
from peers import report
from torch import nn
from torch.utils.data import DataLoader
from torchvision_cpu import MNIST, ToTensor


def network():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(256, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )


def measure(model, loader):
    model.eval()
    loss, wrong = 0.0, 0
    with torch.no_grad():
        for images, labels in loader:
            outputs = model(images)
            loss += nn.functional.cross_entropy(outputs, labels, reduction="sum").item()
            wrong += (outputs.argmax(1) != labels).sum().item()
    return loss / len(loader.dataset), 100 * wrong / len(loader.dataset)


def main(root: str) -> None:
    torch.manual_seed(0)
    torch.set_num_threads(2)
    train, test = (
        MNIST(root, train=part, transform=ToTensor()) for part in (True, False)
    )
    batches = DataLoader(train, batch_size=128, shuffle=True)
    loaders = [DataLoader(split, batch_size=1000) for split in (train, test)]
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-4)

    def epoch():
        model.train()
        for images, labels in batches:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images), labels).backward()
            optimizer.step()
        return [measure(model, loader) for loader in loaders][1][1]

    report(epoch)


if __name__ == "__main__":
    main(sys.argv[1])
