"""On what machine, and with which versions, something was measured."""

import os
import platform
import re
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

import depository

PROGRAMS = {"git": ("git", "--version"), "restic": ("restic", "version"), "borg": ("borg", "--version")}
PACKAGES = (
    "boto3",
    "dulwich",
    "nbdime",
    "jupyterlab-autoversion",
    "pycrdt-store",
    "jupyter-ydoc",
    "zstandard",
    "moto",
)


def describe(scratch: Path) -> dict[str, str]:
    """The machine, in words; its disk is that of a directory."""
    return {
        "Processor": f"{_processor()}, {os.cpu_count()} cores, shared with other work",
        "memory": f"{_memory_gib():.0f} GiB",
        "disk": f"{_file_system(scratch)}, one fsync of a new file {_sync_ms(scratch):.2f} ms",
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "Python": platform.python_version(),
    }


def versions() -> dict[str, str]:
    """The versions of depository and of every tool that is there."""
    found = {"depository": depository.__version__}
    for name, command in PROGRAMS.items():
        if shutil.which(name):
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            number = re.search(r"\d+(\.\d+)+", said)
            found[name] = number[0] if number else said.strip()
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def has(package: str) -> bool:
    """Whether a package is installed."""
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _file_system(directory: Path) -> str:
    done = subprocess.run(["df", "--output=fstype", directory], capture_output=True, text=True, check=False)
    return done.stdout.split()[-1] if done.returncode == 0 else "unknown file system"


def _sync_ms(directory: Path) -> float:
    import statistics
    import time

    taken = []
    for number in range(20):
        file = directory / f"sync-{number}"
        start = time.perf_counter()
        with open(file, "wb") as out:
            out.write(b"x" * 4096)
            out.flush()
            os.fsync(out.fileno())
        taken.append(time.perf_counter() - start)
        file.unlink()
    return statistics.median(taken) * 1000
