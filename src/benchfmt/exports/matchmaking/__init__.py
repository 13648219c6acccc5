"""Tables for the vertical matchmaking engine: for each asset and platform `<asset>_<HW>.csv` with `<asset>_<HW>.json`.

A row is a successful run. The columns of an asset (inputs, hyper-parameters, targets) are the same on every platform and
have no empty cell. What the engine asks for is in the AI4Europe benchmarking guide
(https://ai4europe-benchmark-guide.readthedocs.io) and in the code of its matchmaking service
(https://github.com/enricomors/generalized-hada-v2). The companion also says, under `benchfmt`, which field or measurement
each column is, so that it can be read back, and which of its numbers compare with those of another platform.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

from benchfmt.comparison.questions import question
from benchfmt.comparison.results import results
from benchfmt.exports import boxes
from benchfmt.exports.base import Exported, Shape
from benchfmt.exports.matchmaking import assets, cells, files, platforms, targets
from benchfmt.exports.matchmaking.assets import NO_TARGET
from benchfmt.finding import BenchfmtError
from benchfmt.package import Package

__all__ = ["MATCHMAKING", "NOT_SUCCESSFUL", "NO_SYSTEM", "NO_TARGET", "OPTIONS"]

OPTIONS = {
    "keep": "metrics, separated by commas, whose columns stay although records lack them; these are left out instead",
    "feature": "metrics whose columns are hyper-parameters in place of targets, as LPDNN's own tables have the accuracy",
    "names": "`engine` writes the columns for which the engine has a name of its own (`CO2e(kg)`) under that name",
}
NOT_SUCCESSFUL = "not successful (status other than ok)"
NO_SYSTEM = "the system is not given"


class Matchmaking:
    """The tables of the matchmaking engine."""

    about = "tables of the vertical matchmaking engine of AI4Europe, with their descriptors"
    why_in_one = "its columns and the names of its tables depend on all records"
    shape: Shape = "folder"
    options = OPTIONS

    def write(self, package: Package, place: Path, options: Mapping[str, str]) -> Exported:
        """Write a package as tables and companions, and say what was written."""
        return _written(package, place, options)


MATCHMAKING = Matchmaking()


def _written(package: Package, folder: Path, options: Mapping[str, str]) -> Exported:
    records = _frame(package, "records")
    left: Counter[str] = Counter()
    usable = _usable(records, left)
    values = results(records, _frame(package, "measurements"), question())
    measured = targets.by_key(values, records["id"])
    asked = _asked(options, measured)
    groups = assets.assets(records, usable)
    for asset in groups:
        assets.fill(asset, records, measured, asked, left)
    platform_of = platforms.platforms(package, records, groups)
    written: list[str] = []
    notes: list[str] = []
    for asset in groups:
        notes += asset.notes
        for column in asset.columns:
            cells.decide_kind(column, [platform_of[row] for row in asset.rows])
        for path, rows in files.tables(asset, platform_of):
            notes += _of_several_tables(path, records, rows)
            written += files.write(folder, path, asset, rows, platform_of)
    notes += _of_other_boxes(records, platform_of)
    count = sum(len(asset.rows) for asset in groups)
    return Exported(tuple(written), count, left_out=tuple(sorted(left.items())), notes=tuple(notes))


def _of_several_tables(path: str, records: pl.DataFrame, rows: list[int]) -> Iterator[str]:
    """Tell where one table holds rows of several source tables: nothing says that one box and one version made them.

    A file of one result is a run, of which a system has many; a file of several is somebody's campaign.
    """
    sources = Counter(records["source_sha256"][row] for row in rows)
    tables = [digest for digest, count in sources.items() if digest is not None and count > 1]
    if len(tables) > 1:
        yield (
            f"{path}: its rows are of {len(tables)} source tables, and nothing in them contradicts that one machine and one "
            "version made them; if several did, convert each table into a package of its own"
        )


def _of_other_boxes(records: pl.DataFrame, platform_of: Mapping[int, str]) -> Iterator[str]:
    """Tell which source tables of one described system became platforms of their own."""
    by_system: dict[str, dict[str, set[str]]] = {}
    for row, platform in platform_of.items():
        source = records["source_path"][row] or "a record without a source"
        by_system.setdefault(records["system_id"][row], {}).setdefault(platform, set()).add(source)
    percent = round(100 * (boxes.TOLERANCE - 1))
    for system, by_platform in by_system.items():
        if len(by_platform) == 1:
            continue
        parts = []
        for name, sources in sorted(by_platform.items()):
            parts.append(f"{name}: {', '.join(sorted(sources))}")
        yield (
            f"{system}: source tables give numbers for the same configurations that differ as a whole, by more than "
            f"{percent} %, so they are taken for different machines or versions ({'; '.join(parts)})"
        )


def _asked(options: Mapping[str, str], measured: targets.Frames) -> targets.Asked:
    """Return the options; raises BenchfmtError where one names what does not exist."""
    keep = _metrics(options, "keep", measured)
    feature = _metrics(options, "feature", measured)
    names = options.get("names", "benchfmt")
    if names not in ("benchfmt", "engine"):
        raise BenchfmtError(f"names: {names!r} is neither `benchfmt` nor `engine`")
    return targets.Asked(keep, feature, names == "engine")


def _metrics(options: Mapping[str, str], option: str, measured: targets.Frames) -> tuple[str, ...]:
    parts = [part.strip() for part in options.get(option, "").split(",")]
    metrics = tuple(filter(None, parts))
    known = {key.metric for key in measured}
    for metric in metrics:
        if metric not in known:
            raise BenchfmtError(
                f"{option}: no record has a value of {metric!r}; there are: {', '.join(sorted(known))}"
            )
    return metrics


def _frame(package: Package, table: str) -> pl.DataFrame:
    frame = pl.from_arrow(package.table(table))
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - a table, not a column
    return frame


def _usable(records: pl.DataFrame, left: Counter[str]) -> list[int]:
    """Return the rows of successful records with a system, and count the others."""
    ok = records["status"] == "ok"
    known = records["system_id"].is_not_null()
    for reason, lacking in ((NOT_SUCCESSFUL, ~ok), (NO_SYSTEM, ok & ~known)):
        if lacking.any():
            left[reason] = int(lacking.sum())
    return (ok & known).arg_true().to_list()
