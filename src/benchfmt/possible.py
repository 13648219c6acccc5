"""Numbers that cannot be: the rule, for one value and for columns, and what a converter writes in their place.

The vocabulary says for each metric between which bounds a value can be and whether it can be 0. `validate` reports what
breaks this (BF301, BF302, BF303), and a conversion never writes it: the number becomes `missing` with a reason, the
source's characters stay beside it, and a finding tells.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import JsonValue

from benchfmt.arrays import array_of, codes_of, places_of
from benchfmt.finding import Finding, Severity
from benchfmt.identity import canonical
from benchfmt.limits import LIMITS
from benchfmt.record import Measurement, Record
from benchfmt.rowhash import row_hashes
from benchfmt.tables import Batch
from benchfmt.vocabulary import Metric, vocabulary

Places = npt.NDArray[np.int64]
"""Numbers of rows."""
INVALID, ROUNDED = "invalid-in-source", "below-resolution"
WITHOUT_VALUE = "incomplete"
"""The status of a record whose source says that it went well, and of which no number is left."""

_ROUNDED = re.compile(r"[+-]?0*\.0+")
_ROW = re.compile(r"(?:.*&)?row=([0-9]{1,15})(?:&.*)?")
_CALCULATED = ("derived", "estimated", "predicted")
_PARTS = ("stddev", "ci", "samples", "target_min", "target_max")
"""What else of a measurement is in its unit."""

_BOUNDED = (pl.col("m_min") == 0.0) & (pl.col("m_max") == 1.0)
_SAME_UNIT = (pl.col("m_unit") == pl.col("unit")).fill_null(value=False)
_FRACTION = _SAME_UNIT & (pl.col("m_unit") == "1") & _BOUNDED.fill_null(value=False)
_VALUE = pl.col("value")
PERCENT = pl.col("m_fraction") & (_VALUE > 1)
"""BF301, on a frame with facts: a fraction above 1."""
OUTSIDE = pl.col("m_same_unit") & (
    (pl.col("m_min") > _VALUE) | ((pl.col("m_max") < _VALUE) & ~pl.col("m_fraction"))
)
"""BF302: a value outside the bounds of its metric."""
ZERO = pl.col("m_zero") & (_VALUE == 0)
"""BF303: a zero that nothing which ran can have."""


def fault(metric: Metric, value: float, unit: str | None, stage: str | None) -> str | None:
    """Return the code of the check that calls a value impossible for its metric, or None."""
    if value == 0 and metric.zero_impossible and stage not in metric.zero_stages:
        return "BF303"
    if unit != metric.unit:
        return None
    low, high = metric.minimum, metric.maximum
    if low is not None and value < low:
        return "BF302"
    if high is not None and value > high:
        return "BF301" if (low, high, unit) == (0, 1, "1") else "BF302"
    return None


def facts(metrics: Iterable[Metric]) -> pl.DataFrame:
    """Return what metrics say of their values, a row for each: `m_unit`, `m_min`, `m_max`, `m_zero`, `m_zero_stages`."""
    return _facts(tuple(metrics))


@cache
def _facts(metrics: tuple[Metric, ...]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "metric": [m.id for m in metrics],
            "m_unit": [m.unit for m in metrics],
            "m_min": [m.minimum for m in metrics],
            "m_max": [m.maximum for m in metrics],
            "m_zero": [m.zero_impossible for m in metrics],
            "m_zero_stages": [list(m.zero_stages) for m in metrics],
        },
        schema_overrides={
            "m_min": pl.Float64,
            "m_max": pl.Float64,
            "m_zero_stages": pl.List(pl.String),
        },
    )


def with_facts(measurements: pl.DataFrame, metrics: Mapping[str, Metric]) -> pl.DataFrame:
    """Return measurements beside what their metrics say.

    `m_zero` is whether this very one cannot be 0, `m_same_unit` whether it is in the unit of the bounds, and
    `m_fraction` whether it is a fraction.
    """
    base = pl.col("metric").str.replace("@[1-9][0-9]*$", "")
    known = measurements.with_columns(
        pl.when(pl.col("metric").is_in(list(metrics)))
        .then("metric")
        .otherwise(base)
        .alias("m_metric")
    )
    joined = known.join(
        facts(metrics.values()),
        left_on="m_metric",
        right_on="metric",
        how="left",
        maintain_order="left",
    )
    may_be = pl.col("stage").is_in(pl.col("m_zero_stages")).fill_null(value=False)
    told = joined.with_columns(
        m_zero=pl.col("m_zero") & ~may_be, m_same_unit=_SAME_UNIT, m_fraction=_FRACTION
    )
    return told.drop("m_metric", "m_zero_stages")


def _bounds(metric: Metric | None) -> tuple[float, float, bool]:
    """Return the least and the greatest value of a metric, and whether some value of it cannot be 0."""
    if metric is None:
        return -math.inf, math.inf, False
    low = -math.inf if metric.minimum is None else metric.minimum
    high = math.inf if metric.maximum is None else metric.maximum
    return low, high, metric.zero_impossible


def _judged(frame: pl.DataFrame, metrics: Mapping[str, Metric]) -> pl.DataFrame:
    """Return which measurements cannot be (`bad`); what their metrics say is looked up once for equal ones."""
    names = ["metric", "stage", "unit"]
    hashes = row_hashes(frame, names)
    first_rows = hashes.arg_unique()
    distinct = frame.select(names)[first_rows].cast(pl.String)
    numbers = pl.Series(range(distinct.height), dtype=pl.UInt32)
    kinds = hashes.replace_strict(hashes[first_rows], numbers, return_dtype=pl.UInt32)
    told = with_facts(distinct, metrics).select(
        "m_min", "m_max", "m_zero", "m_same_unit", "m_fraction"
    )
    of_rows = told.select(pl.all().gather(kinds)).with_columns(frame["value"])
    return of_rows.select(bad=(PERCENT | OUTSIDE | ZERO).fill_null(value=False))


@dataclass
class Withholder:
    """Takes the numbers that cannot be out of what one unit holds, and remembers what it took."""

    path: str
    metrics: Mapping[str, Metric] = field(default_factory=lambda: vocabulary().metrics)
    most: int = LIMITS.findings_per_code
    """So many findings of a code on a metric are listed."""
    findings: list[Finding] = field(default_factory=list)
    _told: Counter[tuple[str, str]] = field(default_factory=Counter)

    def record(self, record: Record) -> Record:
        """Return a record whose numbers can all be."""
        measurements = record.measurements or []
        codes = [self._code(item) for item in measurements]
        if not any(codes):
            return record
        place = self._place(record)
        kept = list(measurements)
        for index, code in enumerate(codes):
            if code:
                kept[index] = self._withheld(kept[index], code, place)
        changed: dict[str, str | list[Measurement]] = {"measurements": kept}
        if record.status == "ok" and all(item.value is None for item in kept):
            changed["status"] = WITHOUT_VALUE
        return record.model_copy(update=changed)

    def _place(self, record: Record) -> _Place:
        sources = record.provenance.sources if record.provenance else None
        if not sources:
            return _Place(self.path, None, record.id)
        return _Place(sources[0].path.rpartition("/")[2], _row(sources[0].locator), record.id)

    def batch(self, batch: Batch) -> Batch:
        """Return tables whose numbers can all be."""
        doubtful = self._doubtful(batch.measurements)
        if not len(doubtful):
            return batch
        needed = batch.measurements.select(["metric", "stage", "unit", "value"]).take(
            places_of(doubtful)
        )
        judged = _judged(pl.DataFrame(pl.from_arrow(needed)), self.metrics)
        places = doubtful[judged["bad"].to_numpy()]
        if not len(places):
            return batch
        measurements = self._table(batch, places)
        return replace(
            batch, records=_incomplete(batch.records, measurements), measurements=measurements
        )

    def more(self) -> list[Finding]:
        """Return the findings so far and forget them; what is beyond the limit is counted in one for each metric."""
        found, self.findings = self.findings, []
        for (code, metric), count in sorted(self._told.items()):
            beyond = count - self.most
            if beyond > 0:
                words = (
                    f"{beyond} more values of {metric} are not possible; each is written as missing"
                )
                found.append(
                    Finding(
                        code, Severity.WARNING, self.path, None, None, "measurements.value", words
                    )
                )
        return found

    def _doubtful(self, measurements: pa.Table) -> Places:
        """Return the rows whose number is outside the bounds of its metric, in whatever unit and of whatever stage."""
        if not measurements.num_rows:
            return np.zeros(0, np.int64)
        column: Any = measurements["metric"]
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        names = column.unify_dictionaries().combine_chunks()
        bounds = [_bounds(self._known(name)) for name in names.dictionary.to_pylist()]
        low, high, no_zero = np.array([*bounds, _bounds(None)], np.float64).T
        kinds = codes_of(names).astype(np.int64)
        values = pl.Series(pl.from_arrow(measurements["value"])).to_numpy()
        is_doubtful = (values < low[kinds]) | (values > high[kinds])
        if no_zero.any():
            is_doubtful |= (values == 0) & (no_zero[kinds] == 1)
        return np.flatnonzero(is_doubtful)

    def _known(self, name: str) -> Metric | None:
        return self.metrics.get(name) or self.metrics.get(name.partition("@")[0])

    def _code(self, item: Measurement) -> str | None:
        if item.value is None:
            return None
        metric = self._known(item.metric)
        return fault(metric, item.value, item.unit, item.stage) if metric else None

    def _withheld(self, item: Measurement, code: str, place: _Place) -> Measurement:
        data = item.to_dict()
        self._tell(code, data, place)
        return Measurement.model_validate(withheld(data))

    def _table(self, batch: Batch, places: Places) -> pa.Table:
        """Return the measurements with the rows at some places withheld."""
        whole = batch.measurements
        rows = whole.take(places_of(places)).to_pylist()
        owners = {row["record_id"] for row in rows}
        ids = batch.records["id"].to_pylist()
        locators = dict(zip(ids, batch.records["source_locator"].to_pylist(), strict=True))
        changed = []
        for row in rows:
            said = {name: cell for name, cell in row.items() if cell is not None}
            owner = row["record_id"]
            code = (
                fault(self._metric(row["metric"]), row["value"], row["unit"], row["stage"])
                or "BF302"
            )
            self._tell(code, said, _Place(self.path, _row(locators.get(owner)), owner))
            changed.append(withheld(said))
        assert owners <= set(ids)  # noqa: S101 - a part holds the records of its measurements
        return _with_rows(whole, places, changed)

    def _metric(self, name: str) -> Metric:
        return self.metrics.get(name) or self.metrics[name.partition("@")[0]]

    def _tell(self, code: str, said: Mapping[str, JsonValue], place: _Place) -> None:
        """Note that a number is withheld."""
        key = (code, str(said["metric"]))
        self._told[key] += 1
        if self._told[key] > self.most:
            return
        shown = canonical(said["value"])
        if said["unit"] != "1":
            shown = f"{shown} {said['unit']}"
        message = (
            f"{said['metric']} {shown} is not possible; it is written as missing ({reason(said)})"
        )
        self.findings.append(
            Finding(
                code,
                Severity.WARNING,
                place.path,
                place.row,
                None,
                "measurements.value",
                message,
                str(said.get("reported_value", canonical(said["value"]))),
                "look at the source: a marker for a missing number, another unit, or a fault of the tool?",
                place.record,
            )
        )


@dataclass(frozen=True)
class _Place:
    """Where a number stands: the file, the row and the record."""

    path: str
    row: int | None
    record: str | None


def reason(said: Mapping[str, JsonValue]) -> str:
    """Return why a number that cannot be is missing: a time printed as `0.00` was rounded, others are wrong.

    Of a power of 0.0 W nobody knows whether it was rounded or never measured.
    """
    known = vocabulary().terms("metric").get(str(said["metric"]), {})
    printed = str(said.get("reported_value", ""))
    is_zero_time = known.get("quantity") == "time" and said["value"] == 0
    if is_zero_time and _ROUNDED.fullmatch(printed.strip()):
        return ROUNDED
    return INVALID


def withheld(said: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the plain measurement that says why there is no value; the source's characters and their unit stay."""
    kept = {name: value for name, value in said.items() if name not in ("value", "basis", "unit")}
    if any(name in said for name in _PARTS):
        kept["unit"] = said["unit"]
    if "reported_value" not in said and said.get("basis") not in _CALCULATED:
        kept["reported_value"] = canonical(said["value"])
    if "reported_value" in kept and "reported_unit" not in said:
        kept["reported_unit"] = said["unit"]
    return {**kept, "missing": reason(said)}


