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

from lenet5 import DATA, PROJECT
from lenet5.compiler import cpuinfo, webassembly
from lenet5.data import MD5, checksum, load

BOOK, HERE = PROJECT / "book", Path(__file__).parent
KERNEL, PAGE = BOOK / "kernel", BOOK / "reproduce" / "worker"
WORKER = [KERNEL / f"{name}.js" for name in ("unpack", "kernel", "safetensors")]
WORKER += [PAGE / f"{x}.js" for x in ("draws", "sha256", "data", "train", "worker")]
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
from lenet5.draws import initial_weights
from lenet5.exact import ExactEngine
from lenet5.train import train
times = []
engine = ExactEngine(initial_weights(0), threads=1)
train(Config(epochs=%d), *load(), engine, on_epoch=lambda *_: times.append(time.perf_counter()))
print(*times)
"""


def in_the_page(page, epochs: int) -> float:
    """The median epoch of the book's worker, both measurements included."""
    raw = DATA / "MNIST" / "raw"
    files = {name: (raw / name).read_bytes() for name in MD5}
    files["kernel.wasm"] = webassembly().read_bytes()
    files = {name: base64.b64encode(data).decode() for name, data in files.items()}
    config = {"epochs": epochs, "batch_size": 128, "lr": 3e-4, "seed": 0}
    order = {"config": config, "files": files, "data": checksum(*load())}
    order |= {"state": None, "first": 0, "often": False}
    code = "\n".join(path.read_text(encoding="utf-8") for path in WORKER)
    return median_step(page.evaluate(OURS, [code, order]))


def native(epochs: int) -> float:
    """The median epoch of the native engine, one thread, no more than SSE2."""
    command, env = [sys.executable, "-c", NATIVE % epochs], {"LENET5_CPU": "baseline"}
    said = subprocess.check_output(command, env=os.environ | env, encoding="utf-8")
    return median_step([float(word) for word in said.split()])


def median_step(times) -> float:
    return statistics.median(np.diff(times))


def main() -> None:
    epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    rows = []
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright, TemporaryDirectory() as folder:
        options = {"executable_path": chromium, "args": ["--no-sandbox"]}
        browser = playwright.chromium.launch(**options)
        page = browser.new_page()
        rows.append(("native, one thread, SSE2", native(epochs)))
        rows.append(("this page", in_the_page(page, epochs)))
        install = ["npm", "install", "--silent", "--prefix", folder, *VERSIONS]
        if shutil.which("npm") and subprocess.run(install).returncode == 0:
            images, labels = (array[:PART] for array in load()[0])
            pixels = base64.b64encode((images / np.float32(255)).tobytes()).decode()
            page.add_script_tag(path=KERNEL / "unpack.js")
            page.add_script_tag(path=HERE / "browser_peers.js")
            for name, (function, script) in PEERS.items():
                page.add_script_tag(path=Path(folder) / "node_modules" / script)
                call = f"""([pixels, labels]) => {function}(
                    new Float32Array(lenet5.bytes(pixels).buffer), labels)"""
                trained, read = page.evaluate(call, [pixels, labels.tolist()])
                rows.append((name, (60_000 * trained + 70_000 * read) / PART))
        version = browser.version
        browser.close()
    print(f"{cpuinfo('model name')}; Chromium {version}, headless; one thread.\n")
    print("| | epoch and both measurements, s | times the page |")
    print("| :--- | ---: | ---: |")
    for name, seconds in rows:
        print(f"| {name} | {seconds:.2f} | {seconds / rows[1][1]:.2f} |")


if __name__ == "__main__":
    main()
