"""LPDNN (Bonseyes): the benchmark tables of deliverable D6.3 in their three spellings, and the Huawei extension.

The tables write no unit. The units here were established on the data (see docs/converters/lpdnn.md); where only a
reading fits but none is proven, the measurement says so with a caveat.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from benchfmt.converters.ai4europe import describes
from benchfmt.converters.base import Failed, Item, Match, Pattern, Skipped, Source, Unit
from benchfmt.converters.companions import pair
from benchfmt.converters.flat import parse_resource, read_table
from benchfmt.finding import BenchfmtError, Finding, Severity
from benchfmt.readers import jsons
from benchfmt.readers.tables import SNIFFED, TableError, TextTable, first_row
from benchfmt.suites import lpdnn as rules
from benchfmt.vocabulary import vocabulary

NAME = "lpdnn"
VERSION = "1.0"
SUITE = "lpdnn"

COMMON = ("ENGINE", "PROCESSOR", "PRECISION", "INFERENCE_TIME")
LOOKS_LIKE = 6
"""How many of the columns a table needs before its faulty header is told as a fault of an LPDNN table."""
HUAWEI = {"utilization", "temperature", "voltage"}
NAME_PATTERN = r"^(?P<AI_TASK>.+)_(?P<PLATFORM>[^_]+)\.csv$"
MISSING = ["", "/"]
TIMES = (
    "PREPROCESSING_TIME",
    "INFERENCE_TIME",
    "POSTPROCESSING_TIME",
    "LATENCY",
    "THROUGHPUT",
    "DMIPS",
)
RESOURCES = (
    "CPU_MEM",
    "CPU_MEM_PEAK",
    "GPU_MEM",
    "GPU_MEM_PEAK",
    "MEMORY_BANDWIDTH",
    "MEMORY_BANDWIDTH_PEAK",
    "CPU_LOAD",
    "GPU_LOAD",
    "NPU_LOAD",
    "CPU_TEMP",
    "GPU_TEMP",
    "POWER_CONSUMPTION",
    "ENERGY_EFFICIENCY",
)
ROUNDED = {"0.0": "below-resolution"}
"""What a zero means that printing one decimal made."""

_LATENCY = {"metric": "latency", "per": "sample", "unit": "ms"}
_UTILIZATION = {"metric": "utilization", "unit": "%"}
FIELDS: dict[str, dict[str, Any]] = {
    "VERSION": {"field": "model.version"},
    "INPUT_TILE": {"field": "configuration.input_shape", "list": "numbers", "separator": "x"},
    "ENGINE": {"field": "software.engine"},
    "PROCESSOR": {
        "field": "configuration.placement",
        "terms": {
            "CPU": ["cpu"],
            "GPU": ["gpu"],
            "GPU/CPU": ["gpu", "cpu"],
            "NPU": ["npu"],
            "NPU/GPU": ["npu", "gpu"],
        },
    },
    "PRECISION": {"field": "configuration.precision"},
    "GFLOP": {"field": "model.flop", "scale": "1e9", "missing": ROUNDED},
    "#PARAMS": {"field": "model.parameters", "scale": "1e6", "missing": ROUNDED},
    "STORAGE": {"field": "model.size_bytes", "unit": "MBy", "missing": ROUNDED},
    "PREPROCESSING_TIME": {**_LATENCY, "stage": "preprocess"},
    "INFERENCE_TIME": {**_LATENCY, "stage": "inference"},
    "POSTPROCESSING_TIME": {**_LATENCY, "stage": "postprocess"},
    "LATENCY": {**_LATENCY, "stage": "end-to-end", "primary": True},
    # 1000/LATENCY on every row of the data, so nobody counted it.
    "THROUGHPUT": {
        "metric": "throughput",
        "stage": "end-to-end",
        "per": "sample",
        "unit": "/s",
        "basis": "derived",
        "missing": ROUNDED,
    },
    "DMIPS": {"metric": "lpdnn:dmips", "unit": "1", "basis": "derived", "missing": ROUNDED},
    # The average is a share of the memory, the peak an amount: two metrics, whatever their names say.
    "CPU_MEM": {"metric": "memory-utilization", "scope": "cpu", "unit": "%"},
    "CPU_MEM_PEAK": {
        "metric": "memory",
        "statistic": "max",
        "scope": "cpu",
        "unit": "GBy",
        "caveats": ["unit-inferred"],
    },
    "GPU_MEM": {"metric": "memory-utilization", "scope": "gpu", "unit": "%"},
    "GPU_MEM_PEAK": {"metric": "memory", "statistic": "max", "scope": "gpu", "unit": "GBy"},
    "MEMORY_BANDWIDTH": {
        "metric": "memory-bandwidth-utilization",
        "unit": "%",
        "caveats": ["unit-inferred"],
    },
    "MEMORY_BANDWIDTH_PEAK": {
        "metric": "memory-bandwidth-utilization",
        "statistic": "max",
        "unit": "%",
        "caveats": ["unit-inferred"],
    },
    "CPU_LOAD": {**_UTILIZATION, "scope": "cpu"},
    "GPU_LOAD": {**_UTILIZATION, "scope": "gpu"},
    "NPU_LOAD": {**_UTILIZATION, "scope": "npu"},
    "CPU_TEMP": {
        "metric": "temperature",
        "scope": "cpu",
        "unit": "Cel",
        "missing": {rules.DEAD_SENSOR: "sensor-failed"},
    },
    "GPU_TEMP": {"metric": "temperature", "scope": "gpu", "unit": "Cel"},
    # No board runs on 0 W; one decimal hides less than 0.05 W.
    "POWER_CONSUMPTION": {"metric": "power", "unit": "W", "missing": ROUNDED},
    "ENERGY_EFFICIENCY": {
        "metric": "lpdnn:gmac-per-second-per-watt",
        "unit": "10*9/J",
        "basis": "derived",
        "missing": ROUNDED,
    },
}
HUAWEI_FIELDS: dict[str, dict[str, Any]] = {
    "ENGINE": FIELDS["ENGINE"],
    "PROCESSOR": FIELDS["PROCESSOR"],
    "PRECISION": FIELDS["PRECISION"],
    "utilization": {**_UTILIZATION, "statistic": "single"},
    "temperature": {"metric": "temperature", "statistic": "single", "unit": "Cel"},
    "POWER_CONSUMPTION": {"metric": "power", "statistic": "single", "unit": "W"},
    "voltage": {"metric": "lpdnn:voltage-reading", "statistic": "single"},
    "INFERENCE_TIME": {
        **_LATENCY,
        "stage": "inference",
        "statistic": "single",
        "primary": True,
        "caveats": ["unit-inferred"],
    },
}
QUALITY: dict[str, dict[str, Any]] = {
    "Accuracy top-1": {"metric": "accuracy", "unit": "%"},
    # Average precision on the faces of WIDER FACE's "medium" subset.
    "AP-medium": {"metric": "average-precision", "scope": "subset:medium", "unit": "%"},
    "Avg MAE": {"metric": "mean-absolute-error", "unit": "deg", "caveats": ["unit-inferred"]},
    "mAP": {"metric": "map", "unit": "%"},
}
PATTERNS = (Pattern(("*.csv",), words=tuple({"MODEL", *FIELDS, *HUAWEI_FIELDS})),)


def detect(source: Source) -> Match | None:
    """Say how many LPDNN tables a source holds, or None."""
    faults = [(path, _fault(path, source)) for path in source.with_suffix(".csv")]
    found = [path for path, fault in faults if fault == ""]
    broken = [path for path, fault in faults if fault]
    if found:
        return Match(0.9, f"{len(found)} tables with the columns of LPDNN, first {found[0].name}")
    return (
        Match(0.4, f"{len(broken)} tables that look like LPDNN's, first {broken[0].name}")
        if broken
        else None
    )


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each table with its JSON companion."""
    faults = {
        path: fault
        for path in source.with_suffix(".csv")
        if (fault := _fault(path, source)) is not None
    }
    tables = [path for path, fault in faults.items() if not fault]
    pairing = pair(source, tables, _is_companion, describes)
    for path, fault in faults.items():
        if fault:
            yield Failed(path, fault)
            continue
        companion = pairing.companions.get(path)
        supporting = (companion,) if companion else ()
        yield Unit(path, supporting, options, pairing.doubts.get(path), source.limits)
    for path in source.with_suffix(".json"):
        named = re.match(r"^.+_[^_]+\.json$", path.name)
        if named and pairing.table_of(path) is None and _is_descriptor(path):
            yield Skipped(path, pairing.why_alone(path))


