"""What is made of damaged packages: views, comparisons, exports, bundles, mends and what rearranges them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from zlib import crc32

from benchfmt.bundling import bundle
from benchfmt.comparing import compare
from benchfmt.comparing.coverage import coverage
from benchfmt.comparing.groups import groups
from benchfmt.comparing.recommending import recommend
from benchfmt.comparing.versions import compare_versions
from benchfmt.comparing.wishes import Wish
from benchfmt.comparison.questions import QUESTIONS, question
from benchfmt.exports import export
from benchfmt.exports.base import OWN
from benchfmt.mending.packages import mend
from benchfmt.package import Package, open_package
from benchfmt.package.querying import query
from benchfmt.package.showing import html_of, line_of
from benchfmt.rearranging.appending import append
from benchfmt.rearranging.choosing import select, split
from benchfmt.reports.changes import difference_lines, mended_lines
from benchfmt.reports.comparison import group_lines
from benchfmt.reports.coverage import coverage_lines
from benchfmt.reports.holdings import package_lines
from benchfmt.reports.recommendation import recommendation_lines
from benchfmt.reports.versions import rendered
from fuzz.targets import Target
from fuzz.validating import packages

_OPTIONS = {
    "every-eval-ever": {"retrieved": "2026-01-31"},
    "ro-crate": {"date": "2026-01-31"},
}
"""What an export cannot do without."""
Step = Callable[[Path, Path], None]


def _opened(do: Callable[[Package], None]) -> Step:
    def step(package: Path, _new: Path) -> None:
        with open_package(package) as found:
            do(found)

    return step


def _wide(package: Package) -> None:
    package.wide(
        qualified=True, groups=True, facts=True, inputs=True, one_per_execution=True, sources=True
    )
    package.wide(comparable=True)


def _shown(package: Package) -> None:
    line_of(package)
    html_of(package)
    list(package_lines(package))


def _coverage(package: Package) -> None:
    list(coverage_lines(coverage(package)))


def _groups(package: Package) -> None:
    for name in QUESTIONS:
        list(group_lines(groups(package, question(name), every_result=True)))


def _recommend(package: Package) -> None:
    found = recommend(
        package,
        "image-classification",
        [Wish("latency", "max", "1", "s")],
        front=("latency", "accuracy"),
    )
    list(recommendation_lines(found))


def _compare(package: Path, _new: Path) -> None:
    list(difference_lines(compare(package, package)))


def _versions(package: Path, _new: Path) -> None:
    found = compare_versions(package, package, vary=["system"])
    for name in ("text", "json", "markdown"):
        list(rendered(name, found, ()))


def _query(package: Path, _new: Path) -> None:
    query(package, "SELECT metric, max(value) FROM measurements GROUP BY metric")
    query(package, "SELECT * FROM wide")


def _export(name: str, package: Path, new: Path) -> None:
    export(package, name, new, **_OPTIONS.get(name, {}))


def _bundle(package: Path, new: Path) -> None:
    bundle(package, new.with_suffix(".zip"))


def _mend(package: Path, new: Path) -> None:
    list(mended_lines(mend(package, new)))


def _select(package: Path, new: Path) -> None:
    select(package, "status = 'ok'", new)


def _split(package: Path, new: Path) -> None:
    split(package, "suite", new)


def _append(package: Path, new: Path) -> None:
    select(package, "true", new)
    append(new, [package])


STEPS: tuple[Step, ...] = (
    _opened(_wide),
    _opened(_shown),
    _opened(_coverage),
    _opened(_groups),
    _opened(_recommend),
    _compare,
    _versions,
    _query,
    *(partial(_export, name) for name in OWN),
    _bundle,
    _mend,
    _select,
    _split,
    _append,
)


def _use(root: Path, path: Path) -> None:
    """Do one of the things with a package: which one follows from the file, so that it is the same again."""
    step = STEPS[crc32(path.read_bytes()) % len(STEPS)]
    with tempfile.TemporaryDirectory() as folder:
        step(root, Path(folder) / "new")


TARGETS = (
    Target("use-csv", _use, partial(packages, "csv")),
    Target("use-parquet", _use, partial(packages, "parquet")),
)
