"""A converter for tests, in a distribution of its own: one record in a file, some of which do odd things to who reads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ODD = '''
"""Odd: a number in a file; some words end or hold the process that reads them."""
import os, signal, time
from pathlib import Path
from benchfmt.converters.base import Match, Pattern, Unit
from benchfmt.record import Record

NAME, VERSION = "odd", "1.0"
PATTERNS = (Pattern(("*.odd",)),)
OPTIONS = ("colour",)

def detect(source):
    return Match(1.0, "odd files") if any(p.suffix == ".odd" for p in source.files) else None

def plan(source, options):
    for path in sorted(p for p in source.files if p.suffix == ".odd"):
        yield Unit(path, (), options)

def read(unit):
    if log := os.environ.get("ODD_LOG"):
        with open(log, "a") as file:
            file.write(unit.path.stem + "\\n")
    if os.environ.get("ODD_STOP") == unit.path.stem:
        # In a worker it is the process that asked which ends.
        worker = os.environ.get("ODD_WORKERS")
        os.kill(os.getppid() if worker else os.getpid(), int(os.environ.get("ODD_SIGNAL", "9")))
        time.sleep(60)
    word = unit.path.read_text()
    marker = unit.path.with_suffix(".seen")
    if word.startswith("once") and not marker.exists():
        marker.touch()
        word = word.split()[1]
    if word == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "hang":
        time.sleep(600)
    if word == "raise":
        raise ValueError("poison")
    if word == "eat":
        bytearray(2**62)
    yield Record.from_dict({
        "benchfmt": "1.0", "id": unit.path.stem, "benchmark": {"suite": "lpdnn"},
        "measurements": [{"metric": "latency", "value": 1.5 + len(unit.path.stem), "unit": "s", "basis": "measured"}],
        "status": "ok",
    })
'''  # fmt: skip
GOOD = 40


def installed(folder: Path) -> Path:
    """Return a folder in which the converter is installed."""
    metadata = folder / "odd-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata.parent / "odd.py").write_text(ODD)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[benchfmt.converters]\nodd = odd\n")
    return metadata.parent


def sources(folder: Path, count: int = GOOD, **odd: str) -> Path:
    """Return a folder with so many good sources, and others that hold a word."""
    folder.mkdir()
    for number in range(count):
        (folder / f"n{number:02}.odd").write_text(str(number))
    for name, word in odd.items():
        (folder / f"{name}.odd").write_text(word)
    return folder


def path_with(site: Path) -> str:
    """Return a path of modules on which the converter stands too."""
    return os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])


def started(site: Path, *arguments: object, **environment: str) -> subprocess.Popen[str]:
    """Start a conversion in a group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "benchfmt", "convert", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": path_with(site), **environment},
    )


def run(site: Path, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Return what became of a conversion."""
    process = started(site, *arguments, **environment)
    try:
        out, err = process.communicate(timeout=300)
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def tables(package: Path) -> dict[str, bytes]:
    """Return the files of the tables of a package as bytes."""
    return {
        path.relative_to(package).as_posix(): path.read_bytes()
        for path in package.rglob("*.parquet")
    }
