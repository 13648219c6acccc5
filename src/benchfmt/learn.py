"""Folds for models that learn from results: no twin of a test row is among the rows that a model has seen.

A shuffled split tells how well a model knows what it has already seen on the same machine; by platform it tells what
a platform costs that nobody has measured yet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from benchfmt.comparison.fields import normalised
from benchfmt.finding import BenchfmtError
from benchfmt.registry import (
    all_same,
    facts_of_systems,
    model_ids,
    parts,
    spelled,
    system,
)
from benchfmt.spelling import no_such

if TYPE_CHECKING:
    import pandas as pd

By = Literal["system", "chip", "model", "execution"]
Table: TypeAlias = "pa.Table | pl.DataFrame | pd.DataFrame"
Fold: TypeAlias = "tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]"

_SAME_CONFIGURATION = (
    "suite", "benchmark", "scenario", "phase", "task", "dataset", "model", "model_version", "precision",
    "input_shape", "batch_size", "threads", "placement", "hyperparameters", "engine",
)  # fmt: skip
"""What two rows of one system have in common that repeat each other, whatever else they say or leave unsaid."""
_OF_SYSTEMS = ("system_id", "system_name", "processor_name", "accelerator_name")
_NEEDED = (*_SAME_CONFIGURATION, *_OF_SYSTEMS, "id", "execution", "comparability_group")


def splits(
    table: Table, by: By = "system", *, n_splits: int | None = None, seed: int | None = None
) -> list[Fold]:
    """Return folds, each as the places of the rows to learn from and of those to test with (the `cv` of scikit-learn).

    `table` is one of `Package.wide` or `to_pandas`, or some of its rows. Each test has whole groups (see `groups`): one,
    unless `n_splits` says how many tests there are; `seed` then shuffles the groups before they are dealt out. Raises
    BenchfmtError where there are too few groups.
    """
    model_selection = _model_selection()
    labels = groups(table, by)
    count = len(np.unique(labels))
    if count < (n_splits or 2):
        raise BenchfmtError(
            f"{count} groups by {by} are too few for {n_splits or 2} tests: rows of one execution, or that repeat one "
            f"configuration, are in one group; its {len(labels)} rows may lack what tells them apart (inputs=True)"
        )
    folds = model_selection.LeaveOneGroupOut()
    if n_splits is not None:
        folds = model_selection.GroupKFold(n_splits, shuffle=seed is not None, random_state=seed)
    return list(folds.split(np.zeros(len(labels)), groups=labels))


def groups(table: Table, by: By = "system") -> npt.NDArray[np.intp]:
    """Return the number of each row's group: rows that a test must not share with what a model learns from.

    Rows of one system, chip, model or execution are in one group; one chip on two boards is one, and so is whatever the
    registry says to be the same. Whatever `by` is, rows of one execution are in one group, and so are rows that repeat a
    configuration on a system. Raises BenchfmtError where a row does not say by what it is to be grouped.
    """
    frame = _frame(table)
    if by not in _KEYS:
        raise BenchfmtError(no_such("way of grouping", by, list(get_args(By))))
    keys = {
        "by": _KEYS[by](frame),
        "execution": [_executions(frame)],
        "said": [_said(frame)],
        "bound": [_bound(frame)],
    }
    return _connected(frame.height, keys)


def _model_selection() -> Any:
    try:
        from sklearn import model_selection
    except ImportError as error:
        raise BenchfmtError(
            f"splits needs scikit-learn: pip install 'benchfmt[learn]' ({error})"
        ) from error
    return model_selection


def _frame(table: Table) -> pl.DataFrame:
    """Return the columns of a flat table that tell twins, as polars has them."""
    if isinstance(table, pa.Table | pl.DataFrame):
        names = set(table.schema.names if isinstance(table, pa.Table) else table.columns)
    else:
        names = set(table.columns)
    for name in _NEEDED:
        if name not in names:
            raise BenchfmtError(
                f"the table has no column {name!r}; give one of Package.wide() with all columns of its context"
            )
    kept = [*_NEEDED, *sorted(name for name in names if name.startswith("inputs__"))]
    if isinstance(table, pa.Table):
        return pl.DataFrame(pl.from_arrow(table.select(kept)))
    if isinstance(table, pl.DataFrame):
        return table.select(kept)
    return pl.from_pandas(table[kept].reset_index(drop=True))


def _of_systems(frame: pl.DataFrame) -> list[pl.Series]:
    """Return keys that rows of one system share: its id, and what the registry knows it as."""
    _refuse_unknown(frame, "system_id", "system")
    return [frame["system_id"], _system_keys(frame)]


def _system_keys(frame: pl.DataFrame) -> pl.Series:
    described = _described(frame)
    keys: list[str | None] = []
    for own, known in described.select("system_id", "registry_system").iter_rows():
        keys.append(f"registry:{_canonical(known)}" if known else own)
    return _spread(frame, described, keys)


def _of_chips(frame: pl.DataFrame) -> list[pl.Series]:
    """Return keys that rows of one chip share: each chip of the device that computes, else its name."""
    _refuse_unknown(frame, "system_id", "system")
    described = _described(frame)
    chips = [_chips(row) for row in described.iter_rows(named=True)]
    most = max(map(len, chips), default=0)
    keys = [frame["system_id"]]
    for place in range(most):
        one = [names[place] if place < len(names) else None for names in chips]
        keys.append(_spread(frame, described, one))
    return keys


def _chips(row: dict[str, str | None]) -> list[str]:
    """Return what computes on a system: the chips that the registry knows, and what it does not know by name."""
    accelerator, device = row["accelerator_name"], row["registry_device"]
    chips = []
    if device is not None:
        there = [device, *(part.id for part in parts(system(device)))]
        chips += [f"registry:{_canonical(one)}" for one in there]
    if accelerator is not None and row["registry_accelerator"] is None:
        chips.append(f"name:{spelled(accelerator)}")
    named = row["processor_name"] or row["name"]
    if not chips and named is not None:
        chips.append(f"name:{spelled(named)}")
    return chips


def _described(frame: pl.DataFrame) -> pl.DataFrame:
    """Return each distinct system of a table, with what the registry takes it for."""
    distinct = frame.select(_OF_SYSTEMS).unique(maintain_order=True)
    known = facts_of_systems(distinct.rename({"system_id": "id", "system_name": "name"}))
    return pl.concat(
        [
            distinct.rename({"system_name": "name"}),
            known.select("registry_system", "registry_accelerator", "registry_device"),
        ],
        how="horizontal",
    )


def _spread(frame: pl.DataFrame, described: pl.DataFrame, keys: Sequence[str | None]) -> pl.Series:
    """Return the keys of distinct systems, one for each row."""
    distinct = described.select(pl.col(name) for name in _DISTINCT).with_columns(
        pl.Series("key", keys, dtype=pl.String)
    )
    rows = frame.select(_OF_SYSTEMS).rename({"system_name": "name"})
    return rows.join(distinct, on=_DISTINCT, how="left", nulls_equal=True, maintain_order="left")[
        "key"
    ]


_DISTINCT = ("system_id", "name", "processor_name", "accelerator_name")


def _of_models(frame: pl.DataFrame) -> list[pl.Series]:
    """Return the key that rows of one model share: what the registry knows it as, else its name."""
    _refuse_unknown(frame, "model", "model")
    return [_model_keys(frame)]


def _model_keys(frame: pl.DataFrame) -> pl.Series:
    known = model_ids(frame["model"], frame["suite"], frame["model_version"])
    keys: list[str | None] = []
    for own, name in zip(known, frame["model"], strict=True):
        key = None
        if own is not None:
            key = f"registry:{_canonical(own)}"
        elif name is not None:
            key = f"name:{spelled(name)}"
        keys.append(key)
    return pl.Series(keys, dtype=pl.String)


def _of_executions(frame: pl.DataFrame) -> list[pl.Series]:
    return [_executions(frame)]


_KEYS: dict[str, Callable[[pl.DataFrame], list[pl.Series]]] = {
    "system": _of_systems,
    "chip": _of_chips,
    "model": _of_models,
    "execution": _of_executions,
}


def _executions(frame: pl.DataFrame) -> pl.Series:
    """Return what rows of one execution share; nothing of a row that names none."""
    return frame.select(key=pl.concat_str("suite", "execution", separator="\x1f"))["key"]


def _said(frame: pl.DataFrame) -> pl.Series:
    """Return what rows share that say the same of their configuration and system.

    A number that missed its target is in no group of comparison, and repeats one that is.
    """
    columns = normalised(frame, _SAME_CONFIGURATION, "performance")
    told = pl.DataFrame([column.alias(name) for name, column in columns.items()])
    inputs = frame.select(pl.col("^inputs__.*$").cast(pl.String))
    told = pl.concat([told, inputs], how="horizontal").with_columns(system=_system_keys(frame))
    # Absent differs from every value: it starts with another character.
    cells = [(pl.lit("=") + pl.col(name)).fill_null("-") for name in told.columns]
    return told.select(key=pl.concat_str(cells, separator="\x1f"))["key"]


def _bound(frame: pl.DataFrame) -> pl.Series:
    """Return what rows share that are of one model and system, and equal in all that binds in their suite.

    The model is told beside: where it is what is compared, as in the AutoML Benchmark, it does not bind.
    """
    # The last part of a group's name is of the metric, the rest of what the configuration is.
    context = pl.col("comparability_group").str.replace("-[^-]*$", "")
    told = frame.select(context.alias("context")).with_columns(
        system=_system_keys(frame), model=_model_keys(frame).fill_null("")
    )
    return told.select(key=pl.concat_str("system", "model", "context", separator="\x1f"))["key"]


def _canonical(entry_id: str) -> str:
    """Return the one id that stands for all ids of the same thing."""
    return min(all_same(entry_id))


def _refuse_unknown(frame: pl.DataFrame, column: str, what: str) -> None:
    unknown = frame[column].null_count()
    if unknown:
        raise BenchfmtError(
            f"{unknown:,} rows name no {what}, so nobody knows whose twins they are; leave them out"
        )


def _connected(rows: int, keys: Mapping[str, list[pl.Series]]) -> npt.NDArray[np.intp]:
    """Return one number for all rows that share a key of a kind, or are led to each other by such rows."""
    places = pl.int_range(rows, eager=True).alias("row")
    links = pl.concat(
        pl.DataFrame([places, key.alias("key")]).select("row", pl.lit(kind).alias("kind"), "key")
        for kind, several in keys.items()
        for key in several
    )
    alone = pl.DataFrame({"row": places}).with_columns(kind=pl.lit("row"), key=pl.lit(None))
    links = pl.concat([links.filter(pl.col("key").is_not_null()), alone], how="vertical_relaxed")
    links = links.with_columns(least="row")
    while True:
        least = links["least"]
        shared = pl.col("least").min().over("kind", "key")
        of_key = pl.when(pl.col("key").is_null()).then("least").otherwise(shared)
        links = links.with_columns(least=of_key).with_columns(
            least=pl.col("least").min().over("row")
        )
        if links["least"].equals(least):
            break
    labels = links.unique("row").sort("row")["least"].rank("dense") - 1
    return labels.to_numpy().astype(np.intp)
