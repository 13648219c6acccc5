"""Packed files of very many streams, and texts and lists of a descriptor that draw out more than they are."""

from __future__ import annotations

import bz2
import lzma
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

from pydantic import JsonValue
from tests.hostile.specimens import DESCRIPTOR, add, annotated, edited, package, specimen

_TABLE = b"ms\n1.5\n"


def _packed(suffix: str, content: bytes, command: str, folder: Path) -> list[str]:
    """Write a described table that is packed."""
    source = folder / "source"
    annotated(source, f"t.csv.{suffix}", compression=suffix)
    (source / f"t.csv.{suffix}").write_bytes(content)
    if command == "validate":
        return ["validate", "source"]
    (source / DESCRIPTOR).unlink()
    return ["describe", f"source/t.csv.{suffix}"]


_STREAMS: dict[str, tuple[str, str, Callable[[], bytes], str]] = {
    "rows": (
        "xz",
        "20,000 streams of a row each",
        lambda: lzma.compress(b"ms\n") + lzma.compress(b"1.5\n") * 20_000,
        "BF905",
    ),
    "nothing": (
        "xz",
        "200,000 streams of nothing",
        lambda: lzma.compress(_TABLE) + lzma.compress(b"") * 200_000,
        "BF905",
    ),
    "empty_streams": (
        "bz2",
        "streams of nothing behind the table",
        lambda: bz2.compress(_TABLE) + bz2.compress(b"") * 5,
        "BF119",
    ),
}


def _add_streams() -> None:
    for name, (suffix, what, content, code) in _STREAMS.items():
        for command in ("validate", "describe"):
            add(
                f"{suffix}_of_{name}_{command}",
                f"a table packed as {suffix} in {what}, `{command}`",
                code if command == "validate" else "t.csv",
                lambda folder, s=suffix, c=content, command=command: _packed(
                    s, c(), command, folder
                ),
                statuses=(1,) if command == "validate" else (2,),
            )


_add_streams()


def _zipped(method: int, times: int, folder: Path) -> list[str]:
    """Write a table that unpacks to nearly a thousand times its size, so that it is unpacked."""
    annotated(folder, "t.csv.zip", compression="zip")
    with (
        zipfile.ZipFile(folder / "t.csv.zip", "w", method) as archive,
        archive.open("t.csv", "w") as file,
    ):
        file.write(b"ms\n")
        file.write(os.urandom(times * 1_100))
        for _ in range(times):
            file.write(b" " * 1_000_000)
    return ["validate", "."]


for _name, _method in {"lzma": zipfile.ZIP_LZMA, "bz2": zipfile.ZIP_BZIP2}.items():
    add(
        f"zip_of_{_name}_blanks",
        f"a table of 300 MB of blanks in a zip, packed by {_name}",
        "BF",
        lambda folder, method=_method: _zipped(method, 300, folder),
        is_large=True,
    )


@specimen("a descriptor with a title of 2,500,000 escapes", "BF907")
def descriptor_of_escapes(folder: Path) -> list[str]:
    text = '{"title":"' + "\\u001b" * 2_500_000 + '","resources":[]}'
    (folder / DESCRIPTOR).write_text(text, "utf-8")
    return ["validate", "."]


@specimen("100,000 findings that are acknowledged and do not exist", "BF127")
def descriptor_of_acknowledgements(folder: Path) -> list[str]:
    package(folder)
    known = [{"code": f"BF9{number}", "reason": "x"} for number in range(100_000)]
    edited(folder, lambda data: data["benchfmt"].update(acknowledged=known))
    return ["validate", "."]


@specimen("90,000 findings that are acknowledged, each with four faults", "BF118", is_large=True)
def descriptor_of_faulty_acknowledgements(folder: Path) -> list[str]:
    package(folder)
    known = [{"code": 5, "reason": 7, "file": "x", "place": 1}] * 90_000
    edited(folder, lambda data: data["benchfmt"].update(acknowledged=known))
    return ["validate", "."]


def _in_parts(paths: list[str], folder: Path) -> list[str]:
    package(folder)

    def change(data: dict) -> None:
        data["resources"][2] = {"name": "measurements", "path": paths}

    edited(folder, change)
    return ["validate", "."]


@specimen("a table of 100,000 parts", "BF905")
def table_of_many_parts(folder: Path) -> list[str]:
    return _in_parts(["measurements.csv"] * 100_000, folder)


@specimen("a table whose parts are one file 1,000 times", "BF144")
def table_of_one_part(folder: Path) -> list[str]:
    return _in_parts(["./" * number + "measurements.csv" for number in range(1_000)], folder)


def _families(note: dict[str, str], command: str, folder: Path) -> list[str]:
    source = folder / "source"
    annotated(source, "t.csv")
    names = [f"c{number}" for number in range(5_000)]
    text = ",".join(["ms", *names]) + "\n" + "1," * 5_000 + "1\n"
    (source / "t.csv").write_text(text, "utf-8")
    family = {"pattern": "(?P<a>.+)", "benchfmt": {"metric": "latency", "unit": "ms", **note}}
    edited(source, lambda data: data["resources"][0]["benchfmt"].update(families=[family]))
    if command == "validate":
        return ["validate", "source"]
    return ["convert", "source", "-o", "out"]


