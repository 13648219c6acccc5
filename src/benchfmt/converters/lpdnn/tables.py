"""An LPDNN table as an annotated one: where task, platform and model stand, and what holds in which rows."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import polars as pl

from benchfmt.annotation import Extract, Rule, TableAnnotation
from benchfmt.converters.lpdnn.columns import RESOURCES, TIMES, fields_of, is_huawei
from benchfmt.descriptor import Resource, TableSchema
from benchfmt.readers.bad_rows import BadRows
from benchfmt.readers.tables import TableError, TextTable
from benchfmt.suites import lpdnn as rules
from benchfmt.vocabulary import vocabulary

SUITE = "lpdnn"
MISSING = ["", "/"]
NAME_PATTERN = r"^(?P<AI_TASK>.+)_(?P<PLATFORM>[^_]+)\.csv$"
_DATASETS = ("imagenet", "coco")
_TASK_NAMES = {"3D-face-landmarks": "3d-face-landmarks"}


@dataclass(frozen=True)
class Table:
    """A table of text with its columns."""

    path: Path
    text: TextTable
    columns: list[str]

    @property
    def platform_of_name(self) -> str:
        """The platform that the file's name says, empty where it says none."""
        match = re.match(NAME_PATTERN, self.path.name)
        if match is None:
            return ""
        return match["PLATFORM"]

    @cached_property
    def platforms(self) -> set[str]:
        """The platforms of all rows."""
        if "PLATFORM" not in self.columns:
            return {self.platform_of_name} - {""}
        platforms: set[str] = set()
        try:
            column = replace(
                self.text, only=("PLATFORM",), encoding=self.text.codec, bad_rows=BadRows()
            )
            for frame, _ in column.batches():
                platforms |= set(frame["PLATFORM"].str.strip_chars().unique())
        except TableError:  # reported when the table is read
            pass
        return platforms - set(MISSING)


def described(table: Table, quality: str | None) -> Resource:
    """Return an LPDNN table as an annotated resource; `quality` is the one that its companion names."""
    constants = {"benchmark.suite": SUITE, "benchmark.phase": "inference"}
    if not is_huawei(table.columns):
        # 1000/LATENCY = THROUGHPUT on every row: one input at a time. The Huawei rows have no throughput that says so.
        constants["benchmark.scenario"] = "single-stream"
    annotation = TableAnnotation(
        constant=constants,
        extract=[*_task_extracts(table), *_platform_extracts(table), *_model_extracts(table)],
        rules=_rules(table),
    )
    fields = fields_of(table.columns, table.platform_of_name, quality)
    schema = TableSchema(fields=fields, missing_values=MISSING)
    return Resource(path=table.path.name, table=schema, benchfmt=annotation)


# --- what stands in the name or a column ---


def _extract(
    table: Table,
    group: str,
    field: str,
    words: Collection[str] = (),
    terms: Mapping[str, str] | None = None,
) -> Extract:
    """Return how a field is read from a column or else the name: any text, or one of some words."""
    one_of = "|".join(map(re.escape, sorted(words)))
    if group in table.columns:
        source = group
        pattern = f"^(?P<{group}>{one_of or '.+'})$"
    else:
        source = "$path"
        pattern = NAME_PATTERN
        if one_of:
            pattern = re.sub(rf"(?<=<{group}>)[^)]+", lambda _: one_of, pattern)
    return Extract(from_=source, pattern=pattern, set={field: group}, terms={field: terms or {}})


def _task_extracts(table: Table) -> list[Extract]:
    tasks = vocabulary().words("task", SUITE)
    return [
        _extract(table, "AI_TASK", "benchmark.name", terms=_TASK_NAMES),
        _extract(table, "AI_TASK", "task", tasks, tasks),
        _extract(table, "AI_TASK", "dataset.name", _DATASETS),
    ]


def _platform_extracts(table: Table) -> list[Extract]:
    """Return how the platform is read: a known one by its id, an unknown one by its name."""
    known = vocabulary().words("system", SUITE)
    extracts = [_extract(table, "PLATFORM", "system.id", known, known)]
    unknown = table.platforms - set(known)
    if unknown:
        extracts.append(_extract(table, "PLATFORM", "system.name", unknown))
    return extracts


