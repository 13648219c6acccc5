"""Tables for the vertical matchmaking engine: for each asset and platform `<asset>_<HW>.csv` with `<asset>_<HW>.json`.

A row is a successful run. The columns of an asset (inputs, hyper-parameters, targets) are the same on every platform and
have no empty cell. What the engine asks for is in the AI4Europe benchmarking guide
(https://ai4europe-benchmark-guide.readthedocs.io) and in the code of its matchmaking service
(https://github.com/enricomors/generalized-hada-v2). The companion also says, under `benchfmt`, which field or measurement
each column is, so that it can be read back.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path
from typing import Any

import polars as pl

from benchfmt.exports import Exported, boxes
from benchfmt.finding import BenchfmtError
from benchfmt.numbers import MAX_SAFE_INTEGER
from benchfmt.package import Package
from benchfmt.record import KEY_FIELDS
from benchfmt.suites.energy import mean_and_deviation
from benchfmt.units import is_unit
from benchfmt.vocabulary import vocabulary
from benchfmt.wide import column_name

OPTIONS = ("keep", "feature", "names")
"""`keep`: metrics, separated by commas, whose columns stay although records lack them; these are left out instead.
`feature`: metrics whose columns are hyper-parameters in place of targets, as LPDNN's own tables have the accuracy.
`names`: `engine` writes the columns for which the engine has a name of its own (`CO2e(kg)`) under that name.
"""

INPUTS, HYPERPARAMETERS, TARGETS = "inputs", "hyperparams", "targets"
ROLES = (INPUTS, HYPERPARAMETERS, TARGETS)
DEPENDENT, INDEPENDENT = "input-dependent", "input-independent"
"""The folders of assets with inputs and of those without; the engine serves them apart."""
ASSET_FIELDS = ("suite", "suite_version", "benchmark", "division", "scenario", "phase")
"""What makes an asset: results that answer one question under one set of rules."""
CONSTANT_FIELDS = {
    "suite": "benchmark.suite",
    "suite_version": "benchmark.suite_version",
    "benchmark": "benchmark.name",
    "division": "benchmark.division",
    "scenario": "benchmark.scenario",
    "phase": "benchmark.phase",
    "task": "task",
    "dataset": "dataset.name",
    "dataset_split": "dataset.split",
}
"""Fields that the companion says for all rows where they are one value."""
TEXTS = {
    "model": "model.name",
    "model_version": "model.version",
    "engine": "software.engine",
    "engine_version": "software.engine_version",
    "precision": "configuration.precision",
}
NUMBERS = {
    "model_parameters": "model.parameters",
    "model_flop": "model.flop",
    "model_size_bytes": "model.size_bytes",
    "batch_size": "configuration.batch_size",
    "threads": "configuration.threads",
}
LISTS = {
    "input_shape": ("configuration.input_shape", "x"),
    "placement": ("configuration.placement", "/"),
}
_QUALIFIED = re.compile("^(class|subset|node|accelerator|run):")
ENGINE_NAMES = {("emissions", "kg"): "CO2e(kg)"}
"""Targets that the engine knows by name: it scales these by the carbon intensity of the country that is asked for."""
PANDAS_MISSING = frozenset(
    (
        "",
        " ",
        "#N/A",
        "#N/A N/A",
        "#NA",
        "-1.#IND",
        "-1.#QNAN",
        "-NaN",
        "-nan",
        "1.#IND",
        "1.#QNAN",
        "<NA>",
        "N/A",
        "NA",
        "NULL",
        "NaN",
        "None",
        "n/a",
        "nan",
        "null",
    )
)
"""Words that pandas takes for a missing cell unless it is told not to, which the engine does not do."""
PANDAS_NOTE = "word:"
"""Such a word gets this before it, so that it stays a word."""
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9+-]+")
_PATH_PART = re.compile(r"^[^.\s]+$")

NOT_SUCCESSFUL = "not successful (status other than ok)"
NO_SYSTEM = "the system is not said"
NO_TARGET = "no number that the other records of the asset have"


@dataclass
class Column:
    """A column of an asset: its role, what it is for a reader of records, and its cells by record."""

    name: str
    role: str
    note: dict[str, Any]
    description: str | None
    cells: list[Any]
    kind: str = "str"


@dataclass
class Asset:
    """What one asset gives: its name, the places of its records, its columns, and what was dropped."""

    name: str
    rows: list[int]
    columns: list[Column] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def export(package: Package, folder: Path, options: Mapping[str, str]) -> Exported:
    """Write a package as tables and companions, and say what was written."""
    records = _frame(package, "records")
    left: Counter[str] = Counter()
    usable = _usable(records, left)
    measured = _targets(_frame(package, "measurements"), records["id"])
    asked = _asked(options, measured)
    assets = list(_assets(records, usable))
    for asset in assets:
        _fill(asset, records, measured, asked, left)
    platforms = _platforms(package, records, assets)
    files: list[str] = []
    notes: list[str] = []
    for asset in assets:
        notes += asset.notes
        for column in asset.columns:
            column.kind = _kind(column, [platforms[row] for row in asset.rows])
        for path, rows in _files(asset, platforms):
            notes += _of_several_tables(path, records, rows)
            files += _write(folder, path, asset, rows, platforms[rows[0]])
    done = sum(len(asset.rows) for asset in assets)
    return Exported(
        tuple(files),
        done,
        tuple(sorted(left.items())),
        (*notes, *_of_other_boxes(records, platforms)),
    )


def _of_several_tables(path: str, records: pl.DataFrame, rows: list[int]) -> Iterator[str]:
    """Tell where one table holds rows of several source tables: nothing says that one box and one version made them.

    A file of one result is a run, of which a system has many; a file of several is somebody's campaign.
    """
    sources = Counter(records["source_sha256"][row] for row in rows)
    tables = sum(digest is not None and count > 1 for digest, count in sources.items())
    if tables > 1:
        yield (
            f"{path}: its rows are of {tables} source tables, in which no number speaks against one box; where other boxes "
            "of that name, or other versions, made them, convert each into a package of its own"
        )


def _of_other_boxes(records: pl.DataFrame, platforms: Mapping[int, str]) -> Iterator[str]:
    """Tell which source tables of one described system became platforms of their own."""
    by_system: dict[str, dict[str, set[str]]] = {}
    for row, platform in platforms.items():
        source = records["source_path"][row] or "a record without a source"
        by_system.setdefault(records["system_id"][row], {}).setdefault(platform, set()).add(source)
    for system, by_platform in by_system.items():
        if len(by_platform) > 1:
            parts = "; ".join(
                f"{name}: {', '.join(sorted(sources))}"
                for name, sources in sorted(by_platform.items())
            )
            yield (
                f"{system}: source tables give numbers for the same configurations that differ as a whole, by more than "
                f"{round(100 * (boxes.TOLERANCE - 1))} %, so they are taken for different boxes or versions ({parts})"
            )


@dataclass(frozen=True)
class Asked:
    """What the user asks for, by the options."""

    keep: tuple[str, ...] = ()
    feature: tuple[str, ...] = ()
    engine_names: bool = False


def _asked(options: Mapping[str, str], measured: Mapping[str, pl.DataFrame]) -> Asked:
    """Return the options; raises BenchfmtError where one names what is not there."""
    lists = {
        name: tuple(word.strip() for word in options.get(name, "").split(",") if word.strip())
        for name in _LISTS
    }
    for name, metrics in lists.items():
        _check_metrics(name, metrics, measured)
    if options.get("names", "benchfmt") not in ("benchfmt", "engine"):
        raise BenchfmtError(f"names: {options['names']!r} is neither `benchfmt` nor `engine`")
    return Asked(lists["keep"], lists["feature"], options.get("names") == "engine")


_LISTS = ("keep", "feature")


def _frame(package: Package, table: str) -> pl.DataFrame:
    frame = pl.from_arrow(package.table(table))
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - a table, not a column
    return frame


def _usable(records: pl.DataFrame, left: Counter[str]) -> list[int]:
    ok = records["status"] == "ok"
    known = records["system_id"].is_not_null()
    left[NOT_SUCCESSFUL] += int((~ok).sum())
    left[NO_SYSTEM] += int((ok & ~known).sum())
    for reason in (NOT_SUCCESSFUL, NO_SYSTEM):
        if not left[reason]:
            del left[reason]
    return (ok & known).arg_true().to_list()


# --- platforms and assets, and their names ---


def _platforms(package: Package, records: pl.DataFrame, assets: Sequence[Asset]) -> dict[int, str]:
    """Return the platform of each record, by its row: the word for its system, with a number from the second box on.

    Two systems never share a word: their times do not compare.
    """
    numbers = boxes.boxes(_observations(records, assets))
    words: dict[tuple[str, int], str] = {}
    for system, word in _words(package).items():
        words[system, 1] = word
    taken = set(words.values())
    platforms: dict[int, str] = {}
    for asset in assets:
        for row in asset.rows:
            system = records["system_id"][row]
            box = numbers.get((system, records["source_sha256"][row]), 1)
            if (system, box) not in words:
                words[system, box] = _free(f"{words[system, 1]}-{box}", taken)
                taken.add(words[system, box])
            platforms[row] = words[system, box]
    return platforms


def _free(word: str, taken: set[str]) -> str:
    """Return a word that no other platform has."""
    numbered = (f"{word}-{number}" for number in count(2))
    return next(name for name in chain([word], numbered) if name not in taken)


def _observations(records: pl.DataFrame, assets: Sequence[Asset]) -> Iterator[boxes.Observation]:
    """Yield a time or a rate of each row of a source table, and what was run.

    A file of one result is a run, of which a box has many, and none is like another.
    """
    results = Counter(records["source_sha256"][row] for asset in assets for row in asset.rows)
    for asset in assets:
        speed = _speed(asset.columns)
        settings = [column for column in asset.columns if column.role != TARGETS]
        if speed is None:
            continue
        for place, row in enumerate(asset.rows):
            source = records["source_sha256"][row]
            if results[source] > 1:
                configuration = (
                    asset.name,
                    *(json.dumps(column.cells[place]) for column in settings),
                )
                number = float(speed.cells[place])
                yield boxes.Observation(records["system_id"][row], source, configuration, number)


def _speed(columns: Sequence[Column]) -> Column | None:
    """Return the target that says how fast a box is: the headline number, if it is a time or a rate, else the first one."""
    measured = [column for column in columns if column.role == TARGETS]
    measured.sort(key=lambda column: not column.note.get("primary"))
    return next((column for column in measured if column.note.get("unit") in ("s", "/s")), None)


def _words(package: Package) -> dict[str, str]:
    """Return the word for each system in file names: its id, or its name where the id is only a hash.

    No word has an underscore, at which the engine divides a file's name, or a dot, behind which it drops the rest of it:
    of `BM.GPU.B200.8` and `BM.GPU.GB200.4` it would keep one.
    """
    words: dict[str, str] = {}
    for system_id, said in package.systems.items():
        name = str(said.get("name", ""))
        plain = system_id.startswith("sys1-") and name and not _NOT_IN_NAMES.search(name)
        words[system_id] = _word(name if plain else system_id)
    counts = Counter(words.values())
    distinct: dict[str, str] = {}
    for key, word in words.items():
        longer = f"{word}-{_word(key)}"
        wanted = word if counts[word] == 1 else longer
        distinct[key] = _free(wanted, set(distinct.values()))
    return distinct


def _word(text: str) -> str:
    return _NOT_IN_NAMES.sub("-", text).strip("-.") or "unnamed"


def _assets(records: pl.DataFrame, usable: list[int]) -> list[Asset]:
    """Return the assets in the order in which they first stand, named by what tells them apart."""
    cells = [records[name].to_list() for name in ASSET_FIELDS]
    groups: dict[tuple[str | None, ...], list[int]] = {}
    for row in usable:
        groups.setdefault(tuple(column[row] for column in cells), []).append(row)
    used: set[str] = set()
    found = []
    for key, rows in groups.items():
        name = _asset_name(key, list(groups))
        free = next(
            n for n in (name, *(f"{name}-{i}" for i in range(2, len(groups) + 2))) if n not in used
        )
        used.add(free)
        found.append(Asset(free, rows))
    return found


def _asset_name(key: tuple[str | None, ...], others: list[tuple[str | None, ...]]) -> str:
    """Return the benchmark's name, with the other fields in which assets of that name differ."""
    place = ASSET_FIELDS.index("benchmark")
    base = key[place] or key[0] or "asset"
    alike = [other for other in others if (other[place] or other[0]) == base]
    differ = [i for i in range(len(key)) if i != place and len({other[i] for other in alike}) > 1]
    parts = [key[i] for i in differ if key[i]]
    return (
        "-".join(_NOT_IN_NAMES.sub("-", part).strip("-") for part in [base, *map(str, parts)])
        or "asset"
    )