def _row(locator: str | None) -> int | None:
    match = _ROW.fullmatch(locator or "")
    if match is None:
        return None
    return int(match[1])


def _with_rows(table: pa.Table, places: Places, rows: list[dict[str, JsonValue]]) -> pa.Table:
    """Return a table with other rows at some places; only the columns that change are laid out anew."""
    there = np.zeros(table.num_rows, dtype=bool)
    there[places] = True
    mask = array_of(there.tolist(), pa.bool_())
    for name in ("value", "unit", "basis", "missing", "reported_value", "reported_unit"):
        index = table.schema.get_field_index(name)
        kind: Any = pa.float64() if name == "value" else pa.string()
        before: Any = table.column(index).cast(kind).combine_chunks()
        cells: Any = array_of([row.get(name) for row in rows], kind)
        table = table.set_column(index, name, pc.replace_with_mask(before, mask, cells))
    return table


def _incomplete(records: pa.Table, measurements: pa.Table) -> pa.Table:
    """Return the records, those that went well and have no value left with another status."""
    needed = pl.DataFrame(pl.from_arrow(measurements.select(["record_id", "value"])))
    left = needed.filter(pl.col("value").is_not_null())["record_id"].cast(pl.String)
    frame = pl.DataFrame(pl.from_arrow(records.select(["id", "status"]))).cast(pl.String)
    bare = (pl.col("status") == "ok") & ~pl.col("id").is_in(left.implode())
    status = frame.select(
        pl.when(bare).then(pl.lit(WITHOUT_VALUE)).otherwise("status").alias("status")
    )["status"]
    return records.set_column(
        records.schema.get_field_index("status"), "status", array_of(status.to_list(), pa.string())
    )
