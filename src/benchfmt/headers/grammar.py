"""The grammar of headers: name, statistic, stage, per, scope and unit, each where it stands, and the row as a whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import JsonValue

from benchfmt.headers import lexicon, places, plausible, settling
from benchfmt.headers.cells import NOT_NUMBERS, Cells, first_text
from benchfmt.headers.lexicon import Says
from benchfmt.headers.meaning import Beside, Column, FieldOf, Ignored, Meaning, Measured, Open
from benchfmt.headers.phrases import PERCENTILE, Parsed, parse
from benchfmt.headers.units import FLOP_RATES, Named, as_suffix, fits, in_brackets, rate
from benchfmt.headers.words import Words, plain, split, words_of
from benchfmt.vocabulary import Metric, metric_of, vocabulary

_BATCH = re.compile(r"(?i)\b(?:batch(?:[\s_]?size)?|bs)\s?[=:_]?\s?([0-9]{1,5})\b")
_LONGEST_NAME = 500
"""A longer name is a text, and looking for words in it takes longer the longer it is."""
_SETTINGS_GROUP = re.compile(
    r"^(?:config|configuration|settings|setup|params|hparams|hyperparameters|args|options)[./](?=\w)",
    re.IGNORECASE,
)
"""What stands before the names of settings, where a document or an export groups them."""
_CLEAR = frozenset("smhWJKV%€$")
"""The letters that are taken for the unit of an error or an objective."""
_NEGATED = re.compile(r"\s*[-−][A-Za-z]")
_SECONDS = ("s", "ms", "us", "ns", "min", "h")
_LONG_STAGES = ("training", "load", "build", "evaluation")
"""The stages that last too long to be the latency of anything."""
_TIMES = frozenset(
    {
        "duration",
        "latency",
        "ttft",
        "tpot",
        "completion-time",
        "cpu-time",
        "time-to-train",
        "makespan",
    }
)
_SCOPED = frozenset(
    {
        "memory",
        "power",
        "energy",
        "dynamic-energy",
        "utilization",
        "temperature",
        "clock-rate",
        "memory-utilization",
    }
)
_RATED = frozenset({"flop-rate", "memory-bandwidth"})
"""The metrics that data sheets name a peak of."""
_STAGED = (
    _TIMES
    | _SCOPED
    | {
        "throughput",
        "request-rate",
        "io-throughput",
        "flop-rate",
        "energy-efficiency",
        "output-tokens",
        "emissions",
        "cost",
    }
)
"""The metrics that a stage makes another measurement; a quality has none."""
_NO_QUALITIES = _STAGED | {
    "emissions-rate",
    "memory-bandwidth",
    "memory-bandwidth-utilization",
    "time-share",
    "time-to-quality",
    "epochs",
    "training-samples",
    "samples-per-query",
    "scaling-factor",
}
"""What no split of the data has: a cost of the tests is no cost on the test split."""
_OF_EACH = _TIMES | {
    "energy",
    "dynamic-energy",
    "emissions",
    "cost",
    "output-tokens",
    "generated-length",
}
"""The metrics that may be those of one unit of work: a power or an accuracy `per` something is another number."""
_FACTORS = frozenset({"k", "K", "M", "G", "B", "T"})
"""What stands behind a number as a factor."""


def read_headers(columns: Sequence[Column]) -> list[Meaning]:
    """Return what each column of a table is."""
    meanings = [_with_cell(column, _read(column)) for column in columns]
    return settling.settle(columns, meanings)


def _with_cell(column: Column, meaning: Meaning) -> Meaning:
    """Return what a column is, with the first cell that is text where a number was meant."""
    if isinstance(meaning, Open) and meaning.reason == NOT_NUMBERS:
        return replace(meaning, cell=first_text(column))
    return meaning


def _read(column: Column) -> Meaning:
    """Return what a column is by itself; one of a group of settings, such as `config/batch_size`, is no measurement."""
    if len(column.name) > _LONGEST_NAME:
        return Open(
            f"its name has {len(column.name):,} characters, more than any that is understood"
        )
    name = _SETTINGS_GROUP.sub("", column.name)
    meaning = Header.of(replace(column, name=name)).read()
    if name == column.name or isinstance(meaning, FieldOf):
        return meaning
    if isinstance(meaning, Measured):
        return Open(f"a setting, though its name is that of {meaning.metric}")
    return Header.of(column).read()


def read_as(column: Column, metric: str) -> Measured | Open:
    """Return what a column is whose metric a person says: the statistic, stage, per, scope and unit of its header stay."""
    header = Header.of(column)
    parsed = parse(header.rest)
    parsed.phrase = ""
    named = header.named
    first = Measured(
        metric,
        None,
        statistic=next(iter(parsed.statistics), None),
        stage=(parsed.says.stage if parsed.says else None) or next(iter(parsed.stages), None),
        per=next(iter(parsed.per), None) or (named.per if named and named.code != "1" else None),
        scope=next(iter(parsed.scopes), None),
        record=header.record(parsed),
    )
    found = header.with_unit(first, parsed)
    if isinstance(found, Measured) and found.metric != metric:
        return Open(f"{found.unit} is no unit of {metric}")
    return found


@dataclass(frozen=True)
class Header:
    """One header with the cells below it."""

    column: Column
    words: Words
    cells: Cells
    named: Named | None
    """The unit, where the header names one."""
    rest: tuple[str, ...]
    """The words without the unit, in lower case."""
    batch: int | None = None

    @classmethod
    def of(cls, column: Column) -> Header:
        """Take a header apart."""
        text = plain(column.name)
        size = _BATCH.search(text)
        has_more = size is not None and _BATCH.sub(" ", text).strip(" ()[]") != ""
        if size and has_more:
            text = _BATCH.sub(" ", text)
        words = words_of(text)
        named, rest = _unit_of(words, text)
        batch = int(size[1]) if size and has_more else None
        return cls(column, words, Cells.of(column), named, rest, batch)

    def read(self) -> Meaning:
        """Return what the column is, as far as its own header and cells say."""
        if not self.column.name.strip():
            return Open("it has no name")
        if _NEGATED.match(self.column.name):
            return Open("a number taken away from another, or with its sign changed")
        known = places.field_of(self.column, self.words, self.cells, self.named, self.rest)
        if known is not None:
            return known
        meaning = self._measured()
        if isinstance(meaning, Measured) and self.cells.are_text:
            return Open(NOT_NUMBERS)
        return meaning

    def _measured(self) -> Meaning:
        parsed = parse(self.rest)
        reason = _unread(parsed)
        if reason:
            return Open(reason)
        if self.named and (self.named.is_rate or self.named.of_energy):
            return self._rate(parsed, self.named)
        says = parsed.says
        if says is None:
            return self._without_metric(parsed)
        stage = says.stage or (parsed.stages[0] if parsed.stages else None)
        metric = says.metric
        if metric == "duration" and stage in (
            "inference",
            "preprocess",
            "postprocess",
            "end-to-end",
        ):
            metric = "latency"
        scope = says.scope or (parsed.scopes[0] if parsed.scopes else None)
        if scope and metric not in _SCOPED:
            return Open(
                f"{scope} beside a {metric} says where it ran: say the placement or the system"
            )
        reason = self._misfit(metric, stage, parsed)
        if reason:
            return Open(reason)
        if stage and metric not in _STAGED:
            return Open(f"{metric} of the stage {stage}: a quality while training is no result")
        if self.rest == ("time",) and self.named is None:
            return Open("a time of what, and in what unit")
        statistic = parsed.statistics[0] if parsed.statistics else None
        if parsed.is_total and metric in ("output-tokens", "generated-length"):
            statistic = statistic or "sum"
        pers = self._pers(says, parsed)
        if len(pers) > 1:
            return Open(f"it is per {pers[0]} and per {pers[1]}")
        per = pers[0] if pers else None
        if metric == "throughput" and parsed.is_total and self.named is None:
            return Open("a total of what: input, output or both")
        found = Measured(metric, None, statistic, stage, per, scope, self.record(parsed))
        return self.with_unit(found, parsed)

    def _pers(self, says: Says, parsed: Parsed) -> list[str]:
        """Return the units of work that a header says a number is per, each once."""
        named = self.named.per if self.named and self.named.code != "1" else None
        return list(dict.fromkeys(filter(None, (says.per, named, *parsed.per))))

    def _misfit(self, metric: str, stage: str | None, parsed: Parsed) -> str | None:
        """Return why a header's words do not fit its metric; None where they do."""
        reason = _of_stage(metric, stage)
        if reason:
            return reason
        fillers = {*parsed.fillers}
        is_quality = metric not in _NO_QUALITIES
        if not is_quality and fillers & {*lexicon.SPLITS, "score"}:
            return f"{', '.join(sorted(fillers & {*lexicon.SPLITS, 'score'}))!r} beside {metric} may mean another number"
        if is_quality and any(PERCENTILE.fullmatch(word) for word in parsed.statistics):
            return f"a percentile of {metric}"
        for per in self._pers(Says(metric), parsed):
            if not _can_be_per(metric, per):
                return f"a {metric} per {per} is another number"
        if "weighted-mean" in parsed.statistics and not is_quality:
            return "a weighted mean, or a number times a weight"
        if "peak" in self.rest and metric in _RATED:
            return "what the hardware could reach, or the greatest that was measured"
        if "max" in parsed.statistics and metric == "clock-rate":
            return "what the hardware allows, or the greatest that was measured"
        if (
            metric == "memory"
            and parsed.is_total
            and not {"used", "usage", "peak", "max"} & {*self.rest}
        ):
            return "the memory that there is, or all that is used"
        if metric == "epochs" and "epoch" in self.rest:
            return "a number of epochs, or one of them"
        return None

    def record(self, parsed: Parsed) -> dict[str, JsonValue]:
        """Return the fields of the record that a header says: a batch size, a data set."""
        record: dict[str, JsonValue] = {}
        if self.batch is not None:
            record["configuration.batch_size"] = self.batch
        if parsed.datasets:
            record["dataset.name"] = parsed.datasets[0]
        return record

    def _without_metric(self, parsed: Parsed) -> Meaning:
        """Return what a header without the name of a metric says by its unit, or by a stage and a unit of time."""
        named = self.named
        if named and named.code in _SECONDS and not parsed.statistics:
            timed = _timed(parsed, named, is_alone=not self.rest)
            if timed is not None:
                return timed
        if named and not self.rest and named.per and fits(named.code, "J"):
            return Measured("energy", named.code, per=named.per)
        if named and not self.rest and fits(named.code, "/s") and named.per is None:
            return Measured("flop-rate", named.code)
        if parsed.statistics or parsed.spreads:
            return Open("it says a statistic, and not of what")
        return Open(f"{self.column.name!r} is no word of the vocabulary")

    def _rate(self, parsed: Parsed, named: Named) -> Meaning:
        """Return a rate of work: a throughput, whatever else the name says of speed or time."""
        says = parsed.says
        allowed = {"throughput", "latency", "duration", "request-rate"}
        if named.of_energy:
            allowed = {"energy-efficiency", "throughput"}
        if says is not None and says.metric not in allowed:
            return Open(f"{says.metric} is no rate of {named.per}s")
        stage = (says.stage if says else None) or (parsed.stages[0] if parsed.stages else None)
        if named.per == "token":
            if named.work == "t" and stage != "decode":
                return Open("t/s: tokens of the prompt, of the output, or of both")
            if stage == "training":
                return Open("tokens trained on: only output tokens are `per` token")
            if stage == "prefill" or lexicon.MORE_THAN_ONE & {*parsed.fillers, *self.rest}:
                return Open("tokens of the prompt are counted: only output tokens are `per` token")
        if {*parsed.per} - {named.per}:
            return Open(f"it is per {parsed.per[0]}, and a rate of {named.per}s")
        metric = "energy-efficiency" if named.of_energy else "throughput"
        if says is not None and says.metric == "request-rate":
            metric = says.metric
        statistic = parsed.statistics[0] if parsed.statistics else None
        known = metric_named(metric)
        reason = plausible.impossible(known, named.code, self.cells)
        reason = reason or self._unlike_cells(named.code, known.unit or "1")
        if reason:
            return Open(reason)
        return Measured(metric, named.code, statistic, stage, named.per, None, self.record(parsed))

    def with_unit(self, found: Measured, parsed: Parsed) -> Measured | Open:
        """Return a measurement in the unit that its header or its cells name; Open where that is none of the metric."""
        metric = metric_named(found.metric)
        wanted = metric.unit or "1"
        code = self.named.code if self.named else self._unit_of_cells()
        reason = plausible.impossible(metric, code, self.cells) or self._unlike_cells(code, wanted)
        reason = reason or self._of_a_letter(wanted)
        if reason:
            return Open(reason)
        if code is None and self.rest[-1:] == ("min",) and parsed.statistics == ["min"]:
            minutes = _in_minutes(found)
            if minutes is not None:
                return minutes
        other = _named_by_unit(found, code)
        if other is not None:
            return other
        if code is not None and not (wanted == "1" and code == "1") and not fits(code, wanted):
            return Open(f"{code} is no unit of {found.metric}, which is in {wanted}")
        if parsed.phrase in lexicon.NOT_ALONE and not self._is_sure(found, code):
            return Open(f"{self.column.name!r} alone may mean other things than {found.metric}")
        if parsed.phrase in lexicon.ONLY_IN_PERCENT and code != "%":
            return Open("a share of the time, or how much waits to run")
        # What a person says a column is holds, whatever its numbers look like.
        if parsed.phrase:
            reason = plausible.mistaken(found, code, parsed.phrase, self.cells)
        if reason:
            return Open(reason)
        if wanted == "1":
            return plausible.share(found, metric, code, self.cells)
        if code is None:
            return found
        return plausible.doubted(replace(found, unit=code), self.cells)

    def _is_sure(self, found: Measured, code: str | None) -> bool:
        if code is not None:
            return True
        if found.metric == "latency":
            return found.statistic is not None
        return found.metric == "utilization" and bool({*self.rest} & {*lexicon.SCOPES})

    def _of_a_letter(self, wanted: str) -> str | None:
        """Return why a letter in brackets is no unit of a metric that may be in any; None where it is one."""
        letters = {text for text in self.words.brackets if len(text) == 1}
        if wanted == "target" and letters - _CLEAR:
            return "a letter in brackets: a unit, or one of several parts"
        if wanted == "1" and self.named is not None and self.named.work:
            return f"of {self.named.work}, or a number of them"
        return None

    def _unlike_cells(self, code: str | None, wanted: str) -> str | None:
        """Return why what stands behind the numbers does not go with the unit; None where it does."""
        units = {unit for unit in self.cells.units if unit and unit not in _FACTORS}
        if len(units) > 1 or (units and "" in self.cells.units and self.named is None):
            return f"its cells are in {', '.join(sorted(units))}: say the unit of each"
        if not units:
            return None
        word = units.pop()
        known = in_brackets(word)
        if known is None or (known.code != "%" and not fits(known.code, wanted)):
            return f"{word!r} behind its numbers is no unit of the metric"
        if self.named is not None and known.code != code:
            return f"its header says {code} and its cells {word}"
        return None

    def _unit_of_cells(self) -> str | None:
        word = self.cells.unit
        if word is None:
            return None
        known = in_brackets(word)
        return known.code if known else None


