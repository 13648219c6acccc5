"""Counts over the tables of a package, a batch at a time: what `coverage` is made of."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

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
_CONFIGURATION = (
    "suite",
    "round",
    "benchmark",
    "division",
    "scenario",
    "phase",
    "task",
    "dataset",
    "dataset_split",
    "model",
    "model_version",
    "system",
    "engine",
    "engine_version",
    "software",
    "precision",
    "input_shape",
    "batch_size",
    "threads",
    "placement",
    "hyperparameters",
    "inputs",
)
"""What two records share that are repeats of one measurement; seeds and places of files never count."""
_RECORDS = tuple(
    dict.fromkeys(
        [
            "id",
            "status",
            "execution",
            "verification",
            *COULD_BE_STATED,
            *(column for name in _CONFIGURATION for column in columns_of(name)),
        ]
    )
)
"""The columns of records that are read."""
_BESIDE = ("n", "stddev", "ci", "samples")
"""What may stand beside a value to say how far it spreads."""
_SLACK = 1_000
"""So many records without measurements in a row are passed over without looking through all."""


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
    unstated: dict[str, int]
    """Records that do not state a field, by field."""
    runs: pl.DataFrame
    """Runs of each configuration whose system is known: `runs` and how many `configurations` have so many."""
    shared_executions: int
    """Executions of which there are several records."""


def tallies(package: Package) -> Tallies:
    """Return the counts of a package; a number for each record is kept, and its id, and no more."""
    parts: dict[str, list[pl.DataFrame]] = {
        name: [] for name in ("records", "people", "verified", "models")
    }
    keys, runs = [], []
    unstated = dict.fromkeys(COULD_BE_STATED, 0)
    places = _Places()
    for table in package.batches("records", _RECORDS):
        batch = pl.DataFrame(pl.from_arrow(table))
        known = batch.with_columns(benchmark=pl.coalesce("benchmark", "model"))
        keys.append(places.of(known))
        parts["records"].append(_counted(known, *PLACE, "status"))
        parts["people"].append(_counted(batch, "submitter", "system_id"))
        parts["verified"].append(_counted(batch, "verification"))
        parts["models"].append(_counted(batch, "suite", "model", "model_version"))
        for name in COULD_BE_STATED:
            unstated[name] += batch[name].null_count()
        runs.append(_runs(batch))
    if not keys:
        raise BenchfmtError(f"{package.root} has no records")
    sums = {name: _summed(frames) for name, frames in parts.items()}
    every_run = pl.concat(runs)
    return Tallies(
        values=_values(package, pl.concat(keys), places),
        unstated=unstated,
        runs=_repeats(every_run),
        shared_executions=_shared(every_run),
        **sums,
    )


class _Ids:
    """The numbers of the places of records by id, of which measurements mostly ask in the order of the records."""

    def __init__(self, keys: pl.DataFrame) -> None:
        self._keys = keys.with_row_index("position")
        self._next = 0

    def placed(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Return measurements, each with the number of its record's place."""
        asked = batch["record_id"].n_unique()
        near = self._keys.slice(self._next, 2 * asked + _SLACK)
        found = _joined(batch, near)
        if found["place"].null_count():
            found = _joined(batch, self._keys)
        last = found["position"].max()
        if isinstance(last, int):
            self._next = last
        return found


def _joined(batch: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    return batch.join(keys, left_on="record_id", right_on="id", how="left")


class _Places:
    """Numbers for places, in the order in which they are met."""

    def __init__(self) -> None:
        self._known = pl.DataFrame(schema=dict.fromkeys(PLACE, pl.String) | {"place": pl.UInt32})

    def of(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Return the ids of records, each with the number of its place."""
        named = batch.select("id", *(pl.col(name).cast(pl.String) for name in PLACE))
        new = named.select(PLACE).unique(maintain_order=True)
        new = new.join(self._known, on=PLACE, how="anti", nulls_equal=True, maintain_order="left")
        numbered = new.with_row_index("place", offset=self._known.height)
        self._known = pl.concat([self._known, numbered.select(self._known.columns)])
        joined = named.join(
            self._known, on=PLACE, how="left", nulls_equal=True, maintain_order="left"
        )
        return joined.select("id", "place")

    def named(self, counts: pl.DataFrame) -> pl.DataFrame:
        """Return counts with the names of their places."""
        return counts.join(self._known, on="place", how="left", maintain_order="left").drop("place")


def _counted(batch: pl.DataFrame, *names: str) -> pl.DataFrame:
    texts = batch.select(pl.col(name).cast(pl.String) for name in names)
    return texts.group_by(names, maintain_order=True).agg(count=pl.len().cast(pl.Int64))


def _summed(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Return counts of several batches as one, in the order of the names."""
    every = pl.concat(parts)
    counts = [name for name, kind in every.schema.items() if kind == pl.Int64]
    names = [name for name in every.columns if name not in counts]
    return every.group_by(names).agg(pl.col(counts).sum()).sort(names, nulls_last=True)


def _values(package: Package, keys: pl.DataFrame, places: _Places) -> pl.DataFrame:
    """Return the values of each place and metric: how many there are, and which are missing for which reason."""
    parts = []
    ids = _Ids(keys)
    names = ("record_id", "metric", "value", "missing", *_BESIDE)
    for table in package.batches("measurements", names):
        batch = pl.DataFrame(pl.from_arrow(table))
        placed = ids.placed(batch)
        has_value = pl.col("value").is_not_null()
        beside = {
            name: (has_value & pl.col(name).is_not_null()).sum().cast(pl.Int64) for name in _BESIDE
        }
        parts.append(
            placed.group_by(
                "place", pl.col("metric").cast(pl.String), pl.col("missing").cast(pl.String)
            ).agg(count=pl.len().cast(pl.Int64), **beside)
        )
    if not parts:
        kinds = dict.fromkeys((*PLACE, "metric", "missing"), pl.String)
        return pl.DataFrame(schema=kinds | dict.fromkeys(("count", *_BESIDE), pl.Int64))
    return places.named(_summed(parts))


def configurations(batch: pl.DataFrame) -> pl.Series:
    """Return a number for each record that its repeats share: same benchmark, system and configuration, seeds aside."""
    fields = pl.DataFrame(normalised(batch, _CONFIGURATION, "performance"))
    return row_hashes(fields, _CONFIGURATION)


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
    known = runs.filter("is_known").group_by("configuration").agg(runs=pl.col("run").n_unique())
    return known.group_by("runs").agg(configurations=pl.len()).sort("runs")


def _shared(runs: pl.DataFrame) -> int:
    sizes = runs.filter("names_execution").group_by("run").len()
    return sizes.filter(pl.col("len") > 1).height
