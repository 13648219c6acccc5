"""BF2xx: terms of the vocabulary, prefixes and units. Each distinct word is asked about once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache, lru_cache

import polars as pl

from benchfmt.checks.beside import has_kind
from benchfmt.checks.check import Check, Doubt, Table
from benchfmt.checks.frames import Frames, Verdict, faults, no_faults, suggestion
from benchfmt.checks.kinds import Question
from benchfmt.checks.once import OncePerKind
from benchfmt.checks.words import Words
from benchfmt.finding import Severity
from benchfmt.tables import TERM_COLUMNS
from benchfmt.units import UnitError, conversion, find_unit, is_unit, unit
from benchfmt.vocabulary import Metric, vocabulary

_CURRENCY = re.compile("[A-Z]{3}")
_NAMES = {"model": "model", "dataset": "dataset"}
_OF_TABLES = "annotated"
"""The converter of described tables. What other converters infer from a suite's rules, nobody has to confirm."""
_UNIT_INFERRED = '"unit-inferred"'
_REMEMBERED = 1_024
"""For so many units of strangers what is wrong with them is remembered."""
_DECLARE = "declare it under benchfmt.prefixes in datapackage.json"


Judge = Callable[[str, str, Frames, bool], Verdict | None]
"""Says what is wrong with a term of a kind, perhaps (the last argument) with the one that was meant."""


def unknown_terms(frames: Frames) -> pl.DataFrame:
    """BF201: terms without a prefix that no list holds."""
    return _terms_at_fault(frames, _of_no_list)


def undeclared_prefixes(frames: Frames) -> pl.DataFrame:
    """BF202: terms whose prefix nobody declares."""
    return _terms_at_fault(frames, _of_no_prefix)


def _terms_at_fault(frames: Frames, verdict_on: Judge) -> pl.DataFrame:
    found = [no_faults()]
    for table, column, kind in _term_columns():
        if table == "systems" and not frames.has_new_systems:
            continue
        words = Words(table, column)
        for term in frames.distinct(table, column):
            verdict = verdict_on(kind, term, frames, words.has_room_for_hints)
            if verdict is not None:
                words.add([term], term, verdict)
        found.append(words.faults(frames))
    return pl.concat(found)


def _term_columns() -> Iterator[tuple[Table, str, str]]:
    """Yield table, column and kind of every column that holds terms."""
    tables: tuple[Table, ...] = ("records", "measurements", "systems")
    for table in tables:
        for column, kind in TERM_COLUMNS[table].items():
            yield table, column, kind


def _of_no_list(kind: str, term: str, frames: Frames, is_hinted: bool) -> Verdict | None:
    """Return what is wrong with a term that stands in no list and has no prefix; perhaps with the one that was meant."""
    del frames
    if ":" in term or vocabulary().holds(kind, term):
        return None
    hint = suggestion(kind, term) if is_hinted else None
    if hint is None:
        hint = f"see `benchfmt vocabulary {kind}`, or write prefix:{term} and declare the prefix"
    return Verdict(f"{term!r} is not in the vocabulary ({kind})", hint)


def _of_no_prefix(kind: str, term: str, frames: Frames, _: bool) -> Verdict | None:
    """Return what is wrong with a term whose prefix is not declared, or not for this metric."""
    prefix, colon, name = term.partition(":")
    if not colon or vocabulary().holds(kind, term):
        return None
    if kind == "scope" and prefix in vocabulary().terms("scope-qualifier"):
        return None
    if kind == "metric" and term in frames.metrics:
        return None
    if prefix not in frames.prefixes:
        return Verdict(f"the prefix {prefix!r} of {term!r} is not declared", _DECLARE)
    if kind != "metric":
        return None
    return Verdict(
        f"the prefix {prefix!r} declares no metric {name!r}",
        f"{_DECLARE}, with definition, unit and direction",
    )


def other_units(frames: Frames) -> pl.DataFrame:
    """BF203: a metric in another unit than its own."""
    return _units_at_fault(frames, _is_other_unit)


def unknown_units(frames: Frames) -> pl.DataFrame:
    """BF204: codes that are no units, of metrics whose unit is one of UCUM."""
    return _units_at_fault(frames, _is_no_unit)