# --- columns ---


def _fill(
    asset: Asset,
    records: pl.DataFrame,
    measured: Mapping[str, pl.DataFrame],
    asked: Asked,
    left: Counter[str],
) -> None:
    """Give an asset its columns, whole ones only, and take out the records that lack what it is for."""
    rows = asset.rows
    here = records.select(pl.all().gather(rows))
    asset.constants = _constants(here)
    columns = [*_inputs(here), *_hyperparameters(here), *_measured(rows, measured, asked)]
    needed = [
        column for column in columns if column.note.get("metric") in (*asked.keep, *asked.feature)
    ]
    counts = [
        column.note.get("primary_count", 0) if column.role == TARGETS else 0 for column in columns
    ]
    primary = _primary(columns, counts)
    needed += [primary] if primary and primary not in needed else []
    good = [i for i in range(len(rows)) if all(column.cells[i] is not None for column in needed)]
    if len(good) < len(rows):
        left[NO_TARGET] += len(rows) - len(good)
    asset.rows = [rows[i] for i in good]
    for column in columns:
        column.cells = [column.cells[i] for i in good]
    whole = [
        column for column in columns if good and all(cell is not None for cell in column.cells)
    ]
    partly = [(column.name, sum(cell is None for cell in column.cells)) for column in columns]
    dropped = [f"{name} ({lacking})" for name, lacking in partly if 0 < lacking < len(good)]
    if dropped:
        asset.notes.append(
            f"{asset.name}: of {len(good)} records some lack these columns, left out: {', '.join(dropped)}"
        )
    asset.columns = whole if any(column.role == TARGETS for column in whole) else []
    if good and not asset.columns:
        left[NO_TARGET] += len(good)
        asset.rows = []
    _name(asset.columns)
    for column in asset.columns:
        column.note.pop("primary_count", None)
    if primary in asset.columns and primary is not None:
        primary.note["primary"] = True


