"""Bundles: a package as one zip with all that a repository, a catalogue and a reader without benchfmt ask for.

The zip is a package itself: its tables and descriptor stand at the root. Beside them stand the exports that describe it,
what reads it in other programs, a README made from the data, how it is cited, and the hash of each file. Equal data and
equal options give equal bytes.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from benchfmt.bundling.archive import zipped
from benchfmt.bundling.bibtex import FILE_NAME as BIBTEX
from benchfmt.bundling.bibtex import bibtex_file
from benchfmt.bundling.citation import FILE_NAME as CITATION
from benchfmt.bundling.citation import citation_file
from benchfmt.bundling.readme import FIGURE, Verdict, readme
from benchfmt.comparing.coverage import coverage
from benchfmt.descriptor import FILE_NAME as DESCRIPTOR
from benchfmt.exports import FORMATS, Account, ro_crate
from benchfmt.exports.facts import Facts, PackageFile, facts_of, package_files, refuse_older
from benchfmt.exports.publication import OPTIONS, ORIGIN, Publication, Work, publication
from benchfmt.finding import BenchfmtError
from benchfmt.package import Package, PackageError, Target, open_package
from benchfmt.readers.files import file_sha256
from benchfmt.reports.coverage import coverage_figure
from benchfmt.spelling import no_such
from benchfmt.validation import validate
from benchfmt.validation.report import Report

__all__ = ["SUMS", "Bundled", "bundle", "known_options"]

SUMS = "SHA256SUMS"
README = "README.md"


@dataclass(frozen=True)
class Companion:
    """An export that stands in a bundle."""

    format: str
    file: str | None
    """What it is called; None for one that is several files with names of their own."""
    media_type: str
    about: str
    beside: Mapping[str, str] = field(default_factory=dict)
    """The options by which it is told that the tables lie beside it."""
    most: int | None = None
    """The measurements beyond which it is too large for a bundle; None for no such number."""


LARGE = 1_000_000
COMPANIONS = (
    Companion(
        "croissant",
        "croissant.json",
        "application/ld+json",
        "The data set in Croissant.",
        {"files": "."},
    ),
    # Some 500 bytes a measurement.
    Companion(
        "mldcat-ap", "mldcat-ap.ttl", "text/turtle", "The data set in MLDCAT-AP.", most=LARGE
    ),
    Companion(
        "loaders",
        None,
        "text/plain",
        "Loads the tables with the types of their columns.",
        {"folder": "."},
    ),
)
"""The exports of a bundle, each where there is such a format; the RO-Crate, which names all files, comes last."""
_WRITTEN = {"contributors": "authors", "licenses": "license"}
"""Members of a descriptor that hold more than a citation, each with the option that takes its place."""
_ABOUT = {
    BIBTEX: ("application/x-bibtex", "How the data and its sources are cited, in BibTeX."),
    CITATION: ("text/yaml", "How the data is cited, in the Citation File Format."),
    FIGURE: ("image/svg+xml", "How many results there are of each system and benchmark."),
}


@dataclass(frozen=True)
class Bundled:
    """What a bundle holds, and what it lacks."""

    files: tuple[str, ...]
    records: int
    measurements: int
    lacking: tuple[str, ...]
    """What a citation asks for and nobody says, by the names of the options."""
    notes: tuple[str, ...]
    report: Report
    """What `benchfmt validate` says of the package in it."""


def bundle(
    package: str | Path, path: str | Path, *, remote: bool = False, **options: str
) -> Bundled:
    """Write a package with all that describes it to a new zip, and return what it holds; raises BenchfmtError.

    An error or a stop leaves nothing behind.
    """
    target = Path(path)
    _check(target, options)
    with open_package(package, remote=remote) as opened, Target(target) as held:
        refuse_older(opened)
        growing = held.new_folder()
        try:
            folder = growing / "content"
            folder.mkdir()
            _copy(opened, folder, options)
            done = _fill(folder, options)
            archive = growing / target.name
            zipped(folder, archive)
            _check_free(target)
            held.replace_by(archive)
        finally:
            shutil.rmtree(growing, ignore_errors=True)
    return done


def known_options() -> Mapping[str, str]:
    """Return the options of a bundle, each with what it is for: how it is cited, and those of the exports in it."""
    known = {**OPTIONS, **ORIGIN}
    for companion in COMPANIONS:
        if companion.format in FORMATS.names():
            for name, about in FORMATS.load(companion.format).options.items():
                if name not in companion.beside:
                    known.setdefault(name, about)
    return known


def _check(target: Path, options: Mapping[str, str]) -> None:
    if target.suffix != ".zip":
        raise BenchfmtError(f"{target}: a bundle is a zip; name a file that ends with .zip")
    _check_free(target)
    known = known_options()
    for option in options:
        if option not in known:
            raise BenchfmtError(no_such("option of bundles", option, list(known)))


def _check_free(target: Path) -> None:
    if target.exists() or target.is_symlink():
        raise BenchfmtError(f"{target} already exists; name a new file")


def _copy(package: Package, folder: Path, options: Mapping[str, str]) -> None:
    """Put the files of a package into a folder, with a descriptor that says how it is cited."""
    for file in package_files(package):
        place = folder / file.name
        place.parent.mkdir(parents=True, exist_ok=True)
        if file.name != DESCRIPTOR:
            _link(file.path, place)
    data = json.loads((package.root / DESCRIPTOR).read_text("utf-8"))
    said = _said(publication(package.descriptor, options))
    for member, option in _WRITTEN.items():
        # What the package says itself stays as it is written, with what no citation has, such as an address to ask at.
        if option not in options and data.get(member):
            said.pop(member, None)
    data.update(said)
    _write_json(folder / DESCRIPTOR, data)


def _link(source: Path, place: Path) -> None:
    """Give a file a second name; where the system has none to give, copy it."""
    try:
        os.link(source.resolve(), place)
    except OSError:
        shutil.copyfile(source, place)


def _said(cited: Publication) -> dict[str, JsonValue]:
    """Return what is known of a publication, as a descriptor says it (Data Package, version 2)."""
    said: dict[str, JsonValue] = {
        "title": cited.title,
        "version": cited.version,
        "homepage": cited.url,
    }
    if cited.origins:
        said["sources"] = [_source(work) for work in cited.origins]
    if cited.doi:
        said["id"] = f"https://doi.org/{cited.doi}"
    if cited.license:
        said["licenses"] = [_license(cited.license)]
    contributors: list[JsonValue] = []
    for author in cited.authors:
        contributor: dict[str, JsonValue] = {"title": author.name}
        if author.family and author.given:
            names = {"givenName": author.given, "familyName": author.family}
            contributor = {"title": f"{author.given} {author.family}", **names}
        if author.orcid:
            contributor["path"] = f"https://orcid.org/{author.orcid}"
        contributors.append(contributor)
    if contributors:
        said["contributors"] = contributors
    return {key: value for key, value in said.items() if value is not None}


def _source(work: Work) -> JsonValue:
    if work.url is None:
        return {"title": work.title}
    return {"title": work.title, "path": work.url}


def _license(name: str) -> JsonValue:
    return {"path": name} if "://" in name else {"name": name}


def _fill(folder: Path, options: Mapping[str, str]) -> Bundled:
    """Write into a folder with a package all that stands beside it."""
    account = Account()
    with open_package(folder) as package:
        cited = publication(package.descriptor, options)
        facts = facts_of(package)
        (folder / FIGURE).write_text(coverage_figure(coverage(package)), "utf-8")
        abouts = dict(_ABOUT)
        for companion in COMPANIONS:
            if companion.most is not None and facts.measurements > companion.most:
                account.note(
                    f"{companion.format} is left out: above {companion.most:,} measurements it is too large for a bundle; "
                    f"benchfmt export --to {companion.format} writes it"
                )
                continue
            for name in _export(companion, package, folder, options, account):
                abouts[name] = (companion.media_type, companion.about)
        _write_citation(folder, cited, facts, account)
        _note_origins(cited, facts, account)
        crate = ro_crate.FILE_NAME if cited.date else None
        listed = [*_listed(package, folder, abouts)]
        report = _judged(folder, account)
        verdict = Verdict(report.ok, report.errors, report.warnings)
        listed.append(_write_readme(folder, cited, facts, listed, crate, verdict))
        if crate is None:
            account.note(f"{ro_crate.FILE_NAME} is left out: it has a day of publication (date)")
        else:
            _write_json(folder / crate, ro_crate.crate(package, listed, facts, cited, account))
    names = _write_sums(folder)
    notes = tuple(account.notes)
    return Bundled(names, facts.records, facts.measurements, cited.lacking, notes, report)


def _export(
    companion: Companion,
    package: Package,
    folder: Path,
    options: Mapping[str, str],
    account: Account,
) -> list[str]:
    """Write an export beside the package, and return its files; none where it could not be written."""
    if companion.format not in FORMATS.names():
        return []
    form = FORMATS.load(companion.format)
    asked = {**options, **companion.beside}
    known = {name: text for name, text in asked.items() if name in form.options}
    growing = folder.with_name(companion.format)
    growing.mkdir()
    try:
        place = growing / companion.file if companion.file else growing
        done = form.write(package, place, known)
    except BenchfmtError as error:
        account.note(f"{companion.format} is left out: {error}")
        return []
    for note in done.notes:
        account.note(f"{companion.format}: {note}")
    names = []
    for path in sorted(growing.iterdir()):
        path.rename(folder / path.name)
        names.append(path.name)
    return names


def _write_citation(folder: Path, cited: Publication, facts: Facts, account: Account) -> None:
    """Write how the data is cited, in both forms or in none: either has a title and authors."""
    texts = {CITATION: citation_file(cited, facts), BIBTEX: bibtex_file(cited, facts)}
    for name, text in texts.items():
        if text is not None:
            (folder / name).write_text(text, "utf-8")
    if None in texts.values():
        account.note(
            f"{CITATION} is left out, as is {BIBTEX}: it has a title and authors, and nobody says both"
        )


def _note_origins(cited: Publication, facts: Facts, account: Account) -> None:
    """Note what does not say whose it is, or on what terms: the authors may have measured none of it."""
    unsaid = sum(count for origin, count in facts.origins.items() if not origin.is_known)
    if unsaid and not cited.origins:
        account.note(
            f"{unsaid:,} of {facts.records:,} results do not say who measured them (submitter, url); "
            "if others did, name them: --option origin='Title <https://...>'"
        )
    without_licence = facts.records - sum(facts.counts["license"].values())
    if without_licence:
        account.note(
            f"{without_licence:,} of {facts.records:,} results name no licence of their source; "
            "ask those who measured them before they are published"
        )


def _judged(folder: Path, account: Account) -> Report:
    """Return what `benchfmt validate` says of the package, and note where it does not conform."""
    report = validate(folder)
    if not report.ok:
        word = "error" if report.errors == 1 else "errors"
        account.note(
            f"the package does not conform to the standard: {report.errors:,} {word} (benchfmt validate)"
        )
    return report


def _write_json(path: Path, data: JsonValue) -> None:
    path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _listed(
    package: Package, folder: Path, abouts: Mapping[str, tuple[str, str]]
) -> Iterator[PackageFile]:
    """Yield the files of a bundle that are there, those of the package first."""
    yield from package_files(package)
    for name in sorted(abouts):
        if (folder / name).is_file():
            yield _described(folder / name, *abouts[name])


def _described(path: Path, media_type: str, about: str) -> PackageFile:
    return PackageFile(path.name, path, path.stat().st_size, file_sha256(path), media_type, about)


def _write_readme(
    folder: Path,
    cited: Publication,
    facts: Facts,
    listed: list[PackageFile],
    crate: str | None,
    verdict: Verdict,
) -> PackageFile:
    files = [(file.name, file.about) for file in listed]
    if crate is not None:
        files.append((crate, "What the files are and what produced them: an RO-Crate."))
    files.append((SUMS, "The SHA-256 of each file; `sha256sum -c SHA256SUMS` compares them."))
    path = folder / README
    path.write_text(readme(cited, facts, files, verdict), "utf-8")
    return _described(path, "text/markdown", "What the bundle holds.")


def _write_sums(folder: Path) -> tuple[str, ...]:
    """Write the hash of each file, as sha256sum does, and return the names of all files."""
    names = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            names.append(path.relative_to(folder).as_posix())
    lines = []
    for name in sorted(names):
        if "\n" in name or "\\" in name:
            raise PackageError(f"{name!r}: a file with such a name cannot stand in a bundle")
        lines.append(f"{file_sha256(folder / name)}  {name}\n")
    (folder / SUMS).write_text("".join(lines), "utf-8")
    return (*sorted(names), SUMS)
