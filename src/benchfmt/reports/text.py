"""Findings, accounts and packages as text for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from benchfmt.accounting import Account, FileEntry
from benchfmt.finding import Finding
from benchfmt.identity import SYSTEM_PREFIX
from benchfmt.package import Package
from benchfmt.reports.counting import counted, number
from benchfmt.reports.where import advice, rows_text, spot
from benchfmt.validation.condensing import condensed

if TYPE_CHECKING:
    import polars as pl

_SHOWN_ROWS = 5
_SHOWN_FILES = 3
_COMPARED = 8
_VALUES = 8


def finding_line(finding: Finding) -> str:
    """Return a finding in one line: where, what, how to fix it, code."""
    place = finding.path
    within = spot(finding)
    if within:
        joint = ""
        if finding.row is None and finding.cell is None and (finding.column or finding.field):
            joint = ","
        place = f"{place}{joint} {within}"
    text = advice(finding)
    rows = rows_text(finding)
    if rows:
        text = f"{text}; {rows}"
    return f"{finding.severity.value}: {place}: {text} ({finding.code})"


def account_lines(account: Account) -> Iterator[str]:
    """Yield the account of a conversion: totals, then every file or row that gave no record."""
    yield (
        f"files: {number(len(account.files))} seen = {number(account.count('primary'))} primary + "
        f"{number(account.count('supporting'))} supporting + {number(account.count('skipped'))} skipped + "
        f"{number(account.count('failed'))} failed"
    )
    if account.total("rows"):
        yield (
            f"rows: {number(account.total('rows'))} seen = {number(account.total('converted'))} converted + "
            f"{number(account.total('skipped'))} skipped + {number(account.total('failed'))} failed"
        )
    duplicates = account.total("duplicates")
    also = ""
    if duplicates:
        also = f", {counted(duplicates, 'duplicate')} left out"
    records = counted(account.total("records"), "record")
    measurements = counted(account.total("measurements"), "measurement")
    yield f"{records}, {measurements}{also}"
    yield from _layout_lines(account)
    yield from _file_lines(account)
    for finding in condensed(account.findings):
        yield finding_line(finding)


def _layout_lines(account: Account) -> Iterator[str]:
    """Yield how files were read that nobody described, each way once."""
    notes = Counter(entry.reason for entry in account.files if entry.role == "primary")
    for note, count in notes.items():
        if note is not None:
            yield f"{note}: {counted(count, 'file')} (`benchfmt describe --list-like`)"


def _file_lines(account: Account) -> Iterator[str]:
    """Yield every file that gave no record, and the rows of files that gave none."""
    skipped = Counter(entry.reason for entry in account.files if entry.role == "skipped")
    summed_up: set[str | None] = set()
    for entry in account.files:
        if entry.role != "skipped":
            if entry.role == "failed":
                yield f"{entry.role}: {entry.path}: {entry.reason}"
        elif skipped[entry.reason] <= _SHOWN_FILES:
            yield f"skipped: {entry.path}: {entry.reason}"
        elif entry.reason not in summed_up:
            # Thousands of logs are left out for one reason: it is said once.
            summed_up.add(entry.reason)
            yield (
                f"skipped: {number(skipped[entry.reason])} files, first {entry.path}: "
                f"{entry.reason} (--account FILE lists them all)"
            )
        yield from _row_lines(entry)


def _row_lines(entry: FileEntry) -> Iterator[str]:
    for detail in entry.details[:_SHOWN_ROWS]:
        place = entry.path
        if "row" in detail:
            place = f"{entry.path} row {detail['row']}"
        yield f"{detail['what']}: {place}: {detail['reason']}"
    if len(entry.details) > _SHOWN_ROWS:
        more = entry.skipped + entry.failed - _SHOWN_ROWS
        yield f"... and {number(more)} more rows of {entry.path}"


def package_lines(package: Package) -> Iterator[str]:
    """Yield what a package holds: its counts, and its records by suite, benchmark, system and status."""
    import polars as pl

    records = pl.DataFrame(pl.from_arrow(package.table("records")))
    measurements = pl.DataFrame(pl.from_arrow(package.table("measurements")))
    yield (
        f"{counted(records.height, 'record')}, {counted(measurements.height, 'measurement')}, "
        f"{counted(package.table('systems').num_rows, 'system')}"
    )
    for name in ("suite", "benchmark", "task", "system_id", "engine", "precision", "status"):
        counts = (
            records[name]
            .drop_nulls()
            .value_counts(sort=True)
            .sort(["count", name], descending=[True, False])
        )
        if counts.height:
            shown = [f"{value} {number(count)}" for value, count in counts.head(_VALUES).rows()]
            if counts.height > _VALUES:
                shown.append(f"... ({number(counts.height)} in all)")
            yield f"{name}: {', '.join(shown)}"
    with_value = measurements.filter(pl.col("value").is_not_null())
    yield f"metrics: {', '.join(sorted(with_value['metric'].unique()))}"
    missing = (
        measurements["missing"]
        .drop_nulls()
        .value_counts(sort=True)
        .sort(["count", "missing"], descending=[True, False])
    )
    if missing.height:
        yield "missing: " + ", ".join(
            f"{reason} {number(count)}" for reason, count in missing.rows()
        )


def comparison_lines(package: Package, metric: str | None, limit: int) -> Iterator[str]:
    """Yield the largest groups of comparable records, each with its headline numbers side by side, best first.

    A group needs two results; those of most systems come first.
    """
    import polars as pl

    wide = pl.DataFrame(pl.from_arrow(package.wide()))
    ranked = wide.filter(
        pl.col("comparability_group").is_not_null() & pl.col("primary_value").is_not_null()
    )
    ranked = _without_echoes(package, ranked)
    if metric:
        ranked = ranked.filter(pl.col("primary_metric") == metric)
    # A group is of one primary measurement: its key and unit are the same in all its rows.
    groups = ranked.group_by("comparability_group", maintain_order=True).agg(
        pl.len(), pl.col("system_id").n_unique().alias("systems")
    )
    several = groups.filter(pl.col("len") > 1).sort(
        ["systems", "len"], descending=True, maintain_order=True
    )
    if not several.height:
        on_metric = ""
        if metric:
            on_metric = f" on {metric}"
        yield f"no two results may be compared{on_metric}"
    # An id that was made from a description says nothing to people; the system's name does.
    made = ((key, str(system.get("name") or key)) for key, system in package.systems.items())
    names = {key: name for key, name in made if key.startswith(SYSTEM_PREFIX)}
    for group in several["comparability_group"].head(limit):
        yield from _group_lines(ranked.filter(pl.col("comparability_group") == group), names)
    if several.height > limit:
        yield f"... and {counted(several.height - limit, 'more group')} (--limit)"


def _without_echoes(package: Package, ranked: pl.DataFrame) -> pl.DataFrame:
    """Leave out published rows whose result stands here as it was computed from its own files: it is one result."""
    import polars as pl

    measurements = pl.DataFrame(pl.from_arrow(package.table("measurements")))
    headline = measurements.filter(pl.col("primary").fill_null(value=False)).unique(
        "record_id", keep="first"
    )
    published = headline.filter(pl.col("basis") == "published")["record_id"].implode()
    told = ranked.with_columns(pl.col("id").is_in(published).alias("published"))
    computed = told.filter(~pl.col("published") & pl.col("execution").is_not_null())
    answered = (
        computed.select("comparability_group", "execution")
        .unique()
        .with_columns(pl.lit(value=True).alias("answered"))
    )
    joined = told.join(
        answered, on=["comparability_group", "execution"], how="left", maintain_order="left"
    )
    return joined.filter(~(pl.col("published") & pl.col("answered").fill_null(value=False))).select(
        ranked.columns
    )


def _group_lines(rows: pl.DataFrame, names: Mapping[str, str]) -> Iterator[str]:
    from benchfmt.vocabulary import vocabulary

    first = rows.row(0, named=True)
    known = vocabulary().metrics.get(first["primary_metric"])
    higher = known is not None and known.direction == "higher"
    named = ("suite", "benchmark", "scenario", "model", "model_version", "precision", "input_shape")
    about = [first[key] for key in named if first[key]]
    if first["batch_size"]:
        about.append(f"batch {first['batch_size']}")
    better = "lower"
    if higher:
        better = "higher"
    yield f"{' / '.join(about)}: {_key(first)}, {better} is better"
    ordered = rows.sort(
        "primary_value",
        "system_id",
        "engine",
        descending=[higher, False, False],
        maintain_order=True,
    )
    for row in ordered.head(_COMPARED).iter_rows(named=True):
        shown = {**row, "system_id": names.get(row["system_id"], row["system_id"])}
        where = [shown[key] for key in ("system_id", "engine", "placement") if shown[key]]
        yield f"  {row['primary_value']:>12.6g} {row['primary_unit']:<4} {'  '.join(where)}"
    if rows.height > _COMPARED:
        yield f"  ... and {counted(rows.height - _COMPARED, 'more result')}"


def _key(row: dict[str, Any]) -> str:
    """Return what the headline number is: `latency p90 inference per sample`."""
    metric, statistic, stage, per, scope = (
        row[f"primary_{name}"] for name in ("metric", "statistic", "stage", "per", "scope")
    )
    parts = (metric, statistic, stage, per and f"per {per}", scope and f"of {scope}")
    return " ".join(part for part in parts if part)
