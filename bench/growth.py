"""`python -m bench.growth`: how time grows with each kind of large input, at n, 2n and 4n; 1 where it is not linear."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

MOST = 2.4
"""So many times longer may twice the input take."""
_STEPS = (1, 2, 4)
_ROUNDS = 3
_NOISE = 0.05
"""Seconds: what takes less says nothing of how it grows."""
_OBJECTS = 20
_OUTPUT = ".output"
_REFUSED = re.compile("error BF90.*")
_MODULES = (
    "benchfmt.cli.commands",
    "benchfmt.conversion",
    "benchfmt.reports.text",
    "benchfmt.validation",
)
_MEASUREMENT = {
    "metric": "latency",
    "stage": "end-to-end",
    "per": "sample",
    "value": 0.5,
    "unit": "s",
    "basis": "measured",
}
_RECORD = {
    "benchfmt": "1.0",
    "id": "r1",
    "status": "ok",
    "benchmark": {"suite": "lpdnn"},
    "measurements": [_MEASUREMENT],
}


def _resources(folder: Path, count: int) -> list[str]:
    texts = [f'{{"name":"r{number}","path":"r{number}.csv"}}' for number in range(count)]
    (folder / "datapackage.json").write_text(f'{{"resources":[{",".join(texts)}]}}', "utf-8")
    return ["validate", "."]


def _columns(folder: Path, count: int) -> list[str]:
    names = ",".join(f"c{number}" for number in range(count))
    _package(folder, systems=f"id,{names}\ns1{',x' * count}\n")
    return ["validate", "."]


def _described_columns(folder: Path, count: int) -> list[str]:
    names = ",".join(f"c{number}" for number in range(count))
    (folder / "t.csv").write_text(f"ms,{names}\n1.5{',x' * count}\n", "utf-8")
    return ["describe", "t.csv"]


def _keys(folder: Path, count: int) -> list[str]:
    keys = {f"k{number}": 1 for number in range(count)}
    # At each size they are more than the processor's own memory holds: where they begin to be, `json.loads` grows by 3.
    objects = {f"example-{number}": keys for number in range(_OBJECTS)}
    record = {**_RECORD, "extensions": objects}
    (folder / "record.json").write_text(json.dumps(record), "utf-8")
    return ["validate", "record.json"]


def _measurements(folder: Path, count: int) -> list[str]:
    measured = [{**_MEASUREMENT, "scope": f"run:{number}"} for number in range(count)]
    (folder / "record.json").write_text(json.dumps({**_RECORD, "measurements": measured}), "utf-8")
    return ["validate", "record.json"]


def _attributes(folder: Path, count: int) -> list[str]:
    attributes = " ".join(f'a{number}="1"' for number in range(count))
    inner = f"<oml:tag {attributes}>1</oml:tag>" * 200
    text = f'<oml:run xmlns:oml="http://openml.org/openml">{inner}</oml:run>'
    (folder / "source").mkdir()
    (folder / "source" / "run.xml").write_text(text, "utf-8")
    return ["convert", "source", "-o", "out"]


def _files(folder: Path, count: int) -> list[str]:
    source = folder / "source"
    source.mkdir()
    for number in range(count):
        (source / f"f{number}.txt").write_bytes(b"x")
    return ["convert", "source", "-o", "out"]


def _rows(folder: Path, count: int) -> list[str]:
    records = "".join(f"r{number},lpdnn,ok\n" for number in range(count // 10))
    cells = ",latency,end-to-end,sample,run:{},0.0089,s,measured\n"
    rows = "".join(
        f"r{number}{cells.format(other)}" for number in range(count // 10) for other in range(10)
    )
    header = "record_id,metric,stage,per,scope,value,unit,basis\n"
    _package(folder, records=f"id,suite,status\n{records}", measurements=header + rows)
    return ["validate", "."]


def _cell_length(folder: Path, count: int) -> list[str]:
    rows = "".join(f"s{number},{'x' * count}\n" for number in range(200))
    _package(folder, systems=f"id,name\n{rows}")
    return ["validate", "."]


def _text_length(folder: Path, count: int) -> list[str]:
    texts = {f"t{number}": "x" * count for number in range(40)}
    record = {**_RECORD, "extensions": {"example": texts}}
    (folder / "record.json").write_text(json.dumps(record), "utf-8")
    return ["validate", "record.json"]


def _package(folder: Path, **tables: str) -> None:
    texts = {
        "systems": "id,name\ns1,Box\n",
        "records": "id,suite,status\nr1,lpdnn,ok\n",
        "measurements": "record_id,metric,value,unit,basis\nr1,latency,0.5,s,measured\n",
        **tables,
    }
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, "utf-8")
    resources = [{"name": name, "path": f"{name}.csv"} for name in texts]
    (folder / "datapackage.json").write_text(json.dumps({"resources": resources}), "utf-8")


Make = Callable[[Path, int], list[str]]


@dataclass(frozen=True)
class Kind:
    """A kind of large input: what makes it, and how many of what there are at first."""

    name: str
    make: Make
    count: int


KINDS = (
    Kind("resources of a descriptor", _resources, 2_500),
    Kind("columns of a table", _columns, 2_400),
    Kind("columns of a table to describe", _described_columns, 250),
    Kind("keys of each object", _keys, 12_500),
    Kind("measurements in a record", _measurements, 25_000),
    Kind("attributes of XML", _attributes, 2_500),
    Kind("files of a folder", _files, 10_000),
    Kind("rows of a table", _rows, 250_000),
    Kind("length of a cell", _cell_length, 80_000),
    Kind("length of a text", _text_length, 250_000),
)


def main() -> int:
    """Print the times of each kind and how they grow; 1 where one grows faster than the input."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a quarter of the sizes")
    parser.add_argument("--only", default="", metavar="TEXT", help="kinds whose names hold this")
    options = parser.parse_args()
    for name in _MODULES:
        importlib.import_module(name)
    missed = 0
    _tell(f"{'CPU seconds for':<32} {'n':>12} {'n':>8} {'2n':>8} {'4n':>8}   growth a step")
    for kind in KINDS:
        if options.only in kind.name:
            missed += not _is_linear(kind, kind.count // 4 if options.quick else kind.count)
    return int(missed > 0)


def _is_linear(kind: Kind, count: int) -> bool:
    """Print how long a kind of input takes, less what the least takes, and whether that grows as it does."""
    least, *of_steps = _measured(kind, count)
    times = [max(seconds - least, 0) for seconds in of_steps]
    ratios = _ratios(times)
    if max(ratios) > MOST:
        # Beside other programs some rounds take twice as long: what seems to grow too fast is measured once more.
        least, *of_steps = map(min, [least, *of_steps], _measured(kind, count))
        times = [max(seconds - least, 0) for seconds in of_steps]
        ratios = _ratios(times)
    verdict = "linear"
    if max(ratios) > MOST:
        verdict = f"MISSED: at most {MOST}"
    shown = " ".join(f"{seconds:8.2f}" for seconds in times)
    steps = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    _tell(f"{kind.name:<32} {count:>12,} {shown}   {steps}  {verdict}")
    return max(ratios) <= MOST


def _measured(kind: Kind, count: int) -> list[float]:
    """Return how long the least input takes, and those of the steps."""
    return [_seconds(kind.make, size) for size in (1, *(count * step for step in _STEPS))]


def _ratios(times: list[float]) -> list[float]:
    return [other / max(one, _NOISE) for one, other in pairwise(times)]


def _seconds(make: Make, count: int) -> float:
    """Return the CPU seconds of the command on an input of some size, the best of a few rounds."""
    with tempfile.TemporaryDirectory(prefix="growth-") as name:
        folder = Path(name)
        arguments = make(folder, count)
        seconds = min(_run(arguments, folder) for _ in range(_ROUNDS))
        # What is refused at once says nothing of how it grows.
        refused = _REFUSED.search((folder / _OUTPUT).read_text("utf-8"))
        if refused is not None:
            raise RuntimeError(f"{count:,} are beyond a limit: {refused[0]}")
        return seconds


def _run(arguments: list[str], folder: Path) -> float:
    """Run the command in a fork, which need not import it, and return what it computed."""
    child = os.fork()
    if child == 0:
        _end(arguments, folder)
    _, _, usage = os.wait4(child, 0)
    return usage.ru_utime + usage.ru_stime


def _end(arguments: list[str], folder: Path) -> None:
    """Run the command, which prints to a file, and end this process."""
    from benchfmt.cli import main as benchfmt

    os.chdir(folder)
    output = os.open(_OUTPUT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.argv = ["benchfmt", *arguments]
    try:
        benchfmt()
    finally:
        os._exit(0)


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