for _what, _note in {
    "a scope of 100,000 groups": {"scope": "{a}" * 100_000},
    "a text of 1 MB": {"scope": "class:{a}", "confirmed": "x" * 1_000_000 + "{a}"},
}.items():
    for _command in ("validate", "convert"):
        add(
            f"family_of_{_what.replace(' ', '_').replace(',', '')}_{_command}",
            f"5,000 columns that are each described by {_what}, `{_command}`",
            "BF118" if _command == "validate" else "characters",
            lambda folder, note=_note, command=_command: _families(note, command, folder),
        )


@specimen("a resource whose path is no list of texts, 100,000 times", "BF118")
def path_of_lists(folder: Path) -> list[str]:
    package(folder)
    edited(folder, lambda data: data["resources"][1].update(path=[["records.csv"]] * 9_000))
    return ["validate", "."]


_SCALES = {
    "exponent": "1e99999999999999999999",
    "small_exponent": "1e-999999999",
    "digits": "9" * 1_000_000,
}
_CONDITIONS = {
    "rules": [
        {"when": {"ms": str(number)}, "set": {"status": "failed"}} for number in range(9_000)
    ],
    "extract": [{"from": "$path", "pattern": "(?P<m>.*)", "set": {"model.name": "m"}}] * 9_000,
}


def _described(
    change: Callable[[dict], object], command: str, folder: Path, rows: int = 1_000
) -> list[str]:
    """Write a described table whose resource is changed."""
    source = folder / "source"
    annotated(source, "t.csv")
    (source / "t.csv").write_text("ms\n" + "1\n" * rows, "utf-8")
    edited(source, lambda data: change(data["resources"][0]))
    if command == "validate":
        return ["validate", "source"]
    return ["convert", "source", "-o", "out"]


def _column(resource: dict) -> dict:
    note: dict = resource["schema"]["fields"][0]["benchfmt"]
    return note


def _add_described() -> None:
    for command, says in {"validate": "BF118", "convert": "scale"}.items():
        for name, scale in _SCALES.items():
            add(
                f"scale_of_a_long_{name}_{command}",
                f"a factor with a long {name.replace('_', ' ')}, `{command}`",
                says,
                lambda folder, scale=scale, command=command: _described(
                    lambda resource: _column(resource).update(scale=scale), command, folder
                ),
            )
    for command, says in {"validate": "BF907", "convert": "at most 500"}.items():
        for name, items in _CONDITIONS.items():
            add(
                f"table_of_9_thousand_{name}_{command}",
                f"a table with 9,000 {name}, `{command}`",
                says,
                lambda folder, name=name, items=items, command=command: _described(
                    lambda resource: resource["benchfmt"].update({name: items}), command, folder
                ),
            )


_add_described()


@specimen("a column of 500 cases", "", statuses=(0, 1), is_large=True)
def column_of_many_cases(folder: Path) -> list[str]:
    cases = [{"when": {"ms": str(number)}, "unit": "s"} for number in range(500)]
    return _described(
        lambda resource: _column(resource).update(cases=cases), "validate", folder, rows=20_000
    )


@specimen("a column that names 20,000 metrics that nobody declares", "BF201")
def column_of_unknown_metrics(folder: Path) -> list[str]:
    source = folder / "source"
    annotated(source, "t.csv")
    rows = "".join(f"1,x:m{number}\n" for number in range(20_000))
    (source / "t.csv").write_text(f"ms,m\n{rows}", "utf-8")

    def change(data: dict) -> None:
        _column(data["resources"][0]).update(metric={"column": "m"})

    edited(source, change)
    return ["validate", "source"]


_CONSTANTS: dict[str, tuple[dict[str, JsonValue], int, str]] = {
    "a_long_constant": ({"benchmark.name": "x" * 900_000}, 10_000, "characters of each record"),
    "a_constant_of_many_members": (
        {"configuration.hyperparameters": {f"k{number}": number for number in range(20_000)}},
        3_000,
        "characters of each record",
    ),
    "many_constants": (
        {f"extensions.k{number}": number for number in range(50_000)},
        100,
        "at most 10,000 are read",
    ),
}


def _add_constants() -> None:
    for command in ("validate", "convert"):
        for name, (constants, rows, says) in _CONSTANTS.items():
            add(
                f"table_of_{name}_{command}",
                f"{rows:,} rows with {name.replace('_', ' ')}, `{command}`",
                "BF907" if command == "validate" else says,
                lambda folder, constants=constants, rows=rows, command=command: _described(
                    lambda resource: resource["benchfmt"]["constant"].update(constants),
                    command,
                    folder,
                    rows,
                ),
                is_large=True,
                writes=True,
            )


_add_constants()
