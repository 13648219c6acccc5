"""The headline number of a row, and its power: as the table prints them, judged by the rules of their round."""

from __future__ import annotations

from benchfmt.converters.draft import Number
from benchfmt.converters.mlperf.published.rows import POWER, Result, Row, Told
from benchfmt.converters.mlperf.published.terms import Terms, official
from benchfmt.converters.mlperf.published.words import LOG_WORDS, WORDS, Meaning, meaning_of
from benchfmt.readers.jsons import Digits
from benchfmt.suites import mlperf_inference as rules
from benchfmt.units import convert, exact

_JSON = ("results", "rows")
"""The kinds of tables that are JSON, where a number is written as one."""
_MOST_LETTERS = 60
"""How much of an odd word is repeated in a finding."""


def performance(result: Result, terms: Terms, told: Told) -> Number:
    """Return the headline number."""
    if result.alone:
        return _not_reported(terms)
    row = result.row
    _report_text(row, terms, told)
    meaning, caveats = _meaning_of_row(row, terms, told)
    if _has_errors(row):
        caveats.add("errors-logged")
    return _published(row.text("Result") or "", meaning, caveats)


def _meaning_of_row(row: Row, terms: Terms, told: Told) -> tuple[Meaning, set[str]]:
    """Return which number the result of a row is, and the doubts about that."""
    word = terms.word
    meaning = _meaning(word or terms.official.unit, terms)
    caveats: set[str] = set()
    if not word or meaning is None:
        caveats.add("unit-inferred")
    if meaning is None:
        meaning = meaning_of(terms.official)
        _report_unit(row, word, told)
    if word and _disagrees(meaning, terms):
        caveats.add("source-disagrees")
        _report_rules(row, word, terms, told)
    if terms.undated or (meaning.statistic is None and meaning.metric == "latency"):
        caveats.add("definition-inferred")
    return meaning, caveats


def _report_unit(row: Row, word: str | None, told: Told) -> None:
    named = (word or "")[:_MOST_LETTERS]
    message = f"{named!r} is not a unit of MLPerf's tables; the one of the round is taken"
    told.report(row.number, "BF207", message, "Units")


def _report_rules(row: Row, word: str, terms: Terms, told: Told) -> None:
    message = (
        f"the unit says {word[:_MOST_LETTERS]}, "
        f"the rules of the round say {terms.official.metric} per {terms.official.per}"
    )
    told.report(row.number, "BF705", message, "Units")


def _not_reported(terms: Terms) -> Number:
    return Number(
        metric=terms.official.metric,
        statistic=terms.official.statistic,
        stage=terms.official.stage,
        per=terms.official.per,
        missing="not-reported",
        primary=True,
    )


def _published(text: str, meaning: Meaning, caveats: set[str]) -> Number:
    number = Number(
        metric=meaning.metric,
        statistic=meaning.statistic,
        stage=meaning.stage,
        per=meaning.per,
        value=convert(text, meaning.code, meaning.unit),
        unit=meaning.unit,
        basis="published",
        primary=True,
        caveats=sorted(caveats) or None,
        reported_value=text,
    )
    if meaning.printed != "1":
        number.reported_unit = meaning.printed
    return number


def _report_text(row: Row, terms: Terms, told: Told) -> None:
    """Report a result of a JSON table that is written as a text."""
    value = row.cells.get("Result")
    if terms.table.kind not in _JSON or not isinstance(value, str) or isinstance(value, Digits):
        return
    told.report(row.number, "BF103", "the result is text, not a number", "Result")


def _disagrees(meaning: Meaning, terms: Terms) -> bool:
    """Say whether the word of the table means another number than the rules of its round publish."""
    ruled = (terms.official.metric, terms.official.per)
    return terms.ruled and (meaning.metric, meaning.per) != ruled


def _has_errors(row: Row) -> bool:
    errors = exact(row.text("errors") or "")
    return errors is not None and errors > 0


def _meaning(word: str, terms: Terms) -> Meaning | None:
    """Return which number a word of the table means; None for no known word."""
    if word in LOG_WORDS:
        return LOG_WORDS[word]
    if word == terms.official.unit and word not in WORDS:
        return meaning_of(terms.official)
    if word == "Queries/s":
        # What a server's number counts changed with v4.1.
        general = official(None, terms.rules_of, "server", automotive=False)
        return meaning_of(general, word)
    if word not in WORDS:
        return None
    known = WORDS[word]
    statistic: str | None = "single"
    stage = None
    if known.metric == "throughput":
        statistic = "mean"
        stage = _stage_of_rate(known.per, terms)
    elif known.metric == "latency":
        statistic = _statistic_of_latency(terms)
        stage = "request"
    return Meaning(known.metric, statistic, stage, known.per, known.unit, known.printed)


def _stage_of_rate(per: str, terms: Terms) -> str:
    """Return what a rate is of: one that is inferred from a single stream leaves the harness out.

    Since v6.0 the flag means nothing: it stands at every Interactive row and at every row whose scenario is written in
    lower case.
    """
    if not terms.is_inferred or terms.scenario != "offline" or per != "sample":
        return "whole-run"
    if rules.at_least(terms.rules_of, "v6.0"):
        return "whole-run"
    return "request"


def _statistic_of_latency(terms: Terms) -> str | None:
    """Return the percentile that the rules publish; None where they do not say what the latency is."""
    if terms.official.metric != "latency" or terms.rules_of is None or _may_be_mean(terms):
        return None
    return terms.official.statistic or None


def _may_be_mean(terms: Terms) -> bool:
    """Say whether a latency may be one of MLPerf Endpoints, which is a mean: the table does not say who measured."""
    if terms.scenario != "single-stream" or not rules.at_least(terms.rules_of, "v6.1"):
        return False
    # A single stream is inferred from nothing, and every row of Endpoints has the flag in some tables.
    return terms.is_inferred or rules.may_run_endpoints(terms.benchmark or terms.name)


def power(result: Result, terms: Terms) -> Number | None:
    """Return power or energy: of the row itself, of a row of its own, or of v1.1's column `power`."""
    row = result.power or result.row
    text, word = _printed_power(row, in_row_of_its_own=result.power is not None)
    if text is None:
        return None
    caveats = None
    if word not in POWER:
        word = rules.POWER_UNITS.get(terms.scenario or "", "Watts")
        caveats = ["unit-inferred"]
    metric, per, unit, printed = POWER[word]
    number = Number(
        metric=metric,
        statistic="mean",
        stage="issue-window",
        per=per,
        scope="wall",
        caveats=caveats,
        reported_value=text,
    )
    if row is not result.row:
        number.source_locator = row.locator
    value = convert(text, printed, unit)
    if value is None:
        number.missing = "not-numeric"
    elif value <= 0:
        number.missing = "invalid-in-source"
    else:
        number.value = value
        number.unit = unit
        number.basis = "published"
        number.reported_unit = printed
    return number


def _printed_power(row: Row, *, in_row_of_its_own: bool) -> tuple[str | None, str | None]:
    """Return the number of a power and the word for its unit, None for what the row does not say."""
    text = row.text("Power_Result")
    word = row.text("Power_Units")
    if in_row_of_its_own:
        text = text or row.text("Result")
        if row.text("Units") in POWER:
            word = row.text("Units")
    if text is None:
        return _power_column(row), None
    return text, word


def _power_column(row: Row) -> str | None:
    """Return what the column `power` says, in which 0 means that nobody measured it."""
    text = row.text("power")
    watts = exact(text or "")
    if watts is None or watts <= 0:
        return None
    return text
