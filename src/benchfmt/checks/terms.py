"""BF2xx: terms of the vocabulary, prefixes and units. Each distinct word is asked about once."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache

import polars as pl

from benchfmt.checks.frames import ColumnCheck, Frames, faults, no_faults, suggestion
from benchfmt.tables import TERM_COLUMNS
from benchfmt.units import UnitError, conversion, find_unit, is_unit, unit
from benchfmt.vocabulary import Metric, vocabulary

_AT_K = "^([a-z0-9-]+)@[1-9][0-9]*$"
_PERCENTILE = "^p[0-9]{1,2}([.][0-9]+)?(-es)?$"
_NAMES = {"model": "model", "dataset": "dataset"}


def terms(frames: Frames) -> pl.DataFrame:
    """BF201 and BF202: terms that no list holds, and prefixes that nobody declares."""
    found = []
    for table, columns in TERM_COLUMNS.items():
        frame: pl.DataFrame = getattr(frames, table)
        for column, kind in columns.items():
            for word in frame[column].drop_nulls().unique().sort():
                verdict = _verdict(kind, word, frames)
                if verdict:
                    rows = frame.filter(pl.col(column) == word)
                    found.append(
                        faults(rows, verdict[0], table, column, verdict[1], word, verdict[2])
                    )
    return pl.concat([no_faults(), *found])


def _verdict(kind: str, word: str, frames: Frames) -> tuple[str, str, str | None] | None:
    """Return code, message and hint for a term that cannot stand, or None."""
    listed = vocabulary().terms(kind)
    if word in listed or (
        kind == "statistic" and _matches(word, _PERCENTILE) and word not in ("p50", "p50-es")
    ):
        return None
    prefix, colon, name = word.partition(":")
    if not colon:
        base = word.partition("@")[0]
        if kind == "metric" and _matches(word, _AT_K) and base in listed:
            return None
        return "BF201", f"{word!r} is no {kind} of the vocabulary", _meant(kind, word)
    if kind == "scope" and prefix in vocabulary().terms("scope-qualifier"):
        return None
    if kind == "metric" and word in frames.metrics:
        return None
    if prefix in frames.prefixes and kind != "metric":
        return None
    if prefix in frames.prefixes:
        hint = "declare it under benchfmt.prefixes in datapackage.json, with definition, unit and direction"
        return "BF202", f"the prefix {prefix!r} declares no metric {name!r}", hint
    return (
        "BF202",
        f"the prefix {prefix!r} of {word!r} is not declared",
        "declare it under benchfmt.prefixes in datapackage.json",
    )


def _meant(kind: str, word: str) -> str:
    return (
        suggestion(kind, word)
        or f"see `benchfmt vocabulary {kind}`, or write prefix:{word} and declare the prefix"
    )


@cache
def _matches(word: str, pattern: str) -> bool:
    return bool(pl.Series([word]).str.contains(pattern)[0])


def units_of_metrics(frames: Frames) -> pl.DataFrame:
    """BF203 and BF204: a metric in another unit than its own, and codes that are no units."""
    frame = frames.measurements.filter(pl.col("unit").is_not_null())
    pairs = frame.select("metric", "unit").unique().sort("metric", "unit")
    found = []
    for metric_id, code in pairs.rows():
        metric = frames.metrics.get(metric_id) or frames.metrics.get(metric_id.partition("@")[0])
        verdict = _unit_verdict(metric, code) if metric else None
        if verdict:
            rows = frame.filter((pl.col("metric") == metric_id) & (pl.col("unit") == code))
            found.append(
                faults(rows, verdict[0], "measurements", "unit", verdict[1], code, verdict[2])
            )
    return pl.concat([no_faults(), *found])


@cache
def _unit_verdict(metric: Metric, code: str) -> tuple[str, str, str | None] | None:
    wanted = metric.unit
    if wanted is None or code == wanted:
        return None
    if wanted == "currency":
        known = vocabulary().terms("unit").get(code, {}).get("currency") or _matches(
            code, "^[A-Z]{3}$"
        )
        return (
            None
            if known
            else (
                "BF203",
                f"{metric.id} is money: {code!r} is no ISO 4217 code",
                "write EUR, USD, ...",
            )
        )
    if ":" in metric.id:
        return (
            "BF203",
            f"{metric.id} is declared in {wanted!r}, not {code!r}",
            f"convert the value to {wanted}",
        )
    if not is_unit(code):
        return "BF204", f"{code!r} is no UCUM unit code", _unit_hint(code)
    if wanted == "target":
        return None
    try:
        factor = conversion(code, wanted).factor
    except UnitError:
        return "BF203", f"{metric.id} is in {wanted}; {code} measures something else", None
    return (
        "BF203",
        f"{metric.id} is in {wanted}, not {code}",
        f"multiply the value by {_plain(factor)} and write {wanted}",
    )


def _unit_hint(word: str) -> str | None:
    found = find_unit(word)
    return (
        f"did you mean {found[0]!r}?"
        if found
        else "see https://ucum.org; `1` is a fraction or a count"
    )


def _plain(factor: Fraction) -> str:
    return f"{float(factor):.15g}"


def _per_fault() -> pl.Expr:
    allowed = {
        m: term["per"] for m, term in vocabulary().terms("metric").items() if term.get("per")
    }
    wrong = [
        (pl.col("metric") == m) & ~pl.col("per").is_in(list(pers)) for m, pers in allowed.items()
    ]
    return pl.col("per").is_not_null() & pl.any_horizontal(wrong)


def per_allowed(frames: Frames) -> pl.DataFrame:
    """BF205: a metric per a unit of work that it does not allow."""
    wrong = frames.measurements.filter(_per_fault())
    hint = (
        pl.when(pl.col("metric") == "latency")
        .then(pl.lit("write `duration` for the time of something larger"))
        .otherwise(None)
    )
    message = pl.format("{} is not stated per {}", pl.col("metric"), pl.col("per"))
    return faults(wrong, "BF205", "measurements", "per", message, pl.col("per"), hint)


def known_names(frames: Frames) -> pl.DataFrame:
    """BF206: models and data sets that have an id go by it."""
    found = []
    for column, kind in _NAMES.items():
        aliases = _all_aliases(kind)
        for name in frames.records[column].drop_nulls().unique().sort():
            term = None if name in vocabulary().terms(kind) else aliases.get(name.lower())
            if term:
                rows = frames.records.filter(pl.col(column) == name)
                message = f"the {kind} {name!r} is known as {term!r}"
                found.append(
                    faults(
                        rows,
                        "BF206",
                        "records",
                        column,
                        message,
                        name,
                        f"write {term!r}, so that results meet",
                    )
                )
    return pl.concat([no_faults(), *found])


@cache
def _all_aliases(kind: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for term_id, term in vocabulary().terms(kind).items():
        for word in (term_id, *(w for words in term.get("aliases", {}).values() for w in words)):
            # A word that two terms share says nothing.
            pairs[word.lower()] = "" if pairs.get(word.lower(), term_id) != term_id else term_id
    return pairs


def reported_units(frames: Frames) -> pl.DataFrame:
    """BF207: the unit of the reported number is a unit, of the quantity that the value has."""
    frame = frames.measurements.filter(
        pl.col("reported_unit").is_not_null() & pl.col("unit").is_not_null()
    )
    found = []
    for word, code in (
        frame.select("reported_unit", "unit").unique().sort("reported_unit", "unit").rows()
    ):
        message = _reported_fault(word, code)
        if message:
            rows = frame.filter((pl.col("reported_unit") == word) & (pl.col("unit") == code))
            found.append(
                faults(
                    rows,
                    "BF207",
                    "measurements",
                    "reported_unit",
                    message,
                    word,
                    "write a UCUM code, or leave it out",
                )
            )
    return pl.concat([no_faults(), *found])


@cache
def _reported_fault(word: str, code: str) -> str | None:
    if word == code:
        return None
    found = find_unit(word)
    if found is None:
        return f"{word!r} is not a unit that is known"
    try:
        same = unit(found[0]).dimension == unit(code).dimension
    except UnitError:
        return None
    return None if same else f"{word!r} and {code!r} measure different things"


COLUMN_CHECKS: tuple[ColumnCheck, ...] = ()
CHECKS: tuple[Callable[[Frames], pl.DataFrame], ...] = (
    terms,
    units_of_metrics,
    per_allowed,
    known_names,
    reported_units,
)