def _primary(columns: list[Column], counts: Sequence[int]) -> Column | None:
    """Return the target that is the headline number of most records."""
    best = max(
        zip(counts, range(len(columns)), strict=True),
        key=lambda pair: (pair[0], -pair[1]),
        default=(0, 0),
    )
    return columns[best[1]] if best[0] else None


def _constants(here: pl.DataFrame) -> dict[str, Any]:
    """Return the fields that are one value in all records of an asset, by record path."""
    found = {}
    for name, path in CONSTANT_FIELDS.items():
        values = here[name].unique().to_list()
        if len(values) == 1 and values[0] is not None:
            found[path] = values[0]
    return found


def _inputs(here: pl.DataFrame) -> Iterator[Column]:
    """Yield a column for each number of instance data; a vector gives its mean and its standard deviation."""
    known = {text: _reduced(text) for text in here["inputs"].unique()}
    each = [known[text] for text in here["inputs"]]
    for name, unit in dict.fromkeys(key for item in each for key in item):
        label = f"{name}({unit})" if unit else name
        note = {"field": f"inputs.{name}", **({"unit": unit} if unit else {})}
        if _PATH_PART.match(name):
            yield Column(label, INPUTS, note, None, [item.get((name, unit)) for item in each])


def _reduced(text: str | None) -> dict[tuple[str, str | None], float]:
    found: dict[tuple[str, str | None], float] = {}
    for item in json.loads(text) if text else ():
        name, unit, values = item["name"], item.get("unit"), item["values"]
        if len(values) == 1:
            found[(name, unit)] = values[0]
        else:  # as the reduced tables of the energy domain do, and under their names
            mean, deviation = mean_and_deviation(values)
            found |= {
                (f"{name.lower()}_mean", unit): mean,
                (f"{name.lower()}_std", unit): deviation,
            }
    return found


