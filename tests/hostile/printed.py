"""Names and values that steer a terminal, or turn the direction of writing, and formulas."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from tests.hostile.specimens import RECORD, add, annotated, described, lines, package, specimen

STEERING = "\x1b]0;pwn\x07\x1b[31mred\u202e\x9b2J\x7f\u2066"
_TEXT = "id,suite,status,placement\nr1,lpdnn,ok,%s\n"


def _table(folder: Path, options: list[str]) -> list[str]:
    package(folder, records=_TEXT.replace("lpdnn", f"lp{STEERING}") % STEERING)
    return ["validate", *options, "."]


def _header(folder: Path, options: list[str]) -> list[str]:
    package(folder, records=f"id,suite,status,{STEERING}\nr1,lpdnn,ok,x\n")
    return ["validate", *options, "."]


def _column_twice(folder: Path, options: list[str]) -> list[str]:
    package(folder, records=f"id,suite,status,{STEERING},{STEERING}\nr1,lpdnn,ok,x,x\n")
    return ["validate", *options, "."]


def _ids(folder: Path, options: list[str]) -> list[str]:
    package(folder, records=f"id,suite,status\nr1{STEERING},lpdnn,ok\n")
    return ["validate", *options, "."]


def _path(folder: Path, options: list[str]) -> list[str]:
    place = package(folder)
    described(
        place,
        {
            "systems": "systems.csv",
            "records": f"{STEERING}.csv",
            "measurements": "measurements.csv",
        },
    )
    return ["validate", *options, "."]


def _keys(folder: Path, options: list[str]) -> list[str]:
    lines(
        folder / "all.jsonl",
        {**RECORD, STEERING: STEERING, "status": STEERING},
        {**RECORD, "id": STEERING},
    )
    return ["validate", *options, "all.jsonl"]


def _key_twice(folder: Path, options: list[str]) -> list[str]:
    name = json.dumps(STEERING)
    lines(folder / "all.jsonl", f"{{{name}:1,{name}:2}}")
    return ["validate", *options, "all.jsonl"]


def _heading(folder: Path, options: list[str]) -> list[str]:
    heading = {"benchfmt": {"version": STEERING, "prefixes": {STEERING: {}}}, "title": STEERING}
    lines(folder / "all.jsonl", heading, RECORD)
    return ["validate", *options, "all.jsonl"]


def _descriptor(folder: Path, options: list[str]) -> list[str]:
    place = package(folder)
    described(place, {"systems": "systems.csv"}, **{STEERING: STEERING, "profile": STEERING})
    return ["validate", *options, "."]


def _file(folder: Path, options: list[str]) -> list[str]:
    name = f"{STEERING.replace('/', '')}.jsonl"
    lines(folder / name, {**RECORD, "status": "bad"})
    return ["validate", *options, name]


def _parquet(folder: Path, options: list[str]) -> list[str]:
    place = package(folder)
    table = pa.table({"id": ["r1"], "suite": [STEERING], "status": [STEERING], STEERING: [[1]]})
    pq.write_table(table, place / "records.parquet")
    (place / "records.csv").unlink()
    described(
        place,
        {
            "systems": "systems.csv",
            "records": "records.parquet",
            "measurements": "measurements.csv",
        },
    )
    return ["validate", *options, "."]


_VALIDATED: dict[str, Callable[[Path, list[str]], list[str]]] = {
    "cells": _table,
    "column": _header,
    "column_twice": _column_twice,
    "ids": _ids,
    "path": _path,
    "keys": _keys,
    "key_twice": _key_twice,
    "heading": _heading,
    "descriptor": _descriptor,
    "file_name": _file,
    "parquet": _parquet,
}


def _add_validated() -> None:
    for name, make in _VALIDATED.items():
        for form in ("text", "json"):
            add(
                f"steering_{name}_as_{form}",
                f"what steers a terminal in {name}, as {form}",
                "BF",
                lambda folder, make=make, form=form: make(folder, ["--format", form]),
            )


_add_validated()


@specimen("what steers a terminal in a described table", "", statuses=(0, 1), writes=True)
def steering_in_a_source(folder: Path) -> list[str]:
    source = folder / "source"
    annotated(source, "t.csv")
    (source / "t.csv").write_text(f"ms,{STEERING}\n1.5,x\n{STEERING},y\n", "utf-8", newline="")
    (source / f"{STEERING}.csv").write_text(f"{STEERING}\n1\n", "utf-8")
    return ["convert", "source", "-o", "out"]


@specimen("what steers a terminal in a table to describe", "", statuses=(0, 1, 2))
def steering_in_a_table_to_describe(folder: Path) -> list[str]:
    (folder / f"{STEERING}.csv").write_text(
        f"latency (ms),{STEERING},model\n1.5,2,{STEERING}\n2.5,3,{STEERING}b\n", "utf-8", newline=""
    )
    return ["describe", f"{STEERING}.csv"]


@specimen("what steers a terminal in a package that is shown", "", statuses=(0, 1, 2))
def steering_in_a_package_that_is_shown(folder: Path) -> list[str]:
    place = package(folder, records=_TEXT % f"c{STEERING}")
    del place
    return ["show", "--records", "."]


@specimen("what steers a terminal in the account of a conversion", "", statuses=(0, 1), writes=True)
def steering_in_an_account(folder: Path) -> list[str]:
    source = folder / "source"
    annotated(source, "t.csv", title=STEERING)
    (source / "t.csv").write_text("ms\n1.5\n", "utf-8")
    (source / f"b{STEERING}.json").write_text("{", "utf-8")
    (source / f"mlperf{STEERING}_log_summary.txt").write_text("x", "utf-8")
    return ["convert", "source", "-o", "out", "--account", "out.json"]


@specimen("a command line that steers a terminal", "not exist", statuses=(2,))
def steering_in_an_argument(folder: Path) -> list[str]:
    return ["validate", STEERING]


@specimen("an option that steers a terminal", "", statuses=(2,))
def steering_in_an_option(folder: Path) -> list[str]:
    package(folder)
    return ["validate", "--rules", STEERING, "."]


@specimen("a code to explain that steers a terminal", "", statuses=(2,))
def steering_in_a_code(folder: Path) -> list[str]:
    del folder
    return ["explain", STEERING]


@specimen("a name of a file that is not UTF-8", "", statuses=(0, 1, 2), writes=True)
def name_that_is_no_text(folder: Path) -> list[str]:
    source = folder / "source"
    annotated(source, "t.csv")
    (source / "t.csv").write_text("ms\n1.5\n", "utf-8")
    (source / "b\udcff\udc80.csv").write_text("x\n1\n", "utf-8")
    return ["convert", "source", "-o", "out"]


@specimen("formulas in cells", "BF908", statuses=(0, 1))
def formulas(folder: Path) -> list[str]:
    cells = [
        "=1+1",
        "+cmd",
        "-x",
        "@SUM(A1)",
        '"=HYPERLINK(""http://x"",""y"")"',
        "=cmd|' /C calc'!A0",
    ]
    rows = "".join(f"s{number},{cell}\n" for number, cell in enumerate(cells))
    package(folder, systems=f"id,vendor\n{rows}")
    return ["validate", "."]


@specimen("1,000,000 formulas", "BF908", statuses=(0, 1), is_large=True)
def many_formulas(folder: Path) -> list[str]:
    rows = "".join(f"s{number},=1+{number}\n" for number in range(1_000_000))
    package(folder, systems=f"id,vendor\n{rows}")
    return ["validate", "."]
