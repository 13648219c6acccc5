"""Packages to validate: of 10 or of 1,000 measurements a record, clean or with faulty rows, in three forms.

They are made from the annotated table of `bench.data` and are the same for every run. The faults are those that every form
can hold and every schema language can see, and one (an unknown scope) that only a vocabulary can.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any

import polars as pl

from bench import data

NARROW, WIDE = 10, 1_000
"""Measurements a record."""
LINES = "records.jsonl"
_TABLES = ("systems", "records", "measurements")
_BATCH = 100_000


@dataclass(frozen=True)
class Fault:
    """What is written into a cell of a faulty row, and the code that must be reported for it."""

    column: str
    cell: str | int
    code: str
    is_structural: bool = True
    """Whether a schema sees it; the others need the vocabulary."""


MEASUREMENT_FAULTS = (
    Fault("basis", "guessed", "BF104"),
    Fault("statistic", "Mean value", "BF105"),
    Fault("n", 0, "BF106"),
    Fault("scope", "mars", "BF201", is_structural=False),
    Fault("unit", "a second", "BF105"),
)
RECORD_FAULTS = (
    Fault("status", "fine", "BF104"),
    Fault("task", "Image classification", "BF105"),
    Fault("batch_size", 0, "BF106"),
)
FAULTS = {"records": RECORD_FAULTS, "measurements": MEASUREMENT_FAULTS}


@dataclass(frozen=True)
class Contents:
    """What a package holds."""

    records: int
    measurements: int = NARROW
    """Of each record."""
    faulty: int = 0
    """Every so many rows one is faulty; 0 for none."""

    @property
    def rows(self) -> int:
        """How many measurements there are."""
        return self.records * self.measurements

    @property
    def name(self) -> str:
        """The name that a bench shows."""
        plain = f"{self.records:,} x {self.measurements:,}"
        if not self.faulty:
            return plain
        return f"{plain}, {100 / self.faulty:g} % faulty"


def planted(contents: Contents, *, structural: bool = False) -> dict[str, int]:
    """Return how many faults of each code a package holds, all or those that a schema sees."""
    counts: dict[str, int] = {}
    if not contents.faulty:
        return counts
    for table, faults in FAULTS.items():
        rows = contents.records if table == "records" else contents.rows
        total = -(-rows // contents.faulty)
        for number, fault in enumerate(faults):
            if structural and not fault.is_structural:
                continue
            count = total // len(faults) + (number < total % len(faults))
            counts[fault.code] = counts.get(fault.code, 0) + count
    return counts


def tables(folder: Path, contents: Contents, form: str) -> Path:
    """Return a package of tables as CSV or Parquet, made unless it is there."""
    place = folder / f"valid-{contents.records}-{contents.measurements}-{contents.faulty}-{form}"
    if (place / "datapackage.json").exists():
        return place
    source = _clean(folder, contents)
    if not contents.faulty and form == "parquet":
        return source
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for table in _TABLES:
        rows = pl.scan_parquet(source / f"{table}.parquet")
        if contents.faulty and table in FAULTS:
            rows = _with_faults(rows, FAULTS[table], contents.faulty)
        if form == "csv":
            rows.sink_csv(place / f"{table}.csv")
        else:
            rows.sink_parquet(place / f"{table}.parquet", row_group_size=32_768)
    describe(source, place, form)
    return place


def lines(folder: Path, contents: Contents) -> Path:
    """Return the records of a package as JSON Lines, made unless they are there."""
    place = folder / f"valid-{contents.records}-{contents.measurements}-{contents.faulty}-{LINES}"
    if place.exists():
        return place
    from benchfmt import open_package

    clean = Contents(contents.records, contents.measurements)
    package = open_package(tables(folder, clean, "parquet"))
    unfinished = place.with_suffix(".part")
    row = 0
    with unfinished.open("w", encoding="utf-8") as file:
        for number, record in enumerate(package.records()):
            plain: dict[str, Any] = record.to_dict()
            if contents.faulty:
                _damage(plain, number, row, contents.faulty)
            row += len(plain["measurements"])
            file.write(json.dumps(plain, ensure_ascii=False, separators=(",", ":")) + "\n")
    unfinished.replace(place)
    return place


def _clean(folder: Path, contents: Contents) -> Path:
    """Return a clean package as Parquet, made unless it is there."""
    place = folder / f"clean-{contents.records}-{contents.measurements}"
    if (place / "datapackage.json").exists():
        return place
    if contents.measurements == NARROW:
        made = data.package(folder, contents.records, "parquet")
        made.replace(place)
        return place
    narrow = _clean(folder, Contents(contents.rows // NARROW))
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    together = contents.measurements // NARROW
    is_kept = pl.int_range(pl.len()) % together == 0
    shutil.copy(narrow / "systems.parquet", place)
    pl.scan_parquet(narrow / "records.parquet").filter(is_kept).sink_parquet(
        place / "records.parquet"
    )
    joined = _joined(narrow, contents.records, together)
    pl.concat(joined).sink_parquet(place / "measurements.parquet", row_group_size=32_768)
    describe(narrow, place, "parquet")
    return place


def _joined(narrow: Path, records: int, together: int) -> Iterator[pl.LazyFrame]:
    """Yield the measurements of several records as those of one, told apart by their scope."""
    ids = pl.read_parquet(narrow / "records.parquet", columns=["id"])["id"]
    rows = pl.scan_parquet(narrow / "measurements.parquet")
    step = _BATCH // (together * NARROW) * together * NARROW
    for start in range(0, records * together * NARROW, step):
        place = pl.int_range(pl.len()) + start
        some = rows.slice(start, step).with_columns(
            owner=place // (together * NARROW), part=place // NARROW % together
        )
        first = ids.gather(list(range(0, ids.len(), together)))
        numbered = some.with_columns(
            record_id=pl.lit(first).gather("owner"),
            scope=pl.format("class:c{}", "part"),
            primary=pl.when(pl.col("primary") & (pl.col("part") == 0)).then(pl.lit(value=True)),
        )
        order = ["owner", ~pl.col("primary").fill_null(value=False), *_key()]
        yield numbered.sort(order, nulls_last=False).drop("owner", "part")


def _key() -> list[str]:
    from benchfmt.record import KEY_FIELDS

    return list(KEY_FIELDS)


def _with_faults(rows: pl.LazyFrame, faults: tuple[Fault, ...], every: int) -> pl.LazyFrame:
    """Return rows of which every so many one is faulty, of each fault in turn."""
    place = pl.col("place")
    numbered = rows.with_row_index("place")
    for number, fault in enumerate(faults):
        is_faulty = (place % every == 0) & (place // every % len(faults) == number)
        cell = pl.when(is_faulty).then(pl.lit(fault.cell)).otherwise(fault.column)
        numbered = numbered.with_columns(cell.alias(fault.column))
    return numbered.drop("place")


def _damage(record: dict[str, Any], number: int, row: int, every: int) -> None:
    """Write the faults of one record, whose measurements stand from a row on, into its plain data."""
    for place, measurement in enumerate(record["measurements"], row):
        if place % every == 0:
            fault = MEASUREMENT_FAULTS[place // every % len(MEASUREMENT_FAULTS)]
            measurement[fault.column] = fault.cell
    if number % every == 0:
        fault = RECORD_FAULTS[number // every % len(RECORD_FAULTS)]
        if fault.column == "batch_size":
            record["configuration"]["batch_size"] = fault.cell
        else:
            record[fault.column] = fault.cell


def describe(source: Path, place: Path, form: str) -> None:
    """Write the descriptor of a package with the names, sizes and hashes of its files."""
    descriptor = json.loads((source / "datapackage.json").read_text("utf-8"))
    for resource in descriptor["resources"]:
        path = place / f"{resource['name']}.{form}"
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        resource |= {"path": path.name, "format": form, "bytes": path.stat().st_size}
        resource["hash"] = f"sha256:{digest}"
        if form == "csv":
            resource["mediatype"] = "text/csv"
    (place / "datapackage.json").write_text(json.dumps(descriptor, indent=2), "utf-8")