def _hyperparameters(here: pl.DataFrame) -> Iterator[Column]:
    for name, path in TEXTS.items():
        yield Column(name, HYPERPARAMETERS, {"field": path}, None, here[name].to_list())
    for name, path in NUMBERS.items():
        yield Column(name, HYPERPARAMETERS, {"field": path}, None, here[name].to_list())
    for name, (path, separator) in LISTS.items():
        texts = [
            None if text is None else separator.join(map(str, json.loads(text)))
            for text in here[name]
        ]
        yield Column(
            name,
            HYPERPARAMETERS,
            {"field": path, **_list_note(name, separator, texts)},
            None,
            texts,
        )
    known = {text: json.loads(text) if text else {} for text in here["hyperparameters"].unique()}
    each = [known[text] for text in here["hyperparameters"]]
    for name in dict.fromkeys(key for item in each for key in item):
        cells = [_plain(item.get(name)) for item in each]
        path = f"configuration.hyperparameters.{name}"
        yield Column(
            name, HYPERPARAMETERS, {"field": path} if _PATH_PART.match(name) else {}, None, cells
        )


def _list_note(name: str, separator: str, texts: list[str | None]) -> dict[str, Any]:
    if name == "input_shape":
        return {"list": "numbers", "separator": separator}
    return {
        "terms": {
            text: text.split(separator)
            for text in sorted({t for t in texts if t})
            if separator in text
        }
    }


