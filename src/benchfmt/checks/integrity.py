"""BF5xx: sources, ids and order, and what a submission must say."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from benchfmt.checks.check import Cells, Check, Table
from benchfmt.checks.frames import ROW, Frames, faults, no_faults, own_id
from benchfmt.checks.kinds import KIND, before_in_record, may_fall_in_record
from benchfmt.finding import Severity
from benchfmt.identity import (
    GENERATED_ID,
    ID_LENGTH,
    digits_of,
    global_id,
    record_digits,
    record_id,
    record_id_characters,
)

_NOT_RELATIVE = r"/|~|[A-Za-z]:|(?i:file:)|[A-Za-z][A-Za-z0-9+.-]*://"
"""How a path begins that is of one machine, or is no path: from a root, a home, a drive or with a scheme."""
_OUTSIDE = rf"^(?:{_NOT_RELATIVE}|\\)|(^|/)\.\.(/|$)|\\"
_UPWARDS = r"(^|[/\\])\.\.([/\\]|$)"
_OTHER_OUTSIDE = (
    rf'"path" *: *"((?:(?:{_NOT_RELATIVE})[^"]*)'
    r'|(?:[^"]*\\\\[^"]*)|(?:(?:[^"]*/)?\.\.(?:/[^"]*)?))"'
)
"""The path of one machine among those of further sources, which stand in a cell as JSON."""
_ESCAPED = r'[^\x00-\x7f]|["\\\\]'
"""What JSON writes otherwise; without it, many ids can be made at once."""
_HAND_OVER = ("submission",)
_FOR_PLATFORMS = ("submission", "ingestion")
_FOR_LEARNERS = ("submission", "matchmaking")
_NEVER = pl.lit(value=False)
_PRIMARY = pl.col("primary").fill_null(value=False)
_SOURCE = ("suite", "source_path", "source_sha256")
_OF_IDS = ("id", *_SOURCE, "source_locator", "execution", ROW)


def ids_follow(frames: Frames) -> pl.DataFrame:
    """BF506: a generated id is that of its primary source, or of the source's own worldwide id (`execution`)."""
    if _all_follow(frames.records):
        return no_faults()
    frame = frames.records.select(own_id(), *_OF_IDS[1:])
    is_generated = frame["source_path"].is_not_null() & frame["id"].str.contains(GENERATED_ID)
    if not is_generated.all():
        frame = frame.filter(is_generated)
    found = [no_faults()]
    for (suite, path, digest), part in _of_each_source(frame):
        compared = _compared(part, str(suite), str(path), str(digest or ""))
        if compared.height:
            found.append(_ids_at_fault(compared, str(suite)))
    wrong = pl.concat(found)
    if not wrong.height:
        return wrong
    # An id that stands before belongs to another record: that is reported by BF507.
    first = frames.records.filter(own_id().is_first_distinct())
    return wrong.filter(pl.col("row").is_in(first[ROW].cast(pl.Int64).implode()))


def _all_follow(records: pl.DataFrame) -> bool:
    """Whether all ids are generated ones that follow from one source, which mostly holds and takes one look at each."""
    source = records[list(_SOURCE)]
    is_one = all(cells.n_unique() == 1 for cells in source.iter_columns())
    if not is_one or records["source_path"].null_count() or records["id"].null_count():
        return False
    ids = records["id"].to_list()
    if set(map(len, ids)) != {ID_LENGTH}:
        return False
    places = records["source_locator"].fill_null("")
    if places.str.contains(_ESCAPED).any():
        return False
    suite, path, digest = source.row(0)
    if ids[0] != record_id(suite, path, digest, places[0]):
        return False
    follow = record_id_characters(suite, path, digest or "", places.cast(pl.Binary).to_list())
    return "".join(ids).encode() == follow.tobytes()


def _of_each_source(records: pl.DataFrame) -> Iterable[tuple[tuple[object, ...], pl.DataFrame]]:
    """Return suite, path and hash of each primary source, with its records."""
    source = records.select(_SOURCE)
    if all(cells.n_unique() == 1 for cells in source.iter_columns()):
        return [(source.row(0), records)]
    return records.group_by(*_SOURCE, maintain_order=True)