def _in_minutes(found: Measured) -> Measured | Open | None:
    """Return what a time is whose header ends in `min`: minutes of what lasts; None where it is the minimum."""
    if found.stage in _LONG_STAGES:
        return replace(found, unit="min", statistic=None)
    is_long = found.metric in ("duration", "time-to-train", "makespan", "cpu-time")
    if is_long or metric_named(found.metric).unit == "target":
        return Open("minutes, or the minimum")
    return None


def _named_by_unit(found: Measured, code: str | None) -> Measured | None:
    """Return the measurement that a unit makes of another: a share of memory, energy under the name of power."""
    if found.metric == "memory" and code == "%":
        return replace(found, metric="memory-utilization", unit="%", scope=None)
    if found.metric == "power" and code and fits(code, "J"):
        doubt = f"the name says power and the unit {code} energy: it is taken for energy"
        return replace(found, metric="energy", unit=code).but(doubt)
    return None


def _of_stage(metric: str, stage: str | None) -> str | None:
    """Return what else a stage beside a metric may mean; None where it is clear."""
    if stage == "load" and metric not in _TIMES:
        return "under load, or while loading"
    if stage in ("compute", "queue") and metric in _SCOPED:
        return f"of what computes or waits, or {metric} while it does"
    if stage == "idle" and metric in _TIMES:
        return "how long nothing ran, or a time while nothing else ran"
    return None