def _plain(value: Any) -> Any:
    """Return a hyper-parameter as a cell: a list or object as JSON, yes and no as 1 and 0, an empty text as none."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return None if isinstance(value, str) and not value.strip() else value


def _targets(measurements: pl.DataFrame, ids: pl.Series) -> dict[str, pl.DataFrame]:
    """Return the numbers of a package by key and unit, each with the place of its record."""
    keys = [pl.col(part).fill_null("") for part in KEY_FIELDS]
    places = pl.DataFrame(
        {"record_id": ids, "place": range(len(ids))},
        schema={"record_id": pl.String, "place": pl.Int64},
    )
    used = measurements.filter(pl.col("value").is_not_null())
    used = used.filter(~used["scope"].fill_null("").str.contains(_QUALIFIED.pattern))
    used = used.select("record_id", *keys, "unit", "value", "basis", "caveats", "primary").join(
        places, on="record_id"
    )
    parts = used.partition_by(*KEY_FIELDS, "unit", as_dict=True, maintain_order=False)
    return {
        "\x1f".join(map(str, key)): parts[key]
        for key in sorted(parts, key=lambda key: tuple(map(str, key)))
    }


def _check_metrics(
    option: str, metrics: tuple[str, ...], measured: Mapping[str, pl.DataFrame]
) -> None:
    there = sorted({key.partition("\x1f")[0] for key in measured})
    for metric in metrics:
        if metric not in there:
            raise BenchfmtError(
                f"{option}: no record has a value of {metric!r}; there are: {', '.join(there)}"
            )


def _measured(
    rows: list[int], measured: Mapping[str, pl.DataFrame], asked: Asked
) -> Iterator[Column]:
    places = {row: i for i, row in enumerate(rows)}
    wanted = pl.Series(rows, dtype=pl.Int64)
    for key, frame in measured.items():
        mine = frame.filter(pl.col("place").is_in(wanted.implode()))
        if not mine.height:
            continue
        *parts, unit = key.split("\x1f")
        cells: list[Any] = [None] * len(rows)
        for place, value in zip(mine["place"], mine["value"], strict=True):
            cells[places[place]] = value
        said = is_unit(
            unit
        )  # a number without a documented unit has a word in its place, which is none
        name = column_name(tuple(parts)) + (f"({unit})" if said and unit != "1" else "")
        name = ENGINE_NAMES.get((parts[0], unit), name) if asked.engine_names else name
        note: dict[str, Any] = {
            part: word for part, word in zip(KEY_FIELDS, parts, strict=True) if word
        }
        note |= {"unit": unit} if said else {}
        note |= _doubts(mine)
        role = HYPERPARAMETERS if parts[0] in asked.feature else TARGETS
        yield Column(name, role, note, _description(parts, unit), cells)


def _doubts(mine: pl.DataFrame) -> dict[str, Any]:
    """Return how the numbers of a column arose, and the caveats that any of them has."""
    bases = set(mine["basis"].drop_nulls())
    caveats = sorted(
        {word for text in set(mine["caveats"].drop_nulls()) for word in json.loads(text)}
    )
    return {
        # Several origins in one column are none that could be said of all.
        "basis": bases.pop() if len(bases) == 1 else "published",
        **({"caveats": caveats} if caveats else {}),
        "primary_count": int(mine["primary"].fill_null(value=False).sum()),
    }


def _description(parts: list[str], unit: str) -> str:
    """Return a target in words: its metric's label, what else its key says, and its unit."""
    known = vocabulary().metrics.get(parts[0])
    label = (
        str(vocabulary().terms("metric").get(parts[0], {}).get("label", parts[0]))
        if known
        else parts[0]
    )
    said = [f"{name} {word}" for name, word in zip(KEY_FIELDS[1:], parts[1:], strict=True) if word]
    return "; ".join([label, *said, *([f"unit {unit}"] if unit != "1" else [])])