def _units_at_fault(
    frames: Frames, verdict_on: Callable[[Metric, str], Verdict | None]
) -> pl.DataFrame:
    words = Words("measurements", "unit", by=("metric", "unit"))
    for metric_id, code in frames.distinct_pairs("measurements", "metric", "unit"):
        metric = frames.metrics.get(metric_id) or frames.metrics.get(metric_id.partition("@")[0])
        if metric is None or metric.unit in (None, code):
            continue
        verdict = verdict_on(metric, code)
        if verdict is not None:
            words.add([metric_id, code], code, verdict)
    return words.faults(frames)


@lru_cache(maxsize=_REMEMBERED)
def _is_other_unit(metric: Metric, code: str) -> Verdict | None:
    """Return what is wrong with a unit that is not the one of a metric."""
    wanted = str(metric.unit)
    if wanted == "currency":
        return _is_no_currency(metric, code)
    if ":" in metric.id:
        return Verdict(
            f"{metric.id} is declared in {wanted!r}, not {code!r}",
            f"convert the value to {wanted}",
        )
    if wanted == "target" or not is_unit(code):
        return None
    try:
        factor = conversion(code, wanted).factor
    except UnitError:
        return Verdict(
            f"{metric.id} is in {wanted}; {code} measures something else",
            "is it another metric, or are its columns exchanged?",
        )
    return Verdict(
        f"{metric.id} is in {wanted}, not {code}",
        f"multiply the value by {_plain(factor)} and write {wanted}",
    )


def _is_no_currency(metric: Metric, code: str) -> Verdict | None:
    listed = vocabulary().terms("unit").get(code, {})
    if listed.get("currency") or _CURRENCY.fullmatch(code):
        return None
    return Verdict(f"{metric.id} is money: {code!r} is not an ISO 4217 code", "write EUR, USD, ...")


@lru_cache(maxsize=_REMEMBERED)
def _is_no_unit(metric: Metric, code: str) -> Verdict | None:
    """Return what is wrong with a code that is no unit; a currency and a declared unit are judged by BF203."""
    if metric.unit == "currency" or ":" in metric.id or is_unit(code):
        return None
    meant = find_unit(code)
    hint = "see https://ucum.org; `1` is a fraction or a count"
    if meant is not None:
        hint = f"did you mean {meant[0]!r}?"
    return Verdict(f"{code!r} is not a UCUM unit code", hint)


def _plain(factor: Fraction) -> str:
    return f"{float(factor):.15g}"


def per_allowed(frames: Frames) -> pl.DataFrame:
    """BF205: a metric per a unit of work that it does not allow."""
    if not has_kind(frames, _per_another()):
        return no_faults()
    wrong = frames.of_kinds(_per_another())
    hint = pl.col("metric").replace_strict(_allowed_per(), default=None, return_dtype=pl.String)
    message = pl.format("{} is not stated per {}", pl.col("metric"), pl.col("per"))
    return faults(wrong, "measurements", "per", message, pl.col("per"), hint)


@cache
def _allowed_per() -> dict[str, str]:
    """Return for each metric what it may be stated per, in words of a hint."""
    hints = {}
    for metric, term in vocabulary().terms("metric").items():
        *others, last = term.get("per") or [None]
        if last is not None:
            listed = last
            if others:
                listed = f"{', '.join(others)} or {last}"
            hints[metric] = f"it is stated per {listed}"
    hints["latency"] += "; the time of something larger is a `duration`"
    return hints


@cache
def _per_another() -> Question:
    """Ask for measurements per a unit of work that their metric does not allow."""
    wrong = []
    for metric, term in vocabulary().terms("metric").items():
        if term.get("per"):
            is_other = ~pl.col("per").is_in(list(term["per"]))
            wrong.append((pl.col("metric") == metric) & is_other)
    return Question(pl.col("per").is_not_null() & pl.any_horizontal(wrong))


def known_names(frames: Frames) -> pl.DataFrame:
    """BF206: models and data sets that have an id go by it."""
    found = [no_faults()]
    for column, kind in _NAMES.items():
        listed = vocabulary().terms(kind)
        ids = _ids_by_alias(kind)
        words = Words("records", column)
        for name in frames.distinct("records", column):
            term = ids.get(name.lower())
            if term and name not in listed:
                message = f"the {kind} {name!r} is known as {term!r}"
                hint = f"write {term!r}, so that results of the same {kind} are found together"
                words.add([name], name, Verdict(message, hint))
        found.append(words.faults(frames))
    return pl.concat(found)


