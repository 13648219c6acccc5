"""What a package holds, in few lines; its rows are counted a batch at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import polars as pl
import pyarrow as pa

from benchfmt.package import Package
from benchfmt.reports.counting import counted, number
from benchfmt.spelling import listed
from benchfmt.wide import QUALIFIED

_VALUES = 8
_OF_RECORDS = ("suite", "benchmark", "task", "system_id", "engine", "precision", "status")
_OF_MEASUREMENTS = ("metric", "scope", "value", "missing")


def package_lines(package: Package) -> Iterator[str]:
    """Yield what a package holds: its counts, and its records by suite, benchmark, system and status."""
    records, of_records = _counts(_frames(package, "records", _OF_RECORDS), _OF_RECORDS)
    kinds = ("measured", "of_parts", "missing")
    frames = map(_in_kinds, _frames(package, "measurements", _OF_MEASUREMENTS))
    measurements, of_measurements = _counts(frames, kinds)
    systems = sum(batch.num_rows for batch in package.batches("systems", ("id",)))
    yield (
        f"{counted(records, 'record')}, {counted(measurements, 'measurement')}, "
        f"{counted(systems, 'system')}"
    )
    for name, counts in of_records.items():
        if counts.height:
            shown = _worded(counts.head(_VALUES))
            if counts.height > _VALUES:
                shown.append(f"... ({number(counts.height)} in all)")
            yield f"{name}: {', '.join(shown)}"
    metrics, parts, missing = of_measurements.values()
    yield f"metrics: {listed(sorted(metrics['word']))}"
    if parts.height:
        told = listed(_worded(parts))
        yield f"of parts of results, which the flat table shows where it is asked (qualified): {told}"
    if missing.height:
        yield f"missing: {listed(_worded(missing))}"


def _frames(package: Package, table: str, names: Sequence[str]) -> Iterator[pl.DataFrame]:
    batches: Iterator[pa.Table] = package.batches(table, names)
    for batch in batches:
        yield pl.DataFrame(pl.from_arrow(batch))


def _in_kinds(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return of each measurement the metric where it has a value, also where it is of a part, and why it has none."""
    metric = pl.col("metric").cast(pl.String)
    has_value = pl.col("value").is_not_null()
    is_part = pl.col("scope").cast(pl.String).str.contains(QUALIFIED)
    return measurements.select(
        measured=pl.when(has_value).then(metric),
        of_parts=pl.when(has_value & is_part).then(metric),
        missing="missing",
    )


def _counts(
    frames: Iterable[pl.DataFrame], names: Sequence[str]
) -> tuple[int, dict[str, pl.DataFrame]]:
    """Return the number of rows, and for some columns how often each `word` stands there, the most frequent first."""
    rows = 0
    empty = pl.DataFrame(schema={"word": pl.String, "count": pl.UInt32})
    found = {name: [empty] for name in names}
    for frame in frames:
        rows += frame.height
        for name in names:
            words = frame[name].cast(pl.String).drop_nulls().alias("word")
            found[name].append(words.value_counts())
    return rows, {name: _summed(some) for name, some in found.items()}


def _summed(counts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    total = pl.concat(counts).group_by("word").agg(pl.col("count").sum())
    return total.sort("count", "word", descending=[True, False])


def _worded(counts: pl.DataFrame) -> list[str]:
    return [f"{word} {number(count)}" for word, count in counts.iter_rows()]
