"""Seconds an epoch in a browser: ``python -m benchmarks.browser [EPOCHS]``.

The page's own workers train and measure as they do for a reader, one of them and then two,
in headless Chromium and, where it is installed, in Firefox. Beside them stand the native
engine on one thread, built for vectors of the same width, and TensorFlow.js and ConvNetJS
(fetched by npm into a temporary folder), which do a part of the epoch.
"""

import base64
import dataclasses
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from playwright.sync_api import sync_playwright

from benchmarks import firefox
from exact.compiler import cpuinfo, webassembly
from lenet5 import DATA, PROJECT, Config
from lenet5.config import report_config
from lenet5.data import MD5, checksum, load

HERE = Path(__file__).parent
KERNEL = PROJECT / "book" / "kernel"
PAGE = PROJECT / "book" / "training"
SCRIPTS = (  # what starts the workers of the page
    KERNEL / "unpack.js",
    KERNEL / "network.js",
    KERNEL / "kernel.js",
    PAGE / "training.js",
)
WORKER = (  # and what they load
    KERNEL / "unpack.js",
    KERNEL / "network.js",
    KERNEL / "kernel.js",
    KERNEL / "sha256.js",
    *sorted((PAGE / "worker").iterdir()),
)
WORKERS = (1, 2)
EPOCHS = 3
PEERS = {
    "TensorFlow.js, backend cpu": ("tensorFlow", "@tensorflow/tfjs/dist/tf.min.js"),
    "ConvNetJS": ("convNet", "convnetjs/build/convnet-min.js"),
}
VERSIONS = ("@tensorflow/tfjs@4.22.0", "convnetjs@0.3.0")
PART = 1280  # images that the peers train and read; times are scaled to an epoch
OURS = """([files, task, workers]) => new Promise((done, fail) => {
    const times = [];
    const hear = ({ metrics, failed }) => {
        if (failed) fail(failed);
        if (metrics) times.push(performance.now() / 1e3);
        if (metrics?.epoch !== task.config.epochs) return;
        training.stop();
        done(times);
    };
    lenet5.later = async (name) => files[name];
    const training = new lenet5.Training(hear);
    training.start({ ...task, pictures: new Float32Array(784) }, workers);
})"""
NATIVE = """
import time
from exact.network import Network
from lenet5.config import report_config
from lenet5.data import load
from lenet5.engines import make
from lenet5.train import train
times = []
config = report_config(epochs=%d)
engine = make(config, Network(config.network), threads=1)
train(config, *load(), engine, on_epoch=lambda *_: times.append(time.perf_counter()))
print(*times)
"""


def order_of(config: Config, workers: int) -> list:
    """What OURS takes: all files of the page's workers, and what they are to do."""
    raw = DATA / "MNIST" / "raw"
    files = {name: in_base64((raw / name).read_bytes()) for name in MD5}
    files["kernel.wasm"] = in_base64(webassembly().read_bytes())
    for script in WORKER:
        files[script.name] = in_base64(script.read_bytes())
    train, _ = load()
    task = {
        "config": dataclasses.asdict(config),
        "imageShape": train.images.shape[1:],
        "classes": len(np.unique(train.labels)),
        "data": checksum(*load()),
        "state": None,
        "first": 0,
        "often": False,
    }
    return [files, task, workers]


def in_the_page(page, config: Config, workers: int) -> float:
    """The median epoch of the book's workers, both measurements included."""
    page.goto("about:blank")
    for script in SCRIPTS:
        page.add_script_tag(path=script)
    return median_step(page.evaluate(OURS, order_of(config, workers)))


def in_firefox(config: Config, workers: int) -> float:
    """The same in Firefox."""
    return median_step(firefox.evaluate(SCRIPTS, OURS, order_of(config, workers)))


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
    config = report_config(epochs=epochs)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    seconds = {"native, one thread, SSE2": native(epochs)}
    with sync_playwright() as playwright, TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox"]
        )
        page = browser.new_page()
        for workers in WORKERS:
            row = f"this page, Chromium, workers: {workers}"
            seconds[row] = in_the_page(page, config, workers)
        seconds |= peers(page, folder)
        browsers = f"Chromium {browser.version}"
        browser.close()
    if firefox.program():
        browsers += f", {firefox.version()}"
        for workers in WORKERS:
            row = f"this page, Firefox, workers: {workers}"
            seconds[row] = in_firefox(config, workers)
    alone = seconds["this page, Chromium, workers: 1"]
    print(f"{cpuinfo('model name')}; {browsers}; headless.\n")
    print("| | epoch and both measurements, s | times Chromium, one worker |")
    print("| :--- | ---: | ---: |")
    for row, epoch in seconds.items():
        print(f"| {row} | {epoch:.2f} | {epoch / alone:.2f} |")


if __name__ == "__main__":
    main()