def _can_be_per(metric: str, per: str) -> bool:
    """Say whether a metric may be that of one unit of work."""
    allowed = metric_named(metric).per
    return metric in _OF_EACH and (not allowed or per in allowed)


def _timed(parsed: Parsed, named: Named, *, is_alone: bool) -> Measured | None:
    """Return a time of a stage (`preprocess_ms`), of a unit of work (`ms/token`), or nothing but a time (`hours`)."""
    if parsed.stages == ["warm-up"]:
        return None
    if parsed.stages:
        stage = parsed.stages[0]
        metric = "latency"
        if stage in _LONG_STAGES:
            metric = "duration"
        return Measured(metric, named.code, None, stage, named.per)
    if not is_alone:
        return None
    if named.per in metric_named("latency").per:
        return Measured("latency", named.code, per=named.per)
    if named.per:
        return Measured("duration", named.code, per=named.per)
    return Measured("duration", named.code)


def metric_named(name: str) -> Metric:
    """Return a metric that a phrase names; every one of them is in the vocabulary."""
    metric = metric_of(name, vocabulary().metrics)
    assert metric is not None  # noqa: S101 - a test looks every phrase up
    return metric


def _unread(parsed: Parsed) -> str | None:
    """Return why the words of a header cannot be read as one measurement; None where they can."""
    for word in parsed.unknown:
        if word in lexicon.OPEN:
            return lexicon.OPEN[word]
    if parsed.unknown:
        words = ", ".join(map(repr, parsed.unknown))
        return (
            f"{words} is not understood"
            if len(parsed.unknown) == 1
            else f"{words} are not understood"
        )
    if len(set(parsed.statistics)) > 1:
        return f"it says two statistics: {' and '.join(parsed.statistics)}"
    if len(set(parsed.scopes)) > 1 or len(set(parsed.stages)) > 1 or len(parsed.datasets) > 1:
        return "its words name two things at once"
    if parsed.spreads:
        return "it is a spread, and no column is what it is the spread of"
    if parsed.counts:
        return "it is a count, and nothing says of what"
    return None


