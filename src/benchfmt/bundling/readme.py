"""The README of a bundle, made from the data: what it holds, how it is read, and how it is cited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from benchfmt._version import __version__
from benchfmt.exports.facts import Facts, Origin
from benchfmt.exports.publication import Publication
from benchfmt.printable import one_line
from benchfmt.reports.counting import counted

FIGURE = "coverage.svg"
_MOST = 30
"""So many suites, tasks and submitters are listed."""
_STEERING = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]<>#|"})


@dataclass(frozen=True)
class Verdict:
    """What `benchfmt validate` says of the package."""

    ok: bool
    errors: int
    warnings: int


def readme(
    cited: Publication, facts: Facts, files: Iterable[tuple[str, str]], verdict: Verdict
) -> str:
    """Return the text, in Markdown."""
    return "\n".join(_lines(cited, facts, files, verdict)) + "\n"


def _lines(
    cited: Publication, facts: Facts, files: Iterable[tuple[str, str]], verdict: Verdict
) -> Iterator[str]:
    yield f"# {_plain(cited.title or cited.name)}"
    yield ""
    if cited.description:
        yield _plain(cited.description)
        yield ""
    yield _plain(facts.sentence)
    yield ""
    yield f"![Results by system and benchmark]({FIGURE})"
    yield ""
    yield from _counts("suite", "Suite", facts)
    yield from _counts("task", "Task", facts)
    yield from _counts("submitter", "Measured by", facts)
    if facts.first is not None:
        yield f"First measured: {facts.first}; last: {facts.last}; as far as the results say."
        yield ""
    yield "## Files"
    yield ""
    yield "| file | what it is |"
    yield "|---|---|"
    for name, about in files:
        yield f"| `{name}` | {about} |"
    yield ""
    yield from _reading(verdict)
    yield from _citing(cited)
    yield from _owned(cited, facts)


def _counts(column: str, heading: str, facts: Facts) -> Iterator[str]:
    """Yield a table of how many results have each value of a column; nothing where none has any."""
    counted = sorted(facts.counts[column].items(), key=lambda item: (-item[1], item[0]))
    if not counted:
        return
    yield f"| {heading} | results |"
    yield "|---|---:|"
    for value, count in counted[:_MOST]:
        yield f"| {_plain(value)} | {count:,} |"
    rest = counted[_MOST:]
    if rest:
        yield f"| {len(rest):,} more | {sum(count for _, count in rest):,} |"
    unsaid = facts.records - sum(facts.counts[column].values())
    if unsaid:
        yield f"| not said | {unsaid:,} |"
    yield ""


def _reading(verdict: Verdict) -> Iterator[str]:
    word = "conforms" if verdict.ok else "does not conform"
    yield "## How it is read"
    yield ""
    yield "The tables are a [Frictionless Data Package](https://datapackage.org) in the format"
    yield "[benchfmt](https://w3id.org/benchfmt/): `records` says what was run, `measurements` what came out,"
    yield "`systems` on what. Their columns are described in `datapackage.json`."
    yield ""
    yield (
        f"benchfmt {__version__} says that the package {word} to the standard: "
        f"{counted(verdict.errors, 'error')}, {counted(verdict.warnings, 'warning')} (`benchfmt validate`)."
    )
    yield ""


def _citing(cited: Publication) -> Iterator[str]:
    yield "## How it is cited"
    yield ""
    if cited.lacking:
        yield f"Nobody says: {', '.join(cited.lacking)}."
        yield ""
    if not cited.authors or not cited.title:
        return
    names = "; ".join(author.name for author in cited.authors)
    year = f" ({cited.date[:4]})" if cited.date else ""
    version = f" Version {cited.version}." if cited.version else ""
    address = f" https://doi.org/{cited.doi}" if cited.doi else ""
    if not address and cited.url:
        address = f" {cited.url}"
    yield _plain(f"{names}{year}: {cited.title}.{version}") + address
    yield ""
    if cited.licenses:
        yield _plain(f"Licence: {', '.join(cited.licenses)}")
        yield ""


def _owned(cited: Publication, facts: Facts) -> Iterator[str]:
    """Yield whose results they are: those who made the package may have measured none of them."""
    yield "## Whose results these are"
    yield ""
    yield "Whoever uses the results cites those who measured them too."
    yield ""
    for work in cited.origins:
        yield _plain(work.title) + (f" <{work.url}>" if work.url else "")
        yield ""
    ranked = facts.ranked_origins
    yield "| measured by | address | licence | results |"
    yield "|---|---|---|---:|"
    for origin, count in ranked[:_MOST]:
        yield f"| {' | '.join(_cells(origin))} | {count:,} |"
    rest = ranked[_MOST:]
    if rest:
        yield f"| {len(rest):,} more | | | {sum(count for _, count in rest):,} |"
    yield ""


def _cells(origin: Origin) -> list[str]:
    return [_plain(text) or "not said" for text in origin.said]


def _plain(text: str) -> str:
    """Return a text of somebody's as one line that is no markup."""
    return one_line(text).translate(_STEERING)
