"""PyTorch Lightning over the conventional data loader."""

import logging
import sys
import warnings

# First, since lightning imports torchvision.
from torchvision_cpu import MNIST, ToTensor  # isort: skip

import lightning
import torch
from conventional import measure, network
from peers import report
from torch.utils.data import DataLoader


class Module(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.network = network()

    def training_step(self, batch, index):
        images, labels = batch
        return torch.nn.functional.cross_entropy(self.network(images), labels)

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=3e-4)


def main(root: str) -> None:
    warnings.simplefilter("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    lightning.seed_everything(0, verbose=False)
    torch.set_num_threads(2)
    train, test = (
        MNIST(root, train=part, transform=ToTensor()) for part in (True, False)
    )
    batches = DataLoader(train, batch_size=128, shuffle=True)
    loaders = [DataLoader(split, batch_size=1000) for split in (train, test)]
    module = Module()

    def epoch():
        trainer = lightning.Trainer(
            max_epochs=1,
            accelerator="cpu",
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(module, batches)
        return [measure(module.network, loader) for loader in loaders][1][1]

    report(epoch)


if __name__ == "__main__":
    main(sys.argv[1])