def _unit_of(words: Words, text: str) -> tuple[Named | None, tuple[str, ...]]:
    """Return the unit that a header names, and its other words."""
    extra: list[str] = []
    named: Named | None = None
    for inside in words.brackets:
        found = in_brackets(inside)
        if inside.lower() == "min":
            extra.append("min")  # minutes or the minimum: the grammar decides by the metric
        elif found is not None and named is None:
            named = found
        else:
            extra += [word.lower() for word in split(inside)]
    if named is not None:
        return named, (*words.lower, *extra)
    is_written = "/" in text or re.search(r"(?i)[\s_]per[\s_]", text) is not None
    whole = rate("/".join(words.written)) if is_written else None
    if whole is not None and len(words.written) == 2 + (
        whole.of_energy and len(words.written) == 3
    ):
        return whole, tuple(extra)
    named, count = as_suffix(words)
    rest = words.lower[: len(words.lower) - count] if count else words.lower
    if named is None and len(words.written) > 2 and _is_statistic(words.lower[-1]):
        # The unit before the statistic: latency_ms_mean.
        named, count = as_suffix(Words(words.written[:-1], ()))
        if named is not None:
            rest = (*words.lower[: len(words.lower) - 1 - count], words.lower[-1])
    if named is None and rest[:1] and rest[0] in FLOP_RATES:
        # The unit is the name: gflops_mean.
        named = Named(FLOP_RATES[rest[0]])
    if named is None and rest[-1:] == ("c",) and {"temp", "temperature"} & {*rest}:
        named, rest = Named("Cel"), rest[:-1]
    if named is not None and rest[-1:] == ("in",):
        rest = rest[:-1]
    return named, (*rest, *extra)


def _is_statistic(word: str) -> bool:
    return word in lexicon.STATISTICS or PERCENTILE.fullmatch(word) is not None


__all__ = ["Beside", "FieldOf", "Ignored", "Open", "read_headers"]
