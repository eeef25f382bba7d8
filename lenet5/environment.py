"""What decides the last bits of a run, in words."""

import hashlib
import platform
from pathlib import Path

import torch

from lenet5.config import Config

PACKAGE = Path(__file__).resolve().parent
# The modules that decide a run's numbers. A changed figure or message leaves the runs
# that exist valid.
NUMERICAL = (
    "convolution.py",
    "cuda_graph.py",
    "data.py",
    "model.py",
    "train.py",
)


def code_hash() -> str:
    """SHA-256 of the modules that decide a run's numbers, as hexadecimal text."""
    digest = hashlib.sha256()
    for name in NUMERICAL:
        digest.update(
            name.encode()
            + b"\0"
            + (PACKAGE / name).read_bytes().replace(b"\r\n", b"\n")
            + b"\0"
        )
    return digest.hexdigest()


def describe(config: Config, data_checksum: str) -> dict:
    """Versions, processor, threads and settings under which a run was made.

    Parameters
    ----------
    config : Config
        Resolved: its device is "cpu" or "cuda".
    data_checksum : str

    Returns
    -------
    dict
        Fit for JSON, the same on every call on one machine.
    """
    libraries = ("Math Kernel Library", "MKL-DNN", "OpenBLAS")
    build = torch.__config__.show().splitlines()
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": cpu_model(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "gpu": torch.cuda.get_device_name() if config.device == "cuda" else None,
        "threads": config.threads,
        "blas": [
            line.strip(" -")
            for line in build
            if any(name in line for name in libraries)
        ],
        "deterministic_algorithms": torch.are_deterministic_algorithms_enabled(),
        "float32_matmul_precision": torch.get_float32_matmul_precision(),
        "data_sha256": data_checksum,
        "code_sha256": code_hash(),
    }


def cpu_model() -> str:
    """The processor's name, as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    models = [
        line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")
    ]
    return models[0] if models else platform.processor() or "unknown"
