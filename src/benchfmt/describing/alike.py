"""Files that a known tool wrote: their descriptor is the layout's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydantic import JsonValue

from benchfmt.describing.objects import objects_in
from benchfmt.describing.sources import Sources, inside, root_of, unreadable_line
from benchfmt.drafting import Draft, Review
from benchfmt.drafting.draft import slug, unused
from benchfmt.finding import BenchfmtError
from benchfmt.layouts import fit, fit_named, layout
from benchfmt.limits import LIMITS, Limits
from benchfmt.readers.files import Listing


@dataclass(frozen=True)
class Files:
    """Files by their names in a descriptor, which are relative to a folder."""

    root: Path
    named: Mapping[str, Path]
    left_out: Sequence[str] = ()
    """What cannot be read in a folder, each with the reason."""


def files_like(
    paths: Sequence[Path], name: str, folder: Path | None, limits: Limits = LIMITS
) -> Files:
    """Return the files at paths; of a folder those that are of a layout. Raises BenchfmtError where there is none."""
    root = root_of(paths, folder)
    files: dict[str, Path] = {}
    left_out: list[str] = []
    for path in paths:
        if not path.is_dir():
            files[inside(path, root)] = path
            continue
        listing = Listing(path, limits)
        left_out += listing.unreachable_lines()
        for item in sorted(listing):
            try:
                if item.is_file() and not item.is_symlink() and _is_of(item, name, limits):
                    files[inside(item, root)] = item
            except OSError as error:
                left_out.append(unreadable_line(inside(item, root), error))
    if not files:
        reasons = "".join(f"; {reason}" for reason in left_out)
        raise BenchfmtError(f"{paths[0]} holds no file of the layout {name!r}{reasons}")
    return Files(root, files, left_out)


def _is_of(path: Path, name: str, limits: Limits) -> bool:
    fitting = fit(path, limits)
    return fitting is not None and fitting.name == name


def draft_like(
    files: Mapping[str, Path],
    name: str,
    constants: Mapping[str, JsonValue],
    limits: Limits = LIMITS,
) -> Draft:
    """Return the descriptor of files of one layout; raises BenchfmtError for one that is not of it."""
    chosen = layout(name)
    descriptor: dict[str, JsonValue] = {}
    resources: list[JsonValue] = []
    names: set[str] = set()
    for place, path in files.items():
        descriptor = fit_named(path, chosen, constants, limits).plain()
        for resource in objects_in(descriptor, "resources"):
            stem = PurePosixPath(place).with_suffix("").as_posix()
            resources.append({**resource, "name": unused(slug(stem), names), "path": place})
    return Draft({**descriptor, "resources": resources}, Review())


def likely_layouts(sources: Sources) -> Iterator[str]:
    """Yield a line for each kind of tables that looks like what a known tool writes."""
    for group in sources.groups:
        fitting = fit(group[0].path, sources.limits)
        if fitting is not None:
            yield (
                f"{group[0].name} is of the layout {fitting.layout.label}: --like {fitting.name} describes it by that"
            )