def _compared(part: pl.DataFrame, suite: str, path: str, digest: str) -> pl.DataFrame:
    """Return the records of one source whose id is not the `expected` one, which follows from their place in it."""
    places = part["source_locator"].fill_null("")
    if not places.str.contains(_ESCAPED).any():
        digits = record_digits(suite, path, digest, places.cast(pl.Binary).to_list())
        given = digits_of("".join(part["id"].to_list()).encode())
        is_other = (digits != given).any(axis=0)
        if not is_other.any():
            return part.clear()
        part = part.filter(pl.Series(is_other, dtype=pl.Boolean))
    expected = []
    for place in part["source_locator"].to_list():
        expected.append(record_id(suite, path, digest or None, place))
    named = part.with_columns(pl.Series("expected", expected, dtype=pl.String))
    return named.filter(pl.col("id") != pl.col("expected"))


def _ids_at_fault(records: pl.DataFrame, suite: str) -> pl.DataFrame:
    """Return those of some records whose id is not the one of their `execution` either."""
    own = ["" if not name else global_id(suite, name) for name in records["execution"].to_list()]
    wrong = records.filter(pl.col("id") != pl.Series(own, dtype=pl.String))
    message = pl.format(
        "{} does not follow from its source, which makes {}", pl.col("id"), pl.col("expected")
    )
    hint = "write an id of your own, or the one that follows"
    return faults(wrong, "records", "id", message, pl.col("id"), hint)


def in_key_order(frames: Frames) -> pl.DataFrame:
    """BF509: within a record the primary measurement stands first, the others by key."""
    # Keys are numbered in their order; the primary measurement, with its own key, comes before the others.
    measurements = frames.bare
    key = frames.answers.keys[measurements[KIND]]
    is_primary = measurements["primary"].fill_null(value=False)
    place = key + (~is_primary).cast(pl.Int64) * frames.kinds.height
    if not may_fall_in_record(measurements, place):
        return no_faults()
    is_behind = place < before_in_record(measurements, place)
    wrong = frames.measured(is_behind.fill_null(value=False))
    message = pl.format("{} stands behind measurements that come after it", pl.col("metric"))
    hint = "put the primary one first, and order the others by metric, statistic, stage, per, scope"
    found = faults(wrong, "measurements", "metric", message, hint=hint)
    return found.unique("record", keep="first", maintain_order=True)


def has_primary(frames: Frames) -> pl.DataFrame:
    """BF519: a result without a headline number."""
    primary = frames.bare.filter(_PRIMARY)["record_id"]
    bare = frames.records.filter(
        (pl.col("status") == "ok") & ~pl.col("id").is_in(primary.implode())
    )
    hint = "write `primary`: true at the number that the suite ranks by"
    return faults(bare, "records", None, "no measurement is primary", hint=hint)


def _misplaced(path: pl.Expr) -> pl.Expr:
    """Return what is wrong with a path that does not count from the root of the submission."""
    leads_out = path.str.contains(_UPWARDS)
    return (
        pl.when(leads_out)
        .then(pl.format("'{}' leads out of the submission", path))
        .otherwise(pl.format("'{}' is a path of one machine, not of the submission", path))
    )


def _portable(table: Table) -> Cells:
    """Return the source paths of a table that hold on one machine only."""
    path = pl.col("source_path")
    return Cells(
        table,
        "source_path",
        fault=path.str.contains(_OUTSIDE),
        message=_misplaced(path),
        hint=pl.lit("write the path from the root of the submission, with forward slashes"),
        needs_cell=True,
    )


def _others_portable() -> Cells:
    """Return the further sources of records that hold on one machine only."""
    path = pl.col("sources").str.extract(_OTHER_OUTSIDE)
    return Cells(
        "records",
        "sources",
        fault=path.is_not_null(),
        message=_misplaced(path),
        hint=pl.lit("write the path from the root of the submission, with forward slashes"),
        needs_cell=True,
    )