def read(unit: Unit) -> Iterator[Item]:
    """Yield the records of one table."""
    text = TextTable(unit.path, encoding=SNIFFED, limits=unit.limits)
    columns = text.header()
    quality: str | None = None
    findings: list[Finding] = []
    for companion in unit.supporting:
        try:
            quality, findings = _companion_says(companion, columns, unit.path.name)
        except (BenchfmtError, OSError) as error:
            yield Failed(companion, str(error))
    yield from findings
    yield from _absent(unit.path, columns)
    if not unit.supporting and "QUALITY_VALUE" in columns and "QUALITY_METRIC" not in columns:
        why = f"of which {unit.extra}" if unit.extra else "which is not here"
        words = f"which quality this is stands in the JSON companion, {why}; the numbers are kept as text"
        yield _finding(
            unit.path.name, "QUALITY_VALUE", words, f"put {unit.path.stem}.json beside the table"
        )
    yield from _strange_name(unit.path, columns)
    resource = parse_resource(describe_table(unit.path, columns, text, quality))
    yield from read_table(
        unit.path, resource, converter=NAME, version=VERSION, limits=unit.limits, encoding=SNIFFED
    )


def describe_table(
    path: Path, columns: list[str], text: TextTable, quality: str | None
) -> dict[str, Any]:
    """Return the descriptor of an LPDNN table: one annotated resource."""
    huawei = columns_are_huawei(columns)
    known = HUAWEI_FIELDS if huawei else FIELDS
    fields = [{"name": name, "benchfmt": known[name]} for name in columns if name in known]
    fields += _quality_fields(columns, quality)
    for item in fields:
        if (
            huawei
            and item["name"] == "POWER_CONSUMPTION"
            and _name_part(path, "PLATFORM") in rules.RATED_POWER
        ):
            item["benchfmt"] = {"metric": "power", "unit": "W", "basis": "nominal"}
    return {
        "path": path.name,
        "schema": {"fields": fields, "missingValues": MISSING},
        "benchfmt": {
            "constant": _constants(huawei=huawei),
            "extract": [
                *_task_extracts(columns),
                *_platform_extracts(path, columns, text),
                *_model_extracts(columns),
            ],
            "rules": _rules(columns, text, path),
        },
    }


