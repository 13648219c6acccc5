"""Packages with systems without end: a table of 60 MB of them, and thousands that results are of."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.hostile.specimens import add, package

_BYTES = 60_000_000
_MANY = 100_000
_LONG = 500_000
_REFUSED = ("merge", "bundle", "report", "diff", "export_mldcat_ap")
_TASK = "image-classification"


def _long_systems(folder: Path) -> Path:
    """60 MB of systems with notes of 500 kB each."""
    rows = "".join(f"s{number},Box,{'y' * _LONG}\n" for number in range(_BYTES // _LONG))
    return package(folder / "p", systems=f"id,name,notes\n{rows}")


def _short_systems(folder: Path) -> Path:
    """60 MB of systems of 50 characters each."""
    rows = "".join(
        f"s{number:07},Box of many boxes number {number:07},x86\n" for number in range(_BYTES // 49)
    )
    return package(folder / "p", systems=f"id,name,processor_name\n{rows}")


def _many_systems(folder: Path) -> Path:
    """100,000 records, each of a system and a model of its own."""
    systems = "".join(f"s{number},Box {number}\n" for number in range(_MANY))
    records = "".join(
        f"r{number},lpdnn,ok,{_TASK},resnet{number}{'x' * 80},s{number}\n"
        for number in range(_MANY)
    )
    measurements = "".join(
        f"r{number},latency,end-to-end,sample,0.5,s,measured,true\n" for number in range(_MANY)
    )
    return package(
        folder / "p",
        systems=f"id,name\n{systems}",
        records=f"id,suite,status,task,model,system_id\n{records}",
        measurements=f"record_id,metric,stage,per,value,unit,basis,primary\n{measurements}",
    )


_ON: dict[str, tuple[Callable[[Path], Path], tuple[str, ...]]] = {
    "long": (_long_systems, ("validate", "merge", "bundle", "report")),
    "short": (
        _short_systems,
        ("validate", "merge", "bundle", "report", "select", "diff", "export_mldcat_ap"),
    ),
    "many": (_many_systems, ("validate", "append", "compare", "versions", "query")),
}
_COMMANDS = {
    "validate": ["validate", "p"],
    "merge": ["merge", "p", "-o", "out"],
    "bundle": ["bundle", "p", "-o", "out.zip"],
    "report": ["report", "p", "-o", "out"],
    "select": ["select", "p", "suite = 'lpdnn'", "-o", "out"],
    "append": ["append", "p", "p"],
    "compare": ["compare", "p"],
    "versions": ["compare", "p", "p"],
    "diff": ["diff", "p", "p"],
    "query": ["query", "p", "SELECT count(*) FROM wide"],
    "export_mldcat_ap": ["export", "p", "--to", "mldcat-ap", "-o", "out"],
}


def _made(make: Callable[[Path], Path], arguments: list[str], folder: Path) -> list[str]:
    make(folder)
    return arguments


def _add_all() -> None:
    for shape, (make, names) in _ON.items():
        for name in names:
            add(
                f"systems_{shape}_{name}",
                f"{make.__doc__} {' '.join(_COMMANDS[name])}",
                "systems_bytes" if shape == "short" and name in _REFUSED else "",
                partial(_made, make, _COMMANDS[name]),
                statuses=(0, 1, 2),
                is_large=True,
                writes=True,
            )


_add_all()
