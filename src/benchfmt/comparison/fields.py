"""The fields that decide comparability, each as a column of text: equal texts are equal values, null is unknown."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import polars as pl

from benchfmt import registry
from benchfmt.suites import mlperf_compatibility, tables
from benchfmt.vocabulary import vocabulary

COMPARED = ("system", "placement", "engine", "engine_version", "software")
"""What the usual question compares: the system, and what the run used of it."""
_WORDS = re.compile("[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
"""The words of a name, whichever way they are joined: `random_state`, `rngSeed`, `openml.seed`."""
_SEEDS = ("seed", "seeds", "rng", "prng")
_NUMBERS_OF = ("n", "num", "number", "count")
_RANDOM = ("random", "rng", "prng")
_SEED_TEXT = re.compile("(0x)?[0-9a-fA-F]+")
_LONGEST = 64
"""So many characters of an object are its own key; a longer one is known by its hash."""
_MLPERF = "mlperf-"


@dataclass(frozen=True)
class Field:
    """A field that decides comparability."""

    name: str
    label: str
    """What messages call it."""
    columns: tuple[str, ...]
    """The columns of the records, or of the measurements, that it is read from."""
    of_measurement: bool = False
    """Whether measurements have it, and not records."""


def _field(name: str, label: str = "", columns: str = "", *, of_measurement: bool = False) -> Field:
    label = label or name.replace("_", " ")
    return Field(name, label, tuple((columns or name).split()), of_measurement)


FIELDS = {
    item.name: item
    for item in (
        _field("suite"),
        _field("round", "round", "suite suite_version benchmark system_type scenario"),
        _field("benchmark"),
        _field("work", "benchmark or model", "benchmark model"),
        _field("division"),
        _field("category"),
        _field("system_type"),
        _field("scenario"),
        _field("phase"),
        _field("task"),
        _field("dataset", "data set"),
        _field("dataset_split", "split of the data set"),
        _field("dataset_samples", "samples of the data set"),
        _field("model"),
        _field("model_version"),
        _field("precision"),
        _field("input_shape"),
        _field("batch_size"),
        _field("threads"),
        _field("placement"),
        _field("hyperparameters"),
        _field("inputs"),
        _field("extensions"),
        _field("engine"),
        _field("engine_version", "version of the engine"),
        _field("software"),
        _field("system", "system", "system_id"),
        _field("targets", "targets", "target_min target_max", of_measurement=True),
        _field(
            "power_run",
            "power measured in the run",
            "metric value scope basis",
            of_measurement=True,
        ),
        _field("statistic", of_measurement=True),
        _field("stage", "stage (what the timer covered)", of_measurement=True),
        _field("per", "unit of work", of_measurement=True),
        _field("scope", "scope (whose power or memory)", of_measurement=True),
    )
}
"""The fields by name. A member of an object has a name with a dot: `hyperparameters.fold`."""
OF_RESULT = ("statistic", "stage", "per", "scope")
"""The fields that a measurement states itself; all others are those of its record."""


@cache
def never_count() -> frozenset[str]:
    """Return the members of hyperparameters and inputs that bind in no suite, beside seeds: lists of providers, places of files."""
    return frozenset(tables.read("comparison")["never_count"])


def is_seed(name: str, value: Any) -> bool:
    """Say whether a member is the seed of a generator of random numbers, as whichever tool calls it: `rng`, `random_state`."""
    if not _may_seed(value):
        return False
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words or words[0] in _NUMBERS_OF:
        return False
    return words[-1] in _SEEDS or (words[-1] == "state" and words[-2:][0] in _RANDOM)


def _may_seed(value: Any) -> bool:
    """Say whether a value is a number that starts a generator, a list of such, or says that there is none."""
    if isinstance(value, list):
        return all(map(_may_seed, value))
    if isinstance(value, str):
        return _SEED_TEXT.fullmatch(value) is not None
    if isinstance(value, float):
        return value.is_integer()
    return value is None or isinstance(value, int)


def label(name: str) -> str:
    """Return what messages call a field."""
    head, _, member = name.partition(".")
    if member:
        return member.replace("_", " ")
    return FIELDS[head].label


def columns_of(name: str) -> tuple[str, ...]:
    """Return the columns that a field is read from; raises KeyError for an unknown field."""
    return FIELDS[name.partition(".")[0]].columns


_JSON = ("input_shape", "placement", "software")
_KEPT = {"system": "system_id"}
"""The columns of fields that have another name."""


def normalised(
    records: pl.DataFrame, names: Iterable[str], kind: str, ignored: Collection[str] = ()
) -> dict[str, pl.Series]:
    """Return the fields of records as columns of text, by name.

    `kind` is that of the metric, on which only the block of rounds depends. Those of a measurement are not among them.
    Members of hyperparameters and inputs that are `ignored` do not count.
    Where suites may differ, so do their names for one model or data set: those that the registry or the vocabulary knows
    to be the same are one.
    """
    wanted = list(names)
    uncounted = never_count().union(ignored)
    columns = {name: _column(records, name, kind, uncounted) for name in wanted}
    if "suite" not in wanted and "model" in wanted:
        columns |= _known_models(records, columns)
    if "suite" not in wanted and "dataset" in wanted:
        columns["dataset"] = _known_data_sets(records)
    return columns


def _known_data_sets(records: pl.DataFrame) -> pl.Series:
    """Return the data sets, with the registry's or the vocabulary's id in place of a name of one."""
    names = records["dataset"].cast(pl.String)
    known = data_set_ids(names, records["suite"].cast(pl.String))
    return pl.Series("dataset", pl.select(pl.coalesce(known, names)).to_series())


def data_set_ids(names: pl.Series, suites: pl.Series) -> pl.Series:
    """Return the one id of all names of a data set, by the registry or else the vocabulary; null for unknown ones."""
    keys = pl.DataFrame({"suite": suites, "name": names})
    distinct = keys.unique()
    ids = [_data_set_id(name, suite) for suite, name in distinct.rows()]
    with_ids = distinct.with_columns(pl.Series("known", ids, dtype=pl.String))
    joined = keys.join(
        with_ids, on=["suite", "name"], how="left", nulls_equal=True, maintain_order="left"
    )
    return joined["known"]


def _data_set_id(name: str | None, suite: str | None) -> str | None:
    if name is None:
        return None
    term = vocabulary().match("dataset", name, suite)
    found = registry.find_dataset(name, suite) or registry.find_dataset(term)
    return term if found is None else registry.one_of(found.id)


def _known_models(records: pl.DataFrame, columns: Mapping[str, pl.Series]) -> dict[str, pl.Series]:
    """Return model, and version where it is asked for, with the registry's id in place of what it knows.

    An id says the version too.
    """
    cells = (records[name].cast(pl.String) for name in ("model", "suite", "model_version"))
    ids = registry.model_ids(*cells)
    distinct = ids.drop_nulls().unique()
    ones = pl.Series([f"registry:{registry.one_of(one)}" for one in distinct], dtype=pl.String)
    stands_for = ids.replace_strict(distinct, ones, default=None, return_dtype=pl.String)
    known = {"model": stands_for.zip_with(stands_for.is_not_null(), columns["model"])}
    if "model_version" in columns:
        known["model_version"] = columns["model_version"].set(stands_for.is_not_null(), "registry")
    return known


def _column(records: pl.DataFrame, name: str, kind: str, uncounted: Collection[str]) -> pl.Series:
    head, _, member = name.partition(".")
    if head == "round":
        return _rounds(records, is_quality=kind == "quality")
    if member:
        return _members(records[head], member)
    if head in ("hyperparameters", "inputs"):
        return _texts(records[head], partial(_without, uncounted))
    if head in _JSON:
        # Others may write the same list with other spaces.
        return _texts(records[head], plain_json)
    if head == "precision":
        # Several precisions in one run are no known one.
        return records.select(
            pl.col("precision").cast(pl.String).replace("mixed", None)
        ).to_series()
    if head == "work":
        # That one of them is known is what it says; whether they are equal is a matter of each.
        is_known = pl.col("benchmark").is_not_null() | pl.col("model").is_not_null()
        return records.select(work=pl.when(is_known).then(pl.lit("known"))).to_series()
    if head in columns_of(head):
        return records[head].cast(pl.String)
    return records[_KEPT.get(head, head)].cast(pl.String)


def _texts(cells: pl.Series, change: Callable[[str], str | None]) -> pl.Series:
    """Return each distinct text of a column changed."""
    texts = cells.cast(pl.String)
    distinct = texts.drop_nulls().unique()
    changed = pl.Series([change(text) for text in distinct], dtype=pl.String)
    return texts.replace_strict(distinct, changed, default=None, return_dtype=pl.String)


def plain_json(text: str) -> str:
    """Return JSON as it is written with the fewest characters; what is no JSON stays as it is."""
    return json.dumps(_parsed(text), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _members(cells: pl.Series, member: str) -> pl.Series:
    path = member.split(".")

    def text_of(text: str) -> str | None:
        value = _parsed(text)
        for name in path:
            if not isinstance(value, dict):
                return None
            value = value.get(name)
        return None if value is None else json.dumps(value, sort_keys=True)

    return _texts(cells, text_of)


def _without(uncounted: Collection[str], text: str) -> str | None:
    value = _parsed(text)
    if isinstance(value, dict):
        value = {
            name: item
            for name, item in value.items()
            if name not in uncounted and not is_seed(name, item)
        }
    if isinstance(value, list):
        value = [item for item in value if not _is_uncounted(item, uncounted)]
    if not value:
        return None
    plain = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    if len(plain) <= _LONGEST:
        return plain
    return f"sha256:{hashlib.sha256(plain.encode()).hexdigest()}"


def _is_uncounted(item: Any, uncounted: Collection[str]) -> bool:
    if not isinstance(item, dict):
        return False
    name = str(item.get("name", ""))
    return name in uncounted or is_seed(name, item.get("value", item.get("values")))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


_ROUND = ("suite", "suite_version", "benchmark", "system_type", "scenario")
_ROUND_ID = re.compile(r"v[0-9]{1,4}\.[0-9]{1,4}")


def _rounds(records: pl.DataFrame, *, is_quality: bool) -> pl.Series:
    """Return the block of rounds that a result compares with; the version itself where no table says more."""
    keys = records.select(pl.col(name).cast(pl.String) for name in _ROUND)
    distinct = keys.unique()
    blocks = [
        round_text(dict(zip(_ROUND, row, strict=True)), is_quality=is_quality)
        for row in distinct.rows()
    ]
    with_blocks = distinct.with_columns(pl.Series("block", blocks, dtype=pl.String))
    return keys.join(with_blocks, on=_ROUND, how="left", nulls_equal=True, maintain_order="left")[
        "block"
    ]


def round_text(record: Mapping[str, Any], *, is_quality: bool) -> str | None:
    """Return the rounds that a record's compares with as `v0.7 to v3.1`, its own version where no table names it."""
    block = round_block(record, is_quality=is_quality)
    if block is None:
        version = record["suite_version"]
        return None if version is None else str(version)
    return " to ".join(block)


def round_block(
    record: Mapping[str, Any], *, is_quality: bool
) -> mlperf_compatibility.Block | None:
    """Return the first and the last round that a record's compares with by MLCommons' table; None where it says nothing."""
    suite, version, benchmark, system_type, scenario = (record[name] for name in _ROUND)
    if not str(suite).startswith(_MLPERF) or benchmark is None or version is None:
        return None
    if not _ROUND_ID.fullmatch(version):
        return None
    # Datacenter and edge have a table each; a system may be for both.
    uses: list[str | None] = [None]
    if suite == "mlperf-inference":
        uses = [*mlperf_compatibility.CATEGORIES]
    blocks = {
        use: mlperf_compatibility.block(
            suite, benchmark, version, category=use, scenario=scenario, quality=is_quality
        )
        for use in uses
    }
    own = [block for use, block in blocks.items() if use is None or use in (system_type or use)]
    if not any(own):
        return None
    named = [block for block in blocks.values() if block is not None]
    first = min((block[0] for block in named), key=mlperf_compatibility.number)
    last = max((block[1] for block in named), key=mlperf_compatibility.number)
    return first, last