def columns_are_huawei(columns: list[str]) -> bool:
    """Say whether the columns are those of the Huawei extension."""
    return set(columns) >= HUAWEI


def _constants(*, huawei: bool) -> dict[str, Any]:
    constants = {"benchmark.suite": SUITE, "benchmark.phase": "inference"}
    # 1000/LATENCY = THROUGHPUT on every row: one input at a time. The Huawei rows have no throughput to tell.
    return constants if huawei else {**constants, "benchmark.scenario": "single-stream"}


def _task_extracts(columns: list[str]) -> list[dict[str, Any]]:
    place = (
        {"from": "AI_TASK", "pattern": "^(?P<AI_TASK>.+)$"}
        if "AI_TASK" in columns
        else _from_name()
    )
    words = vocabulary().words("task", SUITE)
    names = {"3D-face-landmarks": "3d-face-landmarks"}
    tasks = {
        "from": place["from"],
        "pattern": place["pattern"].replace(".+", "|".join(map(re.escape, sorted(words))), 1),
    }
    data = {"from": place["from"], "pattern": place["pattern"].replace(".+", "imagenet|coco", 1)}
    return [
        {**place, "set": {"benchmark.name": "AI_TASK"}, "terms": {"benchmark.name": names}},
        {**tasks, "set": {"task": "AI_TASK"}, "terms": {"task": words}},
        {**data, "set": {"dataset.name": "AI_TASK"}},
    ]


def _platform_extracts(path: Path, columns: list[str], text: TextTable) -> list[dict[str, Any]]:
    """Return how the platform is read: a known one by its id, an unknown one by its name."""
    words = vocabulary().words("system", SUITE)
    place = (
        {"from": "PLATFORM", "pattern": "^(?P<PLATFORM>.+)$"}
        if "PLATFORM" in columns
        else _from_name()
    )
    unknown = sorted(_platforms(path, columns, text) - set(words))
    extracts = [_only(place, list(words), {"system.id": "PLATFORM"}, {"system.id": words})]
    return extracts + ([_only(place, unknown, {"system.name": "PLATFORM"}, {})] if unknown else [])


def _only(
    place: dict[str, Any], words: list[str], fields: dict[str, str], terms: dict[str, Any]
) -> dict[str, Any]:
    options = "|".join(re.escape(word) for word in sorted(words))
    pattern = re.sub(
        r"\(\?P<PLATFORM>[^)]+\)", lambda _: f"(?P<PLATFORM>{options})", place["pattern"]
    )
    return {"from": place["from"], "pattern": pattern, "set": fields, "terms": terms}


def _from_name() -> dict[str, Any]:
    return {"from": "$path", "pattern": NAME_PATTERN}


