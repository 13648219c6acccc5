"""Counts over the tables of a package, a batch at a time: what `coverage` is made of."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from benchfmt.comparing.portions import Numbered, by_portions
from benchfmt.comparing.told import CONFIGURATION
from benchfmt.comparison.fields import columns_of, normalised
from benchfmt.finding import BenchfmtError
from benchfmt.package import Package
from benchfmt.rowhash import row_hashes

PLACE = ("suite", "benchmark", "system_id")
"""A cell of the matrix: what was measured, on what. A record that names no benchmark stands under its model."""
COULD_BE_STATED = (
    "system_id",
    "dataset",
    "model",
    "engine",
    "engine_version",
    "precision",
    "input_shape",
    "batch_size",
    "threads",
    "placement",
    "submitter",
    "measured_at",
)
"""Fields without which a reader does not know what was measured, or by whom."""
_RECORDS = tuple(
    dict.fromkeys(
        [
            "id",
            "status",
            "execution",
            "verification",
            *COULD_BE_STATED,
            *(column for name in CONFIGURATION for column in columns_of(name)),
        ]
    )
)
"""The columns of records that are read."""
_BESIDE = ("n", "stddev", "ci", "samples")
"""What may stand beside a value to say how far it spreads."""


@dataclass(frozen=True)
class Tallies:
    """Counts of a package; each frame has one row for each distinct thing."""

    records: pl.DataFrame
    """Records by place, status, and whether anything was stated of them."""
    values: pl.DataFrame
    """Values by place, metric and the reason why one is missing, with what stands beside them."""
    people: pl.DataFrame
    """Records by submitter and system."""
    verified: pl.DataFrame
    """Records by verification."""
    models: pl.DataFrame
    """Records by suite, model and version."""
    datasets: pl.DataFrame
    """Records by suite and data set."""
    unstated: dict[str, int]
    """Records that do not state a field, by field."""
    runs: pl.DataFrame
    """Runs of each configuration whose system is known: `runs` and how many `configurations` have so many."""
    shared_executions: int
    """Executions of which there are several records."""


def tallies(package: Package) -> Tallies:
    """Return the counts of a package; two numbers for each record are kept, and no more."""
    tally = _Tally()
    names = ("record_id", "metric", "value", "missing", *_BESIDE)
    parts = by_portions(package, (_RECORDS, names), _marked, tally.portion)
    frames = {name: pl.concat([part[name] for part in parts]) for name in (parts or [{}])[0]}
    if not frames or not frames["runs"].height:
        raise BenchfmtError(f"{package.root} has no records")
    runs, values, unstated = (frames.pop(name) for name in ("runs", "values", "unstated"))
    return Tallies(
        values=tally.places.named(_summed(values)),
        unstated=dict(unstated.sum().row(0, named=True)),
        runs=_repeats(runs),
        shared_executions=_shared(runs),
        **{name: _summed(frame) for name, frame in frames.items()},
    )


def _marked(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return measurements with whether something stands beside the value, in place of what it is."""
    has_value = pl.col("value").is_not_null()
    beside = [(has_value & pl.col(name).is_not_null()).alias(name) for name in _BESIDE]
    return measurements.select("record_id", "metric", "missing", *beside)


class _Tally:
    """The counts of portions, and the places that they are of."""

    def __init__(self) -> None:
        self.places = Numbered(dict.fromkeys(PLACE, pl.String()))

    def portion(self, records: pl.DataFrame, measurements: pl.DataFrame) -> dict[str, pl.DataFrame]:
        """Return the counts of some records with their measurements."""
        known = records.with_columns(benchmark=pl.coalesce("benchmark", "model"))
        keys = known.select("id", number=self.places.of(known)).unique("id", keep="first")
        placed = measurements.join(keys, left_on="record_id", right_on="id", how="left")
        return {
            "records": _counted(known, *PLACE, "status"),
            "people": _counted(records, "submitter", "system_id"),
            "verified": _counted(records, "verification"),
            "models": _counted(records, "suite", "model", "model_version"),
            "datasets": _counted(records, "suite", "dataset"),
            "values": placed.group_by("number", "metric", "missing").agg(
                pl.col(_BESIDE).sum().cast(pl.Int64), count=pl.len().cast(pl.Int64)
            ),
            "runs": _runs(records),
            "unstated": records.select(COULD_BE_STATED).null_count().cast(pl.Int64),
        }


def _counted(batch: pl.DataFrame, *names: str) -> pl.DataFrame:
    texts = batch.select(pl.col(name).cast(pl.String) for name in names)
    return texts.group_by(names, maintain_order=True).agg(count=pl.len().cast(pl.Int64))


def _summed(every: pl.DataFrame) -> pl.DataFrame:
    """Return counts of several portions as one, in the order of the names."""
    counts = [name for name, kind in every.schema.items() if kind == pl.Int64]
    names = [name for name in every.columns if name not in counts]
    return every.group_by(names).agg(pl.col(counts).sum()).sort(names, nulls_last=True)


def configurations(batch: pl.DataFrame) -> pl.Series:
    """Return a number for each record that its repeats share: same benchmark, system and configuration, seeds aside."""
    fields = pl.DataFrame(normalised(batch, CONFIGURATION, "performance"))
    return row_hashes(fields, CONFIGURATION)


def _runs(batch: pl.DataFrame) -> pl.DataFrame:
    """Return a number for the configuration and the run of each record, and what is known of them."""
    own_run = pl.coalesce(pl.col("suite") + "\x1f" + pl.col("execution"), pl.col("id"))
    run = batch.select(
        run=own_run.cast(pl.String),
        execution=pl.when(pl.col("execution").is_not_null()).then(own_run),
        is_known=pl.col("system_id").is_not_null(),
    )
    return pl.DataFrame(
        {
            "configuration": configurations(batch),
            "run": row_hashes(run, ["run"]),
            "names_execution": run["execution"].is_not_null(),
            "is_known": run["is_known"],
        }
    )


def _repeats(runs: pl.DataFrame) -> pl.DataFrame:
    known = runs.filter("is_known").unique(["configuration", "run"])
    known = known.group_by("configuration").agg(runs=pl.len())
    return known.group_by("runs").agg(configurations=pl.len()).sort("runs")


def _shared(runs: pl.DataFrame) -> int:
    sizes = runs.filter("names_execution").group_by("run").len()
    return sizes.filter(pl.col("len") > 1).height
