"""Seconds an epoch in headless Chromium: ``python -m benchmarks.browser [EPOCHS]``.

The page's own worker trains and measures as it does for a reader. Beside it stand the
native engine on one thread, built for vectors of the same width, and TensorFlow.js and
ConvNetJS (fetched by npm into a temporary folder), which do a part of the epoch.
"""

import base64
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from playwright.sync_api import sync_playwright

from exact.compiler import cpuinfo, webassembly
from lenet5 import DATA, PROJECT
from lenet5.data import MD5, checksum, load

HERE = Path(__file__).parent
KERNEL = PROJECT / "book" / "kernel"
PAGE = PROJECT / "book" / "reproduce" / "worker"
WORKER = (  # the scripts of the page's worker, in the order in which it loads them
    KERNEL / "unpack.js",
    KERNEL / "kernel.js",
    KERNEL / "safetensors.js",
    PAGE / "random_numbers.js",
    PAGE / "sha256.js",
    PAGE / "data.js",
    PAGE / "train.js",
    PAGE / "worker.js",
)
EPOCHS = 3
PEERS = {
    "TensorFlow.js, backend cpu": ("tensorFlow", "@tensorflow/tfjs/dist/tf.min.js"),
    "ConvNetJS": ("convNet", "convnetjs/build/convnet-min.js"),
}
VERSIONS = ("@tensorflow/tfjs@4.22.0", "convnetjs@0.3.0")
PART = 1280  # images that the peers train and read; times are scaled to an epoch
OURS = """([code, order]) => new Promise((done, fail) => {
    const worker = new Worker(URL.createObjectURL(new Blob([code]))), times = [];
    worker.onmessage = ({ data: { metrics, failed } }) => {
        if (failed) fail(failed);
        if (metrics) times.push(performance.now() / 1e3);
        if (metrics?.epoch === order.config.epochs) done(times);
    };
    worker.postMessage({ order: { ...order, pictures: new Float32Array(784) } });
})"""
NATIVE = """
import time
from lenet5 import Config
from lenet5.data import load
from lenet5.parameters import initial_weights
from exact.engine import ExactEngine
from lenet5.train import train
times = []
engine = ExactEngine(initial_weights(0), threads=1)
train(Config(epochs=%d), *load(), engine, on_epoch=lambda *_: times.append(time.perf_counter()))
print(*times)
"""


def in_the_page(page, epochs: int) -> float:
    """The median epoch of the book's worker, both measurements included."""
    raw = DATA / "MNIST" / "raw"
    files = {name: in_base64((raw / name).read_bytes()) for name in MD5}
    files["kernel.wasm"] = in_base64(webassembly().read_bytes())
    order = {
        "config": {"epochs": epochs, "batch_size": 128, "lr": 3e-4, "seed": 0},
        "files": files,
        "data": checksum(*load()),
        "state": None,
        "first": 0,
        "often": False,
    }
    code = "\n".join(path.read_text(encoding="utf-8") for path in WORKER)
    return median_step(page.evaluate(OURS, [code, order]))


def native(epochs: int) -> float:
    """The median epoch of the native engine, one thread, no more than SSE2."""
    output = subprocess.check_output(
        [sys.executable, "-c", NATIVE % epochs],
        env=os.environ | {"LENET5_CPU": "baseline"},
        encoding="utf-8",
    )
    return median_step([float(word) for word in output.split()])


def peers(page, folder: str) -> dict[str, float]:
    """The seconds an epoch of each peer, by its name; none where npm cannot fetch them."""
    install = ["npm", "install", "--silent", "--prefix", folder, *VERSIONS]
    if not shutil.which("npm") or subprocess.run(install).returncode != 0:
        return {}
    train, _ = load()
    pixels = train.images[:PART] / np.float32(255)
    arguments = [in_base64(pixels.tobytes()), train.labels[:PART].tolist()]
    page.add_script_tag(path=KERNEL / "unpack.js")
    page.add_script_tag(path=HERE / "browser_peers.js")
    seconds = {}
    for name, (function, script) in PEERS.items():
        page.add_script_tag(path=Path(folder) / "node_modules" / script)
        call = f"""([pixels, labels]) => {function}(
            new Float32Array(lenet5.bytes(pixels).buffer), labels)"""
        training, reading = page.evaluate(call, arguments)
        # An epoch trains on 60,000 images, and both measurements read 70,000.
        seconds[name] = (60_000 * training + 70_000 * reading) / PART
    return seconds


def in_base64(content: bytes) -> str:
    """Bytes as text, in which they travel to a page."""
    return base64.b64encode(content).decode()


def median_step(times: list[float]) -> float:
    """The median time from one measurement to the next."""
    return statistics.median(np.diff(times))


def main() -> None:
    """Time all of them, and print the table."""
    epochs = int(sys.argv[1]) if len(sys.argv) > 1 else EPOCHS
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    seconds = {"native, one thread, SSE2": native(epochs)}
    with sync_playwright() as playwright, TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox"]
        )
        page = browser.new_page()
        seconds["this page"] = in_the_page(page, epochs)
        seconds |= peers(page, folder)
        version = browser.version
        browser.close()
    print(f"{cpuinfo('model name')}; Chromium {version}, headless; one thread.\n")
    print("| | epoch and both measurements, s | times the page |")
    print("| :--- | ---: | ---: |")
    for name, epoch in seconds.items():
        print(f"| {name} | {epoch:.2f} | {epoch / seconds['this page']:.2f} |")


if __name__ == "__main__":
    main()