def _model_extracts(columns: list[str]) -> list[dict[str, Any]]:
    words = {"model.name": vocabulary().words("model", SUITE)}
    if "MODEL_VERSION" not in columns:
        return [
            {
                "from": "MODEL",
                "pattern": "^(?P<MODEL>.+)$",
                "set": {"model.name": "MODEL"},
                "terms": words,
            }
        ]
    return [
        {
            "from": "MODEL_VERSION",
            "pattern": "^(?P<MODEL>.+)/(?P<VERSION>[^/]+)$",
            "set": {"model.name": "MODEL", "model.version": "VERSION"},
            "terms": words,
        },
        {
            "from": "MODEL_VERSION",
            "pattern": "^(?P<MODEL>[^/]+)$",
            "set": {"model.name": "MODEL"},
            "terms": words,
        },
    ]


def _quality_fields(columns: list[str], quality: str | None) -> list[dict[str, Any]]:
    """Return how the quality column is read: its metric stands in another column or in the companion."""
    if "QUALITY_VALUE" not in columns:
        return []
    if "QUALITY_METRIC" in columns:
        named = {"metric": {"column": "QUALITY_METRIC", "terms": QUALITY}, "basis": "published"}
        return [{"name": "QUALITY_VALUE", "benchfmt": named}]
    if quality not in QUALITY:
        return []
    return [{"name": "QUALITY_VALUE", "benchfmt": {**QUALITY[quality], "basis": "published"}}]


def _rules(columns: list[str], text: TextTable, path: Path) -> list[dict[str, Any]]:
    found = []
    if "LATENCY" in columns:
        lost = {name: "run-failed" for name in (*TIMES, *RESOURCES) if name in columns}
        when = dict.fromkeys(("INFERENCE_TIME", "LATENCY"), MISSING)
        found.append({"when": when, "set": {"status": "failed"}, "missing": lost})
    if columns_are_huawei(columns):
        return found
    here = _platforms(path, columns, text)
    ids = vocabulary().words("system", SUITE)
    known = {platform: names for platform, names in rules.NOT_MEASURED.items() if platform in here}
    unknown = (here or {""}) - set(known)
    for platform, unmeasured in {**known, **_unknown_zeros(columns, path, text, unknown)}.items():
        where = {"$system.id": ids[platform]} if platform in ids else {"$system.name": platform}
        found += [
            {"when": {**(where if platform else {}), name: 0}, "missing": {name: "not-measured"}}
            for name in unmeasured
            if name in columns
        ]
    if "GPU_LOAD" in columns and here & set(rules.UNRELIABLE_GPU_LOAD):
        load = {"$system.id": list(rules.UNRELIABLE_GPU_LOAD)}
        found.append({"when": load, "caveats": {"GPU_LOAD": ["unreliable-sensor"]}})
        impossible = {**load, "PROCESSOR": list(rules.GPU_PROCESSORS), "GPU_LOAD": 0}
        found.append({"when": impossible, "missing": {"GPU_LOAD": "sensor-failed"}})
    if {"MODEL", "VERSION"} <= set(columns):
        nanodet = {
            "$benchmark.name": "coco",
            "MODEL": rules.NANODET,
            "VERSION": list(rules.NANODET_OF_COCO),
        }
        kept = f"extensions.{SUITE}.MODEL"
        found.append({"when": nanodet, "set": {"model.name": "coco-nanodet", kept: rules.NANODET}})
    return found


def _unknown_zeros(
    columns: list[str], path: Path, text: TextTable, unknown: set[str]
) -> dict[str, list[str]]:
    """Return for platforms that nobody has described the columns that are 0 in all their rows of this table.

    A table whose platform is not known counts as one platform, named by the empty text.
    """
    if not unknown:
        return {}
    names = [name for name in RESOURCES if name in columns]
    zero: dict[str, set[str]] = {}
    for frame, _ in text.batches():
        numbers = frame.select(
            _platform_cells(path, columns),
            *(pl.col(n).cast(pl.Float64, strict=False) for n in names),
        )
        for platform in unknown:
            rows = numbers.filter(pl.col("__platform") == platform)
            now = {
                n
                for n in names
                if rows.height and (rows[n].drop_nulls() == 0).all() and rows[n].count()
            }
            if rows.height:
                zero[platform] = zero.get(platform, now) & now
    return {platform: sorted(found) for platform, found in sorted(zero.items())}


def _platforms(path: Path, columns: list[str], text: TextTable) -> set[str]:
    if "PLATFORM" not in columns:
        return {_name_part(path, "PLATFORM") or ""} - {""}
    found: set[str] = set()
    try:
        for frame, _ in text.batches():
            found |= set(frame["PLATFORM"].str.strip_chars().unique())
    except TableError:  # told when the table is read
        pass
    text.bad_rows.clear()
    return found - set(MISSING)