def _model_extracts(table: Table) -> list[Extract]:
    words = vocabulary().words("model", SUITE)
    if "MODEL_VERSION" not in table.columns:
        return [_extract(table, "MODEL", "model.name", terms=words)]
    with_version = Extract(
        from_="MODEL_VERSION",
        pattern="^(?P<MODEL>.+)/(?P<VERSION>[^/]+)$",
        set={"model.name": "MODEL", "model.version": "VERSION"},
        terms={"model.name": words},
    )
    alone = Extract(
        from_="MODEL_VERSION",
        pattern="^(?P<MODEL>[^/]+)$",
        set={"model.name": "MODEL"},
        terms={"model.name": words},
    )
    return [with_version, alone]


# --- what holds in which rows ---


def _rules(table: Table) -> list[Rule]:
    found: list[Rule] = []
    if "LATENCY" in table.columns:
        lost = [name for name in (*TIMES, *RESOURCES) if name in table.columns]
        failed = Rule(
            when={"INFERENCE_TIME": [*MISSING], "LATENCY": [*MISSING]},
            set={"status": "failed"},
            missing=dict.fromkeys(lost, "run-failed"),
        )
        found.append(failed)
    if is_huawei(table.columns):
        return found
    found += _unmeasured_rules(table)
    if "GPU_LOAD" in table.columns and table.platforms & set(rules.UNRELIABLE_GPU_LOAD):
        found += _gpu_load_rules()
    if {"MODEL", "VERSION"} <= set(table.columns):
        found.append(_nanodet_rule())
    return found


def _unmeasured_rules(table: Table) -> list[Rule]:
    """Return that 0 is no measurement in the columns that a platform does not measure."""
    ids = vocabulary().words("system", SUITE)
    found = []
    for platform, names in {**rules.NOT_MEASURED, **_unknown_zeros(table)}.items():
        where: dict[str, str] = {}
        if platform in ids:
            where = {"$system.id": ids[platform]}
        elif platform:
            where = {"$system.name": platform}
        for name in names:
            if name in table.columns and (not platform or platform in table.platforms):
                rule = Rule(when={**where, name: 0}, missing={name: "not-measured"})
                found.append(rule)
    return found


def _unknown_zeros(table: Table) -> dict[str, tuple[str, ...]]:
    """Return for platforms that nobody has described the columns that are 0 in all their rows of this table.

    A table whose platform is not known counts as one platform, named by the empty text.
    """
    unknown = (table.platforms or {""}) - set(rules.NOT_MEASURED)
    if not unknown:
        return {}
    names = [name for name in RESOURCES if name in table.columns]
    numbers = pl.col(names).cast(pl.Float64, strict=False)
    platform_of_row = pl.lit(table.platform_of_name)
    if "PLATFORM" in table.columns:
        platform_of_row = pl.col("PLATFORM").str.strip_chars()
    zeros: dict[str, set[str]] = {}
    for frame, _ in table.text.batches():
        cells = frame.select(numbers, __platform=platform_of_row)
        for platform in unknown:
            rows = cells.filter(pl.col("__platform") == platform)
            if rows.height:
                zeros.setdefault(platform, set(names)).intersection_update(_all_zero(rows))
    return {platform: tuple(sorted(zeros[platform])) for platform in sorted(zeros)}


def _all_zero(rows: pl.DataFrame) -> set[str]:
    """Return the columns of numbers that hold some, all of them 0."""
    zero = set()
    for column in rows.drop("__platform"):
        numbers = column.drop_nulls()
        if len(numbers) and (numbers == 0).all():
            zero.add(column.name)
    return zero


def _gpu_load_rules() -> list[Rule]:
    load = {"$system.id": [*rules.UNRELIABLE_GPU_LOAD]}
    on_gpu = {**load, "PROCESSOR": [*rules.GPU_PROCESSORS], "GPU_LOAD": 0}
    return [
        Rule(when=load, caveats={"GPU_LOAD": ["unreliable-sensor"]}),
        Rule(when=on_gpu, missing={"GPU_LOAD": "sensor-failed"}),
    ]


def _nanodet_rule() -> Rule:
    versions = [*rules.NANODET_OF_COCO]
    return Rule(
        when={"$benchmark.name": "coco", "MODEL": rules.NANODET, "VERSION": versions},
        set={"model.name": "coco-nanodet", f"extensions.{SUITE}.MODEL": rules.NANODET},
    )