def _name(columns: list[Column]) -> None:
    """Give each column a name of its own: one of another role gets its role before it."""
    used: set[str] = set()
    for column in columns:
        base = re.sub(r"[\x00-\x1f\x7f]", " ", column.name).strip() or "column"
        options = (
            base,
            f"{column.role}__{base}",
            *(f"{column.role}__{base}__{i}" for i in range(2, len(columns) + 2)),
        )
        column.name = next(name for name in options if name not in used)
        used.add(column.name)


def _kind(column: Column, platforms: Sequence[str]) -> str:
    """Return the type of a column for the engine: `int`, `float`, `bin` (0 and 1 on every platform) or `str`."""
    cells = column.cells
    if any(isinstance(cell, str) for cell in cells):
        words = [cell if isinstance(cell, str) else json.dumps(cell) for cell in cells]
        column.cells = [_readable(word) for word in words]
        _note_words(column, words)
        return "str"
    measured = "metric" in column.note
    if measured or not all(
        float(cell).is_integer() and abs(cell) <= MAX_SAFE_INTEGER for cell in cells
    ):
        column.cells = [float(cell) for cell in cells]
        return "float"
    column.cells = [int(cell) for cell in cells]
    by_platform: dict[str, set[int]] = {}
    for platform, cell in zip(platforms, column.cells, strict=True):
        by_platform.setdefault(platform, set()).add(cell)
    # The engine checks each platform's table by itself: one that has only seen 0 would be refused.
    return "bin" if all(found == {0, 1} for found in by_platform.values()) else "int"


def _readable(word: str) -> str:
    """Return a word as pandas takes for a word: `NA` would be a missing cell."""
    return f"{PANDAS_NOTE}{word}" if word.strip() in PANDAS_MISSING else word


def _note_words(column: Column, words: list[str]) -> None:
    """Note which words were changed, so that they are read back as they were."""
    changed = {_readable(word): word for word in sorted(set(words)) if _readable(word) != word}
    if changed and "field" in column.note:
        column.note["terms"] = {**column.note.get("terms", {}), **changed}


# --- files ---


def _files(asset: Asset, platforms: Mapping[int, str]) -> Iterator[tuple[str, list[int]]]:
    """Yield the path of each table, without its ending, and the places of its records in the asset."""
    by_platform: dict[str, list[int]] = {}
    for row in asset.rows:
        by_platform.setdefault(platforms[row], []).append(row)
    dependent = any(column.role == INPUTS for column in asset.columns)
    folder = DEPENDENT if dependent else INDEPENDENT
    for platform in sorted(by_platform):
        yield f"{folder}/{asset.name}_{platform}", by_platform[platform]


def _write(folder: Path, path: str, asset: Asset, rows: list[int], platform: str) -> list[str]:
    places = {row: i for i, row in enumerate(asset.rows)}
    mine = [places[row] for row in rows]
    table = folder / f"{path}.csv"
    table.parent.mkdir(exist_ok=True)
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([column.name for column in asset.columns])
        texts = [_texts(column) for column in asset.columns]
        writer.writerows([cells[i] for cells in texts] for i in mine)
    companion = json.dumps(_companion(asset, platform), indent=2, ensure_ascii=False)
    (folder / f"{path}.json").write_text(companion + "\n", "utf-8")
    return [f"{path}.csv", f"{path}.json"]


def _texts(column: Column) -> list[str]:
    form: Callable[[Any], str] = repr if column.kind == "float" else str
    return [form(cell) for cell in column.cells]


def _companion(asset: Asset, platform: str) -> dict[str, Any]:
    """Return the descriptor that the engine reads, with what benchfmt needs to read the table back."""
    by_role = {
        role: [_entry(column) for column in asset.columns if column.role == role] for role in ROLES
    }
    notes = {column.name: column.note for column in asset.columns if column.note}
    return {
        "name": asset.name,
        "HW_ID": platform,
        "HW_price": None,
        HYPERPARAMETERS: by_role[HYPERPARAMETERS],
        TARGETS: by_role[TARGETS],
        # An asset without inputs is one that takes none.
        **({INPUTS: by_role[INPUTS]} if by_role[INPUTS] else {}),
        "benchfmt": {"constant": asset.constants, "fields": notes},
    }


def _entry(column: Column) -> dict[str, Any]:
    entry = {"ID": column.name, "description": column.description, "type": column.kind}
    # The bounds are those of what is allowed, which no result says.
    return entry if column.kind == "str" else {**entry, "LB": None, "UB": None}