def _platform_cells(path: Path, columns: list[str]) -> pl.Expr:
    if "PLATFORM" in columns:
        return pl.col("PLATFORM").str.strip_chars().alias("__platform")
    return pl.lit(_name_part(path, "PLATFORM") or "").alias("__platform")


def _fault(path: Path, source: Source) -> str | None:
    """Say what is wrong with the header of an LPDNN table: nothing (""), or None where it is no such table."""
    names = first_row(path)
    columns = set(names)
    lacking = [name for name in COMMON if name not in columns]
    lacking += [] if columns & {"MODEL", "MODEL_VERSION"} else ["MODEL"]
    lacking += [] if columns >= HUAWEI or columns & {"LATENCY", "DMIPS"} else ["LATENCY"]
    alike = {part.strip(' "') for name in names for part in re.split("[;\t|]", name)} & {
        *FIELDS,
        *HUAWEI_FIELDS,
        "MODEL",
    }
    if lacking:
        return (
            (
                f"{path.name} looks like an LPDNN table, but its header has no column {lacking[0]!r}; names separated by "
                "commas, without blanks, are expected"
            )
            if len(alike) >= LOOKS_LIKE
            else None
        )
    try:
        TextTable(path, encoding=SNIFFED, limits=source.limits).header()
    except TableError as error:
        return str(error)
    return ""


def _absent(path: Path, columns: list[str]) -> Iterator[Finding]:
    """Yield a finding for each column that every LPDNN table has and this one does not."""
    if columns_are_huawei(columns):
        return
    for name in FIELDS:
        if name not in columns and not (name == "VERSION" and "MODEL_VERSION" in columns):
            yield Finding(
                "BF101",
                Severity.WARNING,
                path.name,
                None,
                name,
                None,
                f"the table has no column {name!r}, which LPDNN tables have; its values are missing",
                None,
                "restore the column",
            )


def _strange_name(path: Path, columns: list[str]) -> Iterator[Finding]:
    if not {"AI_TASK", "PLATFORM"} <= set(columns) and not re.match(NAME_PATTERN, path.name):
        yield _finding(
            path.name,
            None,
            "the name is not <task>_<platform>.csv and the table has no AI_TASK and PLATFORM columns: "
            "task and platform are not known",
            "rename the file, as in imagenet_rpi4.csv",
        )


def _name_part(path: Path, group: str) -> str | None:
    match = re.match(NAME_PATTERN, path.name)
    return match.group(group) if match else None


def _is_companion(path: Path) -> bool:
    """Say whether a JSON file of a table's name is its companion: beside the table whatever it holds, which is told."""
    return path.with_suffix(".csv").is_file() or _is_descriptor(path)


def _is_descriptor(path: Path) -> bool:
    try:
        data = jsons.read(path)
    except (BenchfmtError, OSError):
        return False
    return isinstance(data, dict) and "HW_ID" in data and "targets" in data


def _companion_says(
    companion: Path, columns: list[str], table: str
) -> tuple[str | None, list[Finding]]:
    """Return the quality metric that a companion names, and where it does not fit its table."""
    data = jsons.read(companion)
    if not isinstance(data, dict) or not all(
        isinstance(data.get(k, []), list) for k in ("hyperparams", "targets", "inputs")
    ):
        raise BenchfmtError(
            f"{companion.name}: not a descriptor: lists `hyperparams` and `targets` are expected"
        )
    entries = [
        item
        for key in ("hyperparams", "targets", "inputs")
        for item in data.get(key) or []
        if isinstance(item, dict)
    ]
    described = {str(item.get("ID")) for item in entries}
    findings = [
        _finding(
            companion.name,
            name,
            f"describes column {name!r}, which {table} does not have",
            "make both say the same",
        )
        for name in sorted(described - set(columns))
    ]
    findings += [
        _finding(
            companion.name,
            name,
            f"does not describe column {name!r} of {table}",
            "make both say the same",
        )
        for name in sorted(set(columns) - described)
    ]
    said = next(
        (item.get("description") for item in entries if item.get("ID") == "QUALITY_VALUE"), None
    )
    if (
        "QUALITY_VALUE" in columns
        and "QUALITY_METRIC" not in columns
        and not (isinstance(said, str) and said in QUALITY)
    ):
        findings.append(
            _finding(
                companion.name,
                "QUALITY_VALUE",
                f"{said!r} names no known quality; the numbers are kept as text",
                None,
            )
        )
    return said if isinstance(said, str) else None, findings


def _finding(path: str, column: str | None, message: str, hint: str | None) -> Finding:
    return Finding("BF102", Severity.WARNING, path, None, column, None, message, None, hint)
