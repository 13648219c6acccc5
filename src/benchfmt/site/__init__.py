"""A site of static pages on all packages of a folder, for any host of files: search, verdicts, reports and results.

Nothing has to run on the host: the index is JSON, and results are read from Parquet in the browser, some rows at a time.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchfmt.finding import BenchfmtError
from benchfmt.limits import FOR_PAGES
from benchfmt.oserrors import naming
from benchfmt.package import PackageError, Target, open_package
from benchfmt.pages import Limit
from benchfmt.serving.library import Shown, shelf
from benchfmt.serving.showing import write_page
from benchfmt.site.facts import Facts, facts_of
from benchfmt.site.pages import MARKER, write_index, write_package_page, write_shared
from benchfmt.site.results import write_results
from benchfmt.validation import validate
from benchfmt.validation.judging import report_double

__all__ = ["Built", "build"]


@dataclass(frozen=True, slots=True)
class Built:
    """What became of the packages of a folder."""

    shown: tuple[Facts, ...]
    refused: tuple[tuple[str, str], ...]
    """The packages that cannot be read, each with the reason."""
    is_whole: bool
    """Whether all of the folder was looked at."""


def build(
    folder: str | Path,
    target: str | Path,
    *,
    rules: str = "core",
    tell: Callable[[str], None] = lambda _: None,
    limit: Limit | None = None,
) -> Built:
    """Write the site on the packages of a folder, whole or not at all; raises BenchfmtError.

    What stands at the target is replaced where it is a site of ours; anything else is left alone. `tell` hears the name
    of each package before it is read. `limit` says how much one page of a report shows; what has no room follows on others.
    """
    source, place = Path(folder), Path(target)
    if not source.is_dir():
        raise BenchfmtError(f"{source} is not a folder")
    _spare(source, place)
    found = shelf(source)
    if not found.packages:
        raise BenchfmtError(f"{source} holds no package")
    with naming(place), Target(place) as held:
        root = held.new_folder()
        try:
            built = _write(root, found.packages, rules, tell, is_whole=found.is_whole, limit=limit)
            held.replace_by(root)
        finally:
            shutil.rmtree(root, ignore_errors=True)
    return built


def _spare(source: Path, place: Path) -> None:
    """Raise BenchfmtError for a target that holds something else than a site, or the packages themselves."""
    inner, outer = source.resolve(), place.resolve()
    if inner == outer or outer in inner.parents:
        raise BenchfmtError(f"{place} holds the packages of {source}; name another folder")
    is_other = place.is_dir() and any(place.iterdir()) and not (place / MARKER).is_file()
    if is_other or (place.exists() and not place.is_dir()):
        raise BenchfmtError(
            f"{place} already exists and is no site of benchfmt; name another folder"
        )


def _write(
    root: Path,
    packages: tuple[Shown, ...],
    rules: str,
    tell: Callable[[str], None],
    *,
    is_whole: bool,
    limit: Limit | None,
) -> Built:
    shown: list[Facts] = []
    refused: list[tuple[str, str]] = []
    names_by_fingerprint: dict[int, str] = {}
    write_shared(root)
    for package in packages:
        tell(package.name)
        below = root / "packages" / package.id
        below.mkdir(parents=True)
        try:
            facts = _write_package(below, package, rules, limit, names_by_fingerprint)
        except BenchfmtError as error:
            shutil.rmtree(below)
            refused.append((package.name, package.reason(error).removeprefix(f"{package.name}: ")))
        else:
            shown.append(facts)
    write_index(root, shown, refused, is_whole=is_whole)
    return Built(tuple(shown), tuple(refused), is_whole)


def _write_package(
    below: Path,
    package: Shown,
    rules: str,
    limit: Limit | None,
    names_by_fingerprint: dict[int, str],
) -> Facts:
    """Write the pages and the data of one package; raises BenchfmtError where it cannot be read.

    One that holds the same records as another before it has the finding of `benchfmt validate` on several packages.
    """
    report = validate(package.path, rules, limits=FOR_PAGES)
    report.source = package.name
    if report.records and report.fingerprint is not None:
        first = names_by_fingerprint.setdefault(report.fingerprint, package.name)
        if first != package.name:
            report_double(report, first, FOR_PAGES)
    with open_package(package.path, is_short=True) as opened:
        facts = facts_of(package, opened, report)
        try:
            rows = write_results(opened, below / "results.parquet")
        except PackageError as error:
            # Its report says what is wrong; the rest is shown all the same.
            rows = 0
            reason = package.reason(error)
            if not any(reason in note for note in facts.notes):
                facts.notes.append(f"its results cannot be shown: {reason}")
    write_package_page(below, facts, rows)
    write_page(package.path, below / "report.html", report, pages=True, limit=limit)
    return facts