@cache
def _ids_by_alias(kind: str) -> dict[str, str]:
    """Return the id of each name in lower case; '' for a name that does not say which term is meant.

    Two terms share such a name, or it is that of a family: `bert` may be bert-large, and another BERT as well.
    """
    ids: dict[str, str] = {}
    for term_id, term in vocabulary().terms(kind).items():
        names = [term_id]
        for aliases in term.get("aliases", {}).values():
            names += aliases
        for name in names:
            plain = name.lower()
            is_shared = ids.get(plain, term_id) != term_id
            is_family = term_id.startswith(f"{plain}-")
            ids[plain] = term_id
            if is_shared or is_family:
                ids[plain] = ""
    return ids


def reported_units(frames: Frames) -> pl.DataFrame:
    """BF207: the unit of the reported number is a unit, of the quantity that the value has."""
    words = Words("measurements", "reported_unit", by=("reported_unit", "unit"))
    for reported, code in frames.distinct_pairs("measurements", "reported_unit", "unit"):
        verdict = _reported_fault(reported, code)
        if verdict is not None:
            words.add([reported, code], reported, verdict)
    return words.faults(frames)


@lru_cache(maxsize=_REMEMBERED)
def _reported_fault(reported: str, code: str) -> Verdict | None:
    if reported == code:
        return None
    meant = find_unit(reported)
    if meant is None:
        return Verdict(
            f"{reported!r} is not a unit that is known", "write a UCUM code, or leave it out"
        )
    try:
        is_same = unit(meant[0]).dimension == unit(code).dimension
    except UnitError:
        return None
    if is_same:
        return None
    return Verdict(
        f"{reported!r} and {code!r} measure different things",
        "`reported_unit` is that of the reported number, `unit` that of the value: correct the wrong one",
    )


def _assumed_units(frames: Frames) -> pl.DataFrame:
    """Return measurements whose unit the annotation of a table assumed."""
    described = frames.records.filter(pl.col("converter") == _OF_TABLES)["id"]
    if not described.len() or not frames.has_cell("measurements", "caveats"):
        return frames.no_measurements()
    is_assumed = pl.col("caveats").str.contains(_UNIT_INFERRED, literal=True)
    return frames.measured(is_assumed & pl.col("record_id").is_in(described.implode()))


def assumed_units() -> OncePerKind:
    """BF208: units that the annotation of a table assumed; one fault for each kind of measurement."""
    message = pl.format(
        "the unit {} of {} is assumed: nothing in the table said it",
        pl.col("unit"),
        pl.col("metric"),
    )
    hint = "correct or confirm the unit in the annotation of the table, and convert it again"
    return OncePerKind(_assumed_units, "unit", message, pl.col("unit"), hint)


CHECKS = (
    Check(
        code="BF201",
        severity=Severity.ERROR,
        title="A term is in the vocabulary or has a prefix",
        run=unknown_terms,
    ),
    Check(
        code="BF202",
        severity=Severity.ERROR,
        title="A prefix is declared",
        run=undeclared_prefixes,
    ),
    Check(
        code="BF203",
        severity=Severity.ERROR,
        title="A metric has its own unit",
        table="measurements",
        needs=("unit",),
        suppresses=Doubt.VALUE,
        run=other_units,
    ),
    Check(
        code="BF204",
        severity=Severity.ERROR,
        title="A unit is a UCUM code or a currency",
        table="measurements",
        needs=("unit",),
        suppresses=Doubt.VALUE,
        run=unknown_units,
    ),
    Check(
        code="BF205",
        severity=Severity.ERROR,
        title="A metric is stated per a unit of work that it allows",
        table="measurements",
        needs=("per",),
        follows=("metric", "per"),
        run=per_allowed,
    ),
    Check(
        code="BF206",
        severity=Severity.WARNING,
        title="A known model or data set goes by its id",
        table="records",
        run=known_names,
    ),
    Check(
        code="BF207",
        severity=Severity.WARNING,
        title="The reported unit is a unit of the same quantity",
        table="measurements",
        needs=("reported_unit", "unit"),
        follows=("unit",),
        run=reported_units,
    ),
    Check(
        code="BF208",
        severity=Severity.WARNING,
        title="A unit that an annotation assumes is confirmed by somebody",
        table="measurements",
        needs=("caveats",),
        gather=assumed_units,
    ),
    Check(
        code="BF209",
        severity=Severity.WARNING,
        title="A meaning that an annotation assumes is confirmed by somebody",
    ),
)
