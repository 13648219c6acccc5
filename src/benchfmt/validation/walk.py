"""Goes through the tables of a package, the measurements beside their records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchfmt.checks import structure
from benchfmt.checks.catalogue import chosen
from benchfmt.checks.frames import OWNER, ROW, Frames, empty, faults, no_coded_faults, with_facts
from benchfmt.descriptor import FILE_NAME, Descriptor, Resource
from benchfmt.package import PackageError, ParquetError, parquet_batches
from benchfmt.readers.files import UnsafeError, safe_path
from benchfmt.readers.tables import TableError
from benchfmt.tables import COLUMNS
from benchfmt.validation.places import TablePlace
from benchfmt.validation.running import known, run_checks, topic_faults, without_echo
from benchfmt.validation.telling import Teller

_FORMULA = "^[=+@\t-]."
_RECORDS = 8_192
_ROWS = 32_768
_SEED = 0
_ONE_SYSTEM = "keep one description, or give the other an id of its own"
_PLAIN = "write it as text, numbers or true and false"
_ONE_RECORD = "give each record an id of its own"


class Walk:
    """Goes through the tables of a package once, the measurements beside their records."""

    def __init__(
        self, judge: Teller, root: Path, resources: Mapping[str, Resource], descriptor: Descriptor
    ) -> None:
        """Take who is told, and the tables that the descriptor names."""
        self.judge = judge
        self.root = root
        self.resources = resources
        self.descriptor = descriptor
        self.newer = descriptor.benchfmt.version != "1.0"
        self.shown = TablePlace({name: resource.path for name, resource in resources.items()})
        self.metrics, self.prefixes = known(descriptor)
        self.partial: set[str] = set()
        """Tables of which rows could not be read: what seems to lack elsewhere may stand there."""
        self.late: list[pl.Series] = []
        self.bare: list[pl.DataFrame] = []
        self.odd: dict[str, dict[str, str]] = {}
        """Columns of a Parquet table that cannot be read, each with its type."""
        self.told_odd: set[str] = set()

    def run(self) -> None:
        """Judge all rows of all tables."""
        try:
            systems = self._systems()
            hashes, order = self._ids()
            self._records(systems, hashes, order)
        except (TableError, UnsafeError, ParquetError) as error:
            self.judge.say(error.code, self._at(error), str(error))
        except PackageError as error:
            self.judge.say("BF119", self._at(error), str(error))

    def _at(self, error: Exception) -> str:
        named = [
            resource.path for resource in self.resources.values() if resource.path in str(error)
        ]
        return named[0] if named else FILE_NAME

    def _is_parquet(self, table: str) -> bool:
        resource = self.resources[table]
        return resource.path.endswith(".parquet") or resource.format == "parquet"

    def _raw(self, table: str, *, tell: bool = True) -> Iterator[pl.DataFrame]:
        """Yield a table as it stands, with row numbers; rows of the wrong width are told."""
        resource = self.resources[table]
        path = safe_path(self.root, resource.path)
        if not path.is_file():
            self.partial.add(table)
            return
        if self._is_parquet(table):
            done = 0
            self.odd.setdefault(table, {})
            for part in parquet_batches(path, _ROWS, self.odd[table]):
                if tell:
                    self._odd_columns(table)
                frame = pl.DataFrame(pl.from_arrow(part))
                yield frame.with_columns(
                    pl.int_range(done + 1, done + frame.height + 1, dtype=pl.Int64).alias(ROW)
                )
                done += frame.height
            if tell:
                self._odd_columns(table)
            return
        text = resource.text_table(path, self.judge.limits)
        told = 0
        for frame, rows in text.batches():
            if tell:
                self.judge.table_rows(text, resource.path, told)
                told = len(text.bad_rows)
                self._formulas(table, frame, rows)
            yield frame.with_columns(pl.all().replace("", None)).with_columns(pl.Series(ROW, rows))
        if tell:
            self.judge.table_rows(text, resource.path, told)
        if text.bad_rows:
            self.partial.add(table)

    def _odd_columns(self, table: str) -> None:
        """Tell once the columns of types that no column of the standard has."""
        if table in self.told_odd:
            return
        self.told_odd.add(table)
        for name, kind in self.odd[table].items():
            self.judge.say(
                "BF103",
                self.resources[table].path,
                f"{name} is of type {kind}",
                column=name,
                field=name,
                hint=_PLAIN,
            )

    def _formulas(self, table: str, frame: pl.DataFrame, rows: Any) -> None:
        """Tell cells that a spreadsheet would run."""
        for name in frame.columns:
            kinds = {item.name: item.kind for item in COLUMNS[table]}
            if kinds.get(name) != "text":
                continue
            cells = frame[name]
            hits = cells.str.contains(_FORMULA) & cells.cast(pl.Float64, strict=False).is_null()
            if hits.any():
                wrong = frame.with_columns(pl.Series(ROW, rows)).filter(hits)
                message = pl.format(
                    "a spreadsheet would take {} for a formula", pl.col(name).str.head(40)
                )
                hint = "nothing is wrong for benchfmt; open the file in a spreadsheet with care"
                shown = pl.col(name).str.head(200)
                found = faults(wrong, table, name, message, shown, hint)
                self.judge.report_faults("BF908", found, self.shown)

    def _typed(self, table: str, raw: pl.DataFrame) -> structure.Typed:
        typed = structure.type_table(table, raw, newer=self.newer, typed=self._is_parquet(table))
        found = typed.faults
        if raw[ROW].len() and raw[ROW][0] != 1:
            # What is wrong with the columns themselves is told once, with the first rows.
            found = found.filter(pl.col("row").is_not_null())
        # A column that was taken out is told already; it does not lack.
        found = found.filter(
            (pl.col("code") != "BF101") | ~pl.col("column").is_in(list(self.odd.get(table, {})))
        )
        self.judge.tell(found.filter(pl.col("code").is_in(list(self.judge.codes))), self.shown)
        return typed

    def _systems(self) -> pl.DataFrame:
        if "systems" not in self.resources:
            return empty("systems")
        parts = []
        for raw in self._raw("systems"):
            typed = self._typed("systems", raw)
            if typed.frame["id"].null_count():
                self.partial.add("systems")
            parts.append(typed.frame.filter(pl.col("id").is_not_null()))
        systems = pl.concat([empty("systems"), *parts])
        double = systems.filter(~pl.col("id").is_first_distinct())
        words = pl.format("the system {} is described twice", pl.col("id"))
        found = faults(double, "systems", "id", words, pl.col("id"), _ONE_SYSTEM)
        self.judge.report_faults("BF508", found, self.shown)
        return systems.unique("id", keep="first", maintain_order=True)

    def _ids(self) -> tuple[Any, Any]:
        """Return the sorted hashes of all record ids and the place of each; tells ids that stand twice."""
        parts, rows = [], []
        for raw in self._raw("records", tell=False):
            if "id" not in raw.columns:
                self.partial.add("records")
            else:
                parts.append(raw["id"].cast(pl.String).fill_null("").hash(_SEED).to_numpy())
                rows.append(raw[ROW].to_numpy())
        hashes = np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint64)
        order = np.argsort(hashes, kind="stable")
        ranked = hashes[order]
        self.double = set(ranked[1:][ranked[1:] == ranked[:-1]].tolist())
        return ranked, order

    def _records(self, systems: pl.DataFrame, hashes: Any, order: Any) -> None:
        feeder = _Feeder(self, hashes, order)
        seen: dict[str, int] = {}
        start = 0
        any_rows = False
        # A record may have many measurements: small parts bound the memory.
        for raw in (part for whole in self._raw("records") for part in whole.iter_slices(_RECORDS)):
            any_rows = True
            typed = self._typed("records", raw)
            self.judge.report.records += raw.height
            self._doubled(typed.frame, seen)
            self._unknown_systems(typed.frame, systems)
            measurements, sound = feeder.until(start + raw.height)
            numbered = typed.frame.with_columns(
                pl.int_range(start, start + raw.height, dtype=pl.Int64).alias(OWNER)
            )
            self._check(numbered, typed.sound, measurements, sound, systems)
            start += raw.height
        if not any_rows and "records" in self.resources:
            self._check(
                empty("records").with_columns(pl.lit(0, dtype=pl.Int64).alias(OWNER)),
                pl.Series([], dtype=pl.Boolean),
                *feeder.until(0),
                systems,
            )
        feeder.finish()
        if "measurements" not in self.partial:
            late = pl.concat([pl.Series([], dtype=pl.String), *self.late])
            for found in self.bare:
                self.judge.tell(found.filter(~pl.col("record").is_in(late.implode())), self.shown)

    def _doubled(self, records: pl.DataFrame, seen: dict[str, int]) -> None:
        """Tell record ids that stand twice; only texts whose hashes meet are compared."""
        if not self.double:
            return
        doubtful = records.filter(
            pl.col("id").hash(_SEED).is_in(list(self.double)) & pl.col("id").is_not_null()
        )
        first = [
            seen.setdefault(name, row)
            for name, row in zip(doubtful["id"], doubtful[ROW], strict=True)
        ]
        told = doubtful.with_columns(pl.Series("first", first, dtype=pl.Int64)).filter(
            pl.col("first") != pl.col(ROW)
        )
        words = pl.format("record {} stands in row {} already", pl.col("id"), pl.col("first"))
        found = faults(told, "records", "id", words, pl.col("id"), _ONE_RECORD)
        self.judge.report_faults("BF507", found, self.shown)

    def _unknown_systems(self, records: pl.DataFrame, systems: pl.DataFrame) -> None:
        if "systems" in self.partial:
            return
        named = pl.col("system_id")
        lost = records.filter(named.is_not_null() & ~named.is_in(systems["id"].implode()))
        words = pl.format("the system {} is not among the systems", named)
        hint = "add it to the systems table"
        found = faults(lost, "records", "system_id", words, named, hint)
        self.judge.report_faults("BF503", found, self.shown)

    def _report(self, code: str, rows: pl.DataFrame, message: pl.Expr, hint: str) -> None:
        """Report rows of the measurements whose record is at fault."""
        named = pl.col("record_id")
        found = faults(rows, "measurements", "record_id", message, named, hint)
        self.judge.report_faults(code, found, self.shown)

    def _check(
        self,
        records: pl.DataFrame,
        sound: pl.Series,
        measurements: pl.DataFrame,
        sound_m: pl.Series,
        systems: pl.DataFrame,
    ) -> None:
        """Check some records with their measurements; what is at fault already is left out."""
        judge = self.judge
        alone = Frames(
            records.filter(sound),
            measurements.filter(sound_m),
            systems,
            self.metrics,
            self.prefixes,
        )
        own = chosen(structure.CHECKS, judge.codes)
        broken = [no_coded_faults()]
        for _, found in topic_faults(alone, own):
            judge.tell(found, self.shown)
            broken.append(found)
        bad_rows = pl.concat(broken)["row"]
        good = alone.measurements.filter(~pl.col(ROW).is_in(bad_rows.implode()))
        doubtful = pl.concat(
            [measurements.filter(~sound_m)["record_id"], pl.concat(broken)["record"]]
        )
        with_value = good.filter(pl.col("value").is_not_null())["record_id"]
        self.bare.append(structure.no_value(alone.records, with_value, doubtful))
        judge.tell(structure.source_without_path(alone.records), self.shown)
        ready = Frames(
            alone.records,
            with_facts(good, records, self.metrics),
            systems,
            self.metrics,
            self.prefixes,
        )
        for found in run_checks(ready, judge.codes, across=partial(judge.gather, shown=self.shown)):
            # The systems come with every batch; they are told once.
            told = (
                found
                if not records.height or records[OWNER][0] == 0
                else found.filter(pl.col("table") != "systems")
            )
            judge.tell(without_echo(told, doubtful), self.shown)


class _Feeder:
    """Gives the measurements of the next records; tells those of no record, and those out of order."""

    def __init__(self, walk: Walk, hashes: Any, order: Any) -> None:
        self.walk = walk
        self.hashes = hashes
        self.order = order
        self.parts = self._typed()
        self.waiting: list[tuple[pl.DataFrame, pl.Series]] = []
        self.last = -1
        self.ended = False

    def until(self, end: int) -> tuple[pl.DataFrame, pl.Series]:
        """Return the measurements of records before `end` that were not given yet, and which rows are sound."""
        while not self.ended and not (self.waiting and self.waiting[-1][0][OWNER][-1] >= end):
            part = next(self.parts, None)
            if part is None:
                self.ended = True
            elif part[0].height:
                self.waiting.append(part)
        ready, rest = [], []
        for frame, sound in self.waiting:
            cut = int(frame[OWNER].search_sorted(end, side="left"))
            ready.append((frame.head(cut), sound.head(cut)))
            if cut < frame.height:
                rest.append((frame.slice(cut), sound.slice(cut)))
        self.waiting = rest
        blank = empty("measurements").with_columns(pl.lit(0, dtype=pl.Int64).alias(OWNER))
        return (
            pl.concat([blank, *(frame for frame, _ in ready)]),
            pl.concat([pl.Series([], dtype=pl.Boolean), *(sound for _, sound in ready)]),
        )

    def finish(self) -> None:
        """Read to the end, so that every row is judged."""
        for _ in self.parts:
            pass

    def _typed(self) -> Iterator[tuple[pl.DataFrame, pl.Series]]:
        walk = self.walk
        for raw in walk._raw("measurements"):
            typed = walk._typed("measurements", raw)
            walk.judge.report.measurements += raw.height
            owners = self._owners(typed.frame["record_id"])
            frame = typed.frame.with_columns(pl.Series(OWNER, owners))
            named = frame["record_id"].is_not_null()
            orphans = frame.filter(named & (frame[OWNER] < 0) & ("records" not in walk.partial))
            words = pl.format("there is no record {}", pl.col("record_id"))
            walk._report("BF502", orphans, words, "add the record, or take the row out")
            highest = (
                np.maximum.accumulate(np.concatenate([[self.last], owners]))[:-1]
                if len(owners)
                else owners
            )
            late = pl.Series((owners >= 0) & (owners < highest))
            words = pl.format(
                "a measurement of {} stands after those of later records", pl.col("record_id")
            )
            first_late = frame.filter(late).unique("record_id", keep="first", maintain_order=True)
            walk.late.append(first_late["record_id"])
            walk._report("BF504", first_late, words, "order the measurements as the records")
            self.last = max(self.last, int(owners.max(initial=-1)))
            keep = (frame[OWNER] >= 0) & ~late
            yield frame.filter(keep), typed.sound.filter(keep)

    def _owners(self, ids: pl.Series) -> Any:
        """Return the place of each measurement's record among all records, -1 for none."""
        if not len(self.hashes):
            return np.full(ids.len(), -1, dtype=np.int64)
        wanted = ids.fill_null("").hash(_SEED).to_numpy()
        at = np.minimum(np.searchsorted(self.hashes, wanted), len(self.hashes) - 1)
        return np.where(
            (self.hashes[at] == wanted) & ids.is_not_null().to_numpy(), self.order[at], -1
        ).astype(np.int64)