def _stated(
    code: str,
    severity: Severity,
    title: str,
    column: str,
    message: str,
    hint: str,
    rules: tuple[str, ...],
    not_asked: pl.Expr = _NEVER,
) -> Check:
    """Return the check that a record fills a column, for the rule sets that ask for it."""
    absent = Cells(
        "records",
        column,
        fault=pl.col(column).is_null() & ~not_asked.fill_null(value=False),
        message=pl.lit(message),
        hint=pl.lit(hint),
    )
    return Check(
        code=code,
        severity=severity,
        title=title,
        table="records",
        rules=rules,
        cells=(absent,),
    )


CHECKS = (
    Check(
        code="BF501",
        severity=Severity.ERROR,
        title="Files have the size and hash that the descriptor gives",
    ),
    Check(
        code="BF502",
        severity=Severity.ERROR,
        title="Every measurement belongs to a record",
        table="measurements",
    ),
    Check(
        code="BF503",
        severity=Severity.ERROR,
        title="Every record's system is described",
        table="records",
    ),
    Check(
        code="BF504",
        severity=Severity.ERROR,
        title="Measurements stand in the order of their records",
        table="measurements",
    ),
    Check(
        code="BF505",
        severity=Severity.ERROR,
        title="Source paths are relative to the submission",
        cells=(_portable("records"), _portable("measurements"), _others_portable()),
    ),
    Check(
        code="BF506",
        severity=Severity.ERROR,
        title="A generated id follows from its source",
        table="records",
        needs=("source_path",),
        follows=("suite", "source_path", "source_sha256"),
        run=ids_follow,
    ),
    Check(
        code="BF507",
        severity=Severity.ERROR,
        title="Record ids are unique",
        table="records",
    ),
    Check(
        code="BF508",
        severity=Severity.ERROR,
        title="System ids are unique",
        table="systems",
    ),
    _stated(
        "BF511",
        Severity.ERROR,
        "The licence is given",
        "license",
        "the licence is not given",
        "write an SPDX id, such as CC-BY-4.0, in provenance.license",
        _FOR_PLATFORMS,
    ),
    _stated(
        "BF512",
        Severity.ERROR,
        "The submitter is given",
        "submitter",
        "the submitter is not given",
        "write who measured it in provenance.submitter",
        _FOR_PLATFORMS,
    ),
    _stated(
        "BF513",
        Severity.WARNING,
        "The time of measurement is given",
        "measured_at",
        "the time of measurement is not given",
        "write it in provenance.measured_at",
        _HAND_OVER,
    ),
    _stated(
        "BF514",
        Severity.ERROR,
        "The primary source is named with its hash",
        "source_sha256",
        "the primary source is not named with its hash",
        "write path and sha256 of the file",
        _FOR_PLATFORMS,
    ),
    _stated(
        "BF515",
        Severity.ERROR,
        "The system is given",
        "system_id",
        "the system is not given",
        "describe the hardware in `system`",
        _FOR_LEARNERS,
    ),
    _stated(
        "BF516",
        Severity.WARNING,
        "The task is given",
        "task",
        "the task is not given",
        "name what the model does in `task`",
        _FOR_LEARNERS,
    ),
    _stated(
        "BF517",
        Severity.ERROR,
        "The model is given",
        "model",
        "the model is not given",
        "name the model or algorithm in model.name",
        _FOR_LEARNERS,
        not_asked=pl.col("task") == "mixed",
    ),
    _stated(
        "BF518",
        Severity.WARNING,
        "The engine is given",
        "engine",
        "the engine is not given",
        "name what ran the model in software.engine",
        _FOR_LEARNERS,
        not_asked=pl.col("phase").is_in(["storage", "checkpointing"]),
    ),
    Check(
        code="BF519",
        severity=Severity.WARNING,
        title="One measurement is primary",
        table="records",
        whole_record=True,
        rules=_FOR_LEARNERS,
        run=has_primary,
    ),
    Check(
        code="BF509",
        severity=Severity.WARNING,
        title="Measurements stand in key order after the primary one",
        table="measurements",
        follows_codes=frozenset({"BF201", "BF202", "BF410", "BF411", "BF519"}),
        run=in_key_order,
    ),
)
