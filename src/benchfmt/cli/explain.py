"""`benchfmt explain`: what a code, a term, or a name of known hardware, models, data sets and benchmarks means."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchfmt.cli import completing
from benchfmt.cli.printing import print_lines, print_text
from benchfmt.finding import BenchfmtError
from benchfmt.printable import json_text

if TYPE_CHECKING:
    from benchfmt.vocabulary import Vocabulary

_NAMED = 5
"""So many things are named that somebody may have meant."""


class ExplanationFormat(StrEnum):
    """How an explanation is printed."""

    text = "text"
    json = "json"


def explain(
    code: Annotated[
        str,
        typer.Argument(
            metavar="CODE",
            autocompletion=completing.codes,
            help="A finding's code (BF401), a term (latency), or known hardware, a model, a data set or a benchmark "
            "(jetson-xavier), by its id or as a suite writes it.",
        ),
    ],
    package: Annotated[
        str | None,
        typer.Option(
            "--package",
            metavar="PACKAGE",
            help="Explain a record of this package by its id: where each of its numbers is from.",
        ),
    ] = None,
    remote: Annotated[
        bool, typer.Option("--remote", help="Allow PACKAGE to be a URL, which is downloaded.")
    ] = False,
    output: Annotated[
        ExplanationFormat, typer.Option("--format", help="How the explanation is printed.")
    ] = ExplanationFormat.text,
) -> None:
    """Explain a finding's code, a term of the vocabulary, or what is known of hardware, models, data sets and benchmarks."""
    from benchfmt.checks.catalogue import page
    from benchfmt.registry import meanings
    from benchfmt.reports.registered import entry_data, entry_lines
    from benchfmt.vocabulary import vocabulary

    if package is not None:
        _explain_record(code, package, output, remote=remote)
        return
    pages: list[Any] = []
    with suppress(KeyError):
        pages.append(page(code.upper()).rstrip())
    known = vocabulary()
    kinds = [kind for kind in known.kinds() if code in known.terms(kind)]
    entries = meanings(code)
    if not pages and not kinds and not entries:
        raise BenchfmtError(f"{code!r} is neither a code nor a term, nor known hardware, nor a known model, data set or benchmark; {_instead(code)}")  # fmt: skip
    if output is ExplanationFormat.json:
        terms: dict[str, Any] = {kind: known.terms(kind)[code] for kind in kinds}
        registered: list[Any] = [entry_data(entry) for entry in entries]
        print_text(json_text({"pages": pages, "terms": terms, "registry": registered}, indent=2))  # fmt: skip
        return
    for text in pages:
        print_text(text)
    for kind in kinds:
        print_lines(_term_lines(kind, code, known.terms(kind)[code]))
    for entry in entries:
        print_lines(entry_lines(entry))


def _explain_record(
    record_id: str, package: str, output: ExplanationFormat, *, remote: bool
) -> None:
    from benchfmt.package import open_package
    from benchfmt.pages.gathering import one_record
    from benchfmt.pages.provenance import facts_of, heading

    with open_package(package, remote=remote) as opened:
        record, rows = one_record(opened, record_id)
    numbers = [(heading(row), facts_of(record, row)) for row in rows]
    if output is ExplanationFormat.json:
        data: list[Any] = [{"number": name, **dict(facts)} for name, facts in numbers]
        print_text(json_text({"record": record_id, "numbers": data}, indent=2))
        return
    for name, facts in numbers:
        print_lines([name, *(f"  {fact}: {words}" for fact, words in facts if fact != "what")])


def _instead(word: str) -> str:
    """Return what somebody who asked to explain an unknown word may have meant."""
    from benchfmt.checks.catalogue import CODES
    from benchfmt.identity import GENERATED_ID
    from benchfmt.vocabulary import vocabulary

    if re.fullmatch(GENERATED_ID, word):
        return "the id of a record is explained with its package: --package PACKAGE"
    if re.fullmatch("(?i)BF[0-9]+", word):
        alike = [code for code in CODES if code.startswith(word[:3].upper())] or list(CODES)
        return f"the nearest codes are {alike[0]} to {alike[-1]}"
    known = vocabulary()
    meant = (
        _same_but_case(known, word)
        or _matching(known, word)
        or _registered(word)
        or _most_similar(known, word)
    )
    if not meant:
        return "see `benchfmt vocabulary`"
    return f"did you mean {' or '.join(f'{term!r} ({kind})' for term, kind in meant[:_NAMED])}?"


def _same_but_case(known: Vocabulary, word: str) -> list[tuple[str, str]]:
    terms = [(term, kind) for kind in known.kinds() for term in known.terms(kind)]
    return [pair for pair in terms if pair[0].lower() == word.lower()]


def _matching(known: Vocabulary, word: str) -> list[tuple[str, str]]:
    """Return the terms, with their kinds, that a word stands for in some suite."""
    suites = (None, *known.terms("suite"))
    meant = []
    for kind in known.kinds():
        terms = dict.fromkeys(known.match(kind, word, suite) for suite in suites)
        meant += [(term, kind) for term in terms if term]
    return meant


def _registered(word: str) -> list[tuple[str, str]]:
    """Return the ids of the registry in which a word stands, from its beginning or after a joint."""
    from benchfmt.registry import spelled
    from benchfmt.reports.registered import every_named

    plain = spelled(word)
    if len(plain) < 3:
        return []
    return [(one, kind) for kind, ids in every_named() for one in ids if f"-{plain}" in f"-{one}"]


def _most_similar(known: Vocabulary, word: str) -> list[tuple[str, str]]:
    """Return the nearest term of each kind, of those only the ones that are nearest of all."""
    from difflib import SequenceMatcher

    from benchfmt.reports.registered import every_named
    from benchfmt.spelling import meant

    near = [(term, kind) for kind in known.kinds() if (term := known.suggest(kind, word))]
    for kind, ids in every_named():
        one = meant(word, ids)
        if one is not None and one not in dict(near):
            near.append((one, kind))
    scores = [SequenceMatcher(None, word.lower(), term).ratio() for term, _ in near]
    return [pair for pair, score in zip(near, scores, strict=True) if score == max(scores)]


def _term_lines(kind: str, term_id: str, term: dict[str, Any]) -> Iterable[str]:
    yield f"{term_id} ({kind}): {term.get('label', term_id)}"
    yield term["definition"]
    for name in (
        "unit",
        "direction",
        "min",
        "max",
        "zero",
        "zero_stages",
        "per",
        "broader",
        "source",
        "aliases",
        "system",
    ):
        if name == "aliases" and name in term:
            yield f"  {name}: {_alias_words(term[name])}"
        elif name in term:
            yield f"  {name}: {term[name]}"


def _alias_words(aliases: dict[str, list[str]]) -> str:
    """Return the names of a term in words, those of one suite with it: `cifar10, cifar_10; lpdnn: cifar`."""
    parts = []
    for suite, names in sorted(aliases.items()):
        words = ", ".join(names)
        parts.append(words if suite == "*" else f"{suite}: {words}")
    return "; ".join(parts)
