"""New records behind those of a package: in parts of their own, so that nothing old is written anew."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import JsonValue

from benchfmt.descriptor import FILE_NAME, declared
from benchfmt.finding import BenchfmtError
from benchfmt.migrate import is_older
from benchfmt.oserrors import naming
from benchfmt.package import Package, Target, open_package
from benchfmt.package.portions import whole_records
from benchfmt.readers.files import file_sha256
from benchfmt.rearranging.portions import as_arrow, form_of, refuse_newer
from benchfmt.schema import table_schema
from benchfmt.sinks import Format, Sink, new_sink
from benchfmt.tables import table_of

_OURS = re.compile(r"(records/part|measurements/part|systems)-(?P<number>[0-9]{5})\.(parquet|csv)")
_NEW_SYSTEMS = re.compile(r"systems-[0-9]{5}\.(parquet|csv)")
_SHOWN = 3


@dataclass(frozen=True)
class Appended:
    """How many records and measurements were added, and how many records were there already."""

    records: int
    measurements: int
    known: int


def append(package: str | Path, others: Sequence[str | Path], *, remote: bool = False) -> Appended:
    """Add the records of other packages to one in a folder, and return how many; raises BenchfmtError.

    They become parts of their own; the old ones stay as they are. A record that is there already, with the same content,
    is left out and counted; one with other content under the same id, or a system that is described otherwise, ends it,
    and nothing is added. The descriptor is replaced last, so that the package is the old one or the new one. With
    `remote` others may be URLs.
    """
    place = Path(package)
    if not place.is_dir():
        raise BenchfmtError(
            f"{place} is not a folder: records are appended to a package in a folder"
        )
    with naming(place), Target(place) as target, open_package(place) as opened:
        refuse_newer(opened)
        if is_older(opened.descriptor.benchfmt.version):
            raise BenchfmtError(
                f"{place} is of an older version: `benchfmt validate --fix NEW` brings it to this one"
            )
        _clear(opened)
        growing = target.new_folder()
        try:
            return _Growth(opened, growing).add(others, remote=remote)
        finally:
            shutil.rmtree(growing, ignore_errors=True)


def _clear(package: Package) -> None:
    """Remove parts that the descriptor does not name: a run that was stopped has left them."""
    named = {file.path for item in package.descriptor.resources for file in item.files}
    for path in sorted(package.root.rglob("*")):
        name = path.relative_to(package.root).as_posix()
        if _OURS.fullmatch(name) and name not in named and path.is_file():
            path.unlink()
    for name in named:
        if _NEW_SYSTEMS.fullmatch(name):
            # The table of systems that this one has replaced: a run was stopped before it was removed.
            first = f"systems{Path(name).suffix}"
            if first not in named:
                (package.root / first).unlink(missing_ok=True)


class _Growth:
    """A package that grows, in a folder of its own until its descriptor is replaced."""

    def __init__(self, package: Package, folder: Path) -> None:
        self._package = package
        self._folder = folder
        self._form: Format = form_of(package)
        self._number = _free_number(package)
        self._ids = _column(package, "records", "id")
        self._systems = pl.DataFrame(pl.from_arrow(package.table("systems")))
        self._new_systems = self._systems.clear()
        self._sinks: dict[str, Sink] = {}
        self._prefixes: dict[str, JsonValue] = declared(package.descriptor)
        self._records = self._measurements = self._known = 0

    def add(self, others: Sequence[str | Path], *, remote: bool) -> Appended:
        try:
            for other in others:
                with open_package(other, remote=remote) as opened:
                    refuse_newer(opened)
                    self._declare(opened, str(other))
                    self._add(opened, str(other))
            if self._records:
                self._finish()
        finally:
            for sink in self._sinks.values():
                sink.abandon()
        return Appended(self._records, self._measurements, self._known)

    def _declare(self, other: Package, name: str) -> None:
        for prefix, said in declared(other.descriptor).items():
            if self._prefixes.setdefault(prefix, said) != said:
                raise BenchfmtError(
                    f"{name} declares the prefix {prefix!r} otherwise than the package does; give it a name of its own"
                )

    def _add(self, other: Package, name: str) -> None:
        systems = pl.DataFrame(pl.from_arrow(other.table("systems")))
        for records, measurements in whole_records(other):
            is_known = records["id"].is_in(self._ids.implode())
            fresh = records.filter(~is_known)
            if is_known.any():
                self._check_same(records.filter(is_known), measurements, name)
            own = measurements.filter(pl.col("record_id").is_in(fresh["id"].implode()))
            self._describe(systems, fresh["system_id"], name)
            self._write(fresh, own)
            self._ids = pl.concat([self._ids, fresh["id"]])
            self._known += int(is_known.sum())

    def _check_same(self, records: pl.DataFrame, measurements: pl.DataFrame, name: str) -> None:
        """Raise for a record that says something else than the one of its id in the package, or came twice."""
        ids = records["id"]
        here = self._rows("records", "id", ids)
        differing = _differing(here, records, "id")
        theirs = measurements.filter(pl.col("record_id").is_in(ids.implode()))
        differing += _differing(self._rows("measurements", "record_id", ids), theirs, "record_id")
        if differing:
            shown = ", ".join(sorted(set(differing))[:_SHOWN])
            raise BenchfmtError(
                f"{name} says something else of records that the package has: {shown}; nothing was appended"
            )

    def _rows(self, table: str, column: str, ids: pl.Series) -> pl.DataFrame:
        # A table with nothing but its header has no batch.
        found = [pl.DataFrame(pl.from_arrow(table_of(table, [])))]
        for batch in self._package.batches(table):
            frame = pl.DataFrame(pl.from_arrow(batch))
            found.append(frame.filter(pl.col(column).is_in(ids.implode())))
        return pl.concat(found)

    def _describe(self, systems: pl.DataFrame, used: pl.Series, name: str) -> None:
        """Take the systems that new records are of; raises where one is described otherwise."""
        needed = systems.filter(pl.col("id").is_in(used.drop_nulls().unique().implode()))
        both = pl.concat([self._systems, self._new_systems])
        known = both.filter(pl.col("id").is_in(needed["id"].implode()))
        here = needed.filter(pl.col("id").is_in(known["id"].implode()))
        for system in _differing(known, here, "id"):
            raise BenchfmtError(
                f"{name} describes the system {system!r} otherwise than the package does; nothing was appended"
            )
        fresh = needed.filter(~pl.col("id").is_in(known["id"].implode()))
        self._new_systems = pl.concat([self._new_systems, fresh])

    def _write(self, records: pl.DataFrame, measurements: pl.DataFrame) -> None:
        if not records.height:
            return
        for table, rows in (("records", records), ("measurements", measurements)):
            if table not in self._sinks:
                self._sinks[table] = new_sink(self._folder, table, self._form, self._number)
            self._sinks[table].write(as_arrow(table, rows))
        self._records += records.height
        self._measurements += measurements.height

    def _finish(self) -> None:
        """Move the new files beside the old ones, then replace the descriptor."""
        descriptor = json.loads((self._package.root / FILE_NAME).read_text("utf-8"))
        resources = {item.get("name"): item for item in descriptor["resources"]}
        for table, sink in self._sinks.items():
            _add_part(resources[table], self._placed(sink.close()))
        gone = None
        if self._new_systems.height:
            if "systems" in resources:
                gone = resources["systems"]["path"]
            else:
                resources["systems"] = {"name": "systems", "schema": table_schema("systems")}
                descriptor["resources"].append(resources["systems"])
            self._rewrite_systems(resources["systems"])
        descriptor.setdefault("benchfmt", {})["prefixes"] = self._prefixes
        new = self._folder / FILE_NAME
        new.write_text(json.dumps(descriptor, indent=2, ensure_ascii=False) + "\n", "utf-8")
        new.replace(self._package.root / FILE_NAME)
        if gone is not None:
            (self._package.root / gone).unlink(missing_ok=True)

    def _rewrite_systems(self, resource: dict[str, Any]) -> None:
        sink = new_sink(self._folder, "systems", self._form)
        try:
            both = pl.concat([self._systems, self._new_systems])
            sink.write(as_arrow("systems", both))
            whole = sink.close()
        finally:
            sink.abandon()
        renamed = whole.rename(self._folder / f"systems-{self._number:05}.{self._form}")
        resource.update(self._placed(renamed))

    def _placed(self, path: Path) -> dict[str, Any]:
        """Move a new file to its place in the package, and return what the descriptor says of it."""
        name = path.relative_to(self._folder).as_posix()
        facts = {"path": name, "bytes": path.stat().st_size, "hash": f"sha256:{file_sha256(path)}"}
        place = self._package.root / name
        place.parent.mkdir(exist_ok=True)
        path.replace(place)
        return facts


def _free_number(package: Package) -> int:
    """Return a number that no file has which would be called as a new one; whoever wrote a package counts as they like."""
    number = len(package.parts("records"))
    for path in package.root.rglob("*"):
        match = _OURS.fullmatch(path.relative_to(package.root).as_posix().lower())
        if match is not None:
            number = max(number, int(match["number"]) + 1)
    return number


def _add_part(resource: dict[str, Any], part: dict[str, Any]) -> None:
    """Add a file to what a descriptor says of a table, which becomes one in parts."""
    if isinstance(resource["path"], str):
        first = {"path": resource["path"]}
        for member in ("bytes", "hash"):
            if member in resource:
                first[member] = resource.pop(member)
        resource["path"] = [first["path"]]
        resource["parts"] = [first]
    resource["path"].append(part["path"])
    resource.setdefault("parts", []).append(part)


def _column(package: Package, table: str, name: str) -> pl.Series:
    cells = [frame[name] for frame in package.frames(table, only=(name,))]
    return pl.concat([pl.Series(name, [], pl.String), *cells])


def _differing(some: pl.DataFrame, others: pl.DataFrame, key: str) -> list[str]:
    """Return the keys of rows that are among some or others alone; an order of rows does not count."""
    mine, theirs = (frame.select(sorted(frame.columns)).unique() for frame in (some, others))
    return [*_lone(mine, theirs, key), *_lone(theirs, mine, key)]


def _lone(some: pl.DataFrame, others: pl.DataFrame, key: str) -> Iterator[str]:
    lone = some.join(others, on=some.columns, how="anti", nulls_equal=True)
    yield from lone[key].to_list()
