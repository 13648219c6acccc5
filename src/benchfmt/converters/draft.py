"""The one builder of a record: what a source says goes in under the names of the standard, a record comes out.

    draft = Draft(NAME, VERSION, suite="stopwatch:inference", phase="inference")
    draft.source(path.name, sha256=digest, locator="row=7")
    draft.model(name="resnet50")
    draft.measure("latency", "5.83", "ms", statistic="median", per="batch", primary=True)
    yield draft.build()

None, and what holds nothing, is left out: a source that does not say something needs no `if`. Digits go in as the text
that the source has, and become a number once (`benchfmt.units`): the nearest double of the exact decimal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, TypedDict, Unpack

from pydantic import JsonValue, ValidationError

from benchfmt.converters.base import Failed, Item
from benchfmt.faults import error_in_words
from benchfmt.finding import Finding, Severity
from benchfmt.numbers import kept
from benchfmt.record import SCHEMA_VERSION, Record
from benchfmt.units import convert, exact
from benchfmt.vocabulary import vocabulary

_TIMES = ("latency", "duration")
"""Nothing takes no time: a 0 is what the digits of a printed time leave."""
_NOT_FIXED = ("target", "currency")
"""Metrics whose unit is that of their target or a currency: the source says it."""


class DraftError(ValueError):
    """What was drafted is no record; the message is one line: the field, and what is wrong with it."""


@dataclass(slots=True, kw_only=True)
class Number:
    """A measurement as it is drafted: a value with its unit and basis, or the reason why it is missing.

    The fields are those of the standard (`benchfmt.record.Measurement`). It may be changed until the record is built.
    """

    metric: str
    statistic: str | None = None
    stage: str | None = None
    per: str | None = None
    scope: str | None = None
    value: float | None = None
    unit: str | None = None
    basis: str | None = None
    primary: bool | None = None
    missing: str | None = None
    caveats: list[str] | None = None
    n: int | None = None
    stddev: float | None = None
    ci: list[float] | None = None
    samples: Sequence[float | None] | None = None
    target_min: float | None = None
    target_max: float | None = None
    reported_value: str | None = None
    reported_unit: str | None = None
    source_path: str | None = None
    source_locator: str | None = None

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """The measurement's key: metric, statistic, stage, per, scope; '' where absent."""
        return (
            self.metric,
            self.statistic or "",
            self.stage or "",
            self.per or "",
            self.scope or "",
        )

    def to_dict(self) -> dict[str, JsonValue]:
        """Return the measurement as plain JSON data, without what is absent."""
        said: dict[str, JsonValue] = {}
        for name in _NUMBER_FIELDS:
            value = getattr(self, name)
            if value is not None:
                said[name] = value
        return said


_NUMBER_FIELDS = tuple(field.name for field in fields(Number))


class Key(TypedDict, total=False):
    """What tells a measurement from others of its metric, and what else is said of it."""

    statistic: str | None
    stage: str | None
    per: str | None
    scope: str | None
    primary: bool | None
    caveats: list[str] | None
    n: int | None
    stddev: float | None
    ci: list[float] | None
    samples: Sequence[float | None] | None
    target_min: float | None
    target_max: float | None
    source_path: str | None
    source_locator: str | None


class BenchmarkFields(TypedDict, total=False):
    """Fields of `benchmark` (see `benchfmt.record.Benchmark`)."""

    suite: str | None
    suite_version: str | None
    name: str | None
    division: str | None
    category: str | None
    system_type: str | None
    scenario: str | None
    phase: str | None
    verification: str | None


class DatasetFields(TypedDict, total=False):
    """Fields of `dataset` (see `benchfmt.record.Dataset`)."""

    name: str | None
    split: str | None
    samples: int | None
    sha256: str | None


class ModelFields(TypedDict, total=False):
    """Fields of `model` (see `benchfmt.record.Model`)."""

    name: str | None
    version: str | None
    parameters: int | None
    flop: float | None
    size_bytes: int | None


class ConfigurationFields(TypedDict, total=False):
    """Fields of `configuration` (see `benchfmt.record.Configuration`)."""

    precision: str | None
    input_shape: Sequence[int] | None
    batch_size: int | None
    threads: int | None
    placement: Sequence[str] | None
    hyperparameters: Mapping[str, JsonValue] | None


class ProvenanceFields(TypedDict, total=False):
    """Fields of `provenance` but its sources and converter (see `benchfmt.record.Provenance`)."""

    submitter: str | None
    measured_at: str | None
    license: str | None
    url: str | None
    execution: str | None


Fields = dict[str, Any]
"""The fields of one part of a record, by name, as the pydantic models take them: they judge each."""


@dataclass(eq=False)
class Draft:
    """A record being built by a converter. Its methods, in the order in which a converter uses them:

        source                          the file that the record is read from, and the place in it
        benchmark, dataset, model       what was run, on which data
        system, software                on which machine, executed by what
        configuration, hyperparameters  in which precision, batch, placement ...
        input, provenance               instance data; who measured it, when
        measure                         a number as the source writes it
        measure_printed                 the same where a printed 0 was rounded away
        derive, missing                 a number that was calculated; one that is named and absent
        add, target                     a number made elsewhere; what the rules ask of one
        keep, keep_all                  what the standard has no field for
        report, fail                    a fault of the source; a run without success
        build                           the record; `items` yields it with the findings

    None, and what is empty, is left out. `status` is `ok` until `fail` or an assignment says otherwise. The members of
    a measurement's key and what else is said of it go by name (`Key`): statistic, stage, per, scope, primary, caveats,
    n, stddev, ci, samples, target_min, target_max, source_path, source_locator.
    """

    converter: str
    converter_version: str
    suite: str
    phase: str | None = None
    task: str | None = None
    status: str = "ok"
    status_detail: str | None = None
    id: str | None = None
    numbers: list[Number] = field(default_factory=list, init=False)
    findings: list[Finding] = field(default_factory=list, init=False)
    _parts: dict[str, Fields] = field(default_factory=dict, init=False)
    _sources: list[Fields] = field(default_factory=list, init=False)
    _inputs: list[Fields] = field(default_factory=list, init=False)
    _kept: dict[str, Fields] = field(default_factory=dict, init=False)

    # --- what was run ---

    def source(self, path: str, sha256: str | None = None, locator: str | None = None) -> None:
        """Add a file that the record is read from, the primary one first; `locator` is a place in it."""
        self._sources.append(filled({"path": path, "sha256": sha256, "locator": locator}))

    def benchmark(self, **said: Unpack[BenchmarkFields]) -> None:
        """Say which benchmark it is: suite_version, name, division, category, system_type, scenario, phase, verification.

        As with all these, a later value replaces an earlier one.
        """
        self._set("benchmark", said)

    def dataset(self, **said: Unpack[DatasetFields]) -> None:
        """Say on which data the quality was measured: name, split, samples, sha256."""
        self._set("dataset", said)

    def model(self, **said: Unpack[ModelFields]) -> None:
        """Say what was run: name, version, parameters, flop, size_bytes."""
        self._set("model", said)

    def system(self, said: Mapping[str, JsonValue] | None = None, /, **more: JsonValue) -> None:
        """Say what it was run on, with the fields of `benchfmt.record.System`."""
        self._set("system", {**(said or {}), **more})

    def software(
        self,
        *,
        engine: str | None = None,
        engine_version: str | None = None,
        stack: Mapping[str, str] | None = None,
    ) -> None:
        """Say what executed it."""
        self._set("software", {"engine": engine, "engine_version": engine_version, "stack": stack})

    def configuration(self, **said: Unpack[ConfigurationFields]) -> None:
        """Say how it was run: precision, input_shape, batch_size, threads, placement, hyperparameters."""
        self._set("configuration", said)

    def hyperparameters(self, said: Mapping[str, JsonValue]) -> None:
        """Add parameters of the algorithm, by name."""
        configuration = self._parts.setdefault("configuration", {})
        configuration["hyperparameters"] = {
            **(configuration.get("hyperparameters") or {}),
            **said,
        }

    def input(self, name: str, values: Sequence[float], unit: str | None = None) -> None:
        """Add one named vector of instance data."""
        named = filled({"name": name, "unit": unit})
        self._inputs.append({**named, "values": list(values)})

    def provenance(self, **said: Unpack[ProvenanceFields]) -> None:
        """Say who measured it, when, and where it is found: submitter, measured_at, license, url, execution."""
        self._set("provenance", said)

    # --- the numbers ---

    def add(self, number: Number) -> Number:
        """Add a measurement that was made elsewhere, and return it."""
        self.numbers.append(number)
        return number

    def measure(
        self,
        metric: str,
        text: str,
        unit: str | None = None,
        basis: str = "measured",
        **key: Unpack[Key],
    ) -> Number:
        """Add a number as the source writes it, in `unit` (a UCUM code; else the metric's own).

        `text` is the source's own characters, so that no digit is lost; raises DraftError for what is not a number.
        """
        return self.add(measured(metric, text, unit, basis, **key))

    def measure_printed(
        self, metric: str, text: str, unit: str | None = None, **key: Unpack[Key]
    ) -> Number:
        """Add a printed number; one that is 0 was rounded away, one that is not a number says nothing: both are missing."""
        return self.add(printed(metric, text, unit, **key))

    def derive(self, metric: str, value: Fraction | float, **key: Unpack[Key]) -> Number:
        """Add a number that was calculated from the source, in the metric's unit."""
        return self.add(derived(metric, value, **key))

    def missing(
        self, metric: str, reason: str, reported: str | None = None, **key: Unpack[Key]
    ) -> Number:
        """Add a number that the source or its suite names and that has no value, and why (a closed list)."""
        return self.add(Number(metric=metric, missing=reason, reported_value=reported, **key))

    def target(
        self, metric: str, *, minimum: float | None = None, maximum: float | None = None
    ) -> None:
        """Say what the rules ask of the numbers of a metric that are there."""
        for number in self.numbers:
            if number.metric == metric:
                number.target_min = minimum
                number.target_max = maximum
                number.unit = number.unit or own_unit(metric)

    # --- what has no field, and what is wrong ---

    def keep(self, name: str, value: object, namespace: str | None = None) -> None:
        """Keep what the standard has no field for, under the converter's name (or another namespace).

        Of several values under one name the last one is kept, as the last epoch of a log counts; a converter that needs
        them all keeps them under names of their own.
        """
        self._kept.setdefault(namespace or self.converter, {})[name] = kept(value)

    def keep_all(self, said: Mapping[str, object], namespace: str | None = None) -> None:
        """Keep several values that the standard has no field for."""
        for name, value in said.items():
            self.keep(name, value, namespace)

    def report(
        self,
        code: str,
        message: str,
        *,
        path: str | None = None,
        row: int | None = None,
        column: str | None = None,
        value: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Add a finding: what is wrong with the source (the primary one, else that of a `path`), and what to do (`hint`)."""
        where = path or self._primary_path()
        finding = Finding(code, Severity.WARNING, where, row, column, None, message, value, hint)
        self.findings.append(finding)

    def fail(self, status: str, detail: str | None = None) -> None:
        """Say that the run was not a success: `failed`, `invalid` or `incomplete`, and the source's own words."""
        self.status = status
        self.status_detail = detail

    def _primary_path(self) -> str:
        if self._sources:
            return str(self._sources[0]["path"])
        return self.converter

    # --- the record ---

    def build(self) -> Record:
        """Return the record; raises DraftError with the field and what is wrong with it."""
        for number in self.numbers:
            _check_terms(*number.key)
        return record_of(self.to_dict())

    def items(self, path: Path, row: int | None = None) -> Iterator[Item]:
        """Yield the findings and the record; one that cannot be built is a Failed of its own, and stops nothing."""
        yield from self.findings
        try:
            yield self.build()
        except DraftError as error:
            yield Failed(path, f"not a result: {error}", row)

    def to_dict(self) -> Fields:
        """Return what is drafted as plain JSON data, without what is absent or empty."""
        benchmark = {"suite": self.suite, "phase": self.phase, **self._parts.get("benchmark", {})}
        provenance = {
            **self._parts.get("provenance", {}),
            "sources": self._sources,
            "converter": self.converter,
            "converter_version": self.converter_version,
        }
        data = {
            **self._parts,
            "benchfmt": SCHEMA_VERSION,
            "id": self.id,
            "benchmark": benchmark,
            "task": self.task,
            "inputs": self._inputs,
            "measurements": [number.to_dict() for number in self.numbers],
            "status": self.status,
            "status_detail": self.status_detail,
            "provenance": provenance,
            "extensions": self._kept,
        }
        return filled(data)

    def _set(self, part: str, said: Mapping[str, Any]) -> None:
        given = {name: value for name, value in said.items() if value is not None}
        self._parts.setdefault(part, {}).update(given)


def measured(
    metric: str, text: str, unit: str | None = None, basis: str = "measured", **key: Unpack[Key]
) -> Number:
    """Return a number as the source writes it, in `unit` (else the metric's own); raises DraftError if it is not one."""
    own = own_unit(metric, unit)
    value = convert(_characters(metric, text), unit or own, own)
    if value is None:
        raise DraftError(f"{metric} {text!r} is not a number")
    reported_unit = unit if unit != own else None
    return Number(
        metric=metric,
        value=value,
        unit=own,
        basis=basis,
        reported_value=text,
        reported_unit=reported_unit,
        **key,
    )


def printed(metric: str, text: str, unit: str | None = None, **key: Unpack[Key]) -> Number:
    """Return a printed number, missing where it is 0 (rounded away) or not a number (it says nothing)."""
    own = own_unit(metric, unit)
    value = convert(_characters(metric, text), unit or own, own)
    if value:
        return measured(metric, text, unit, **key)
    rounded = value is not None and not exact(text)
    number = Number(metric=metric, **key)
    number.missing = "below-resolution" if rounded else "invalid-in-source"
    number.n = None
    number.primary = None
    number.samples = None
    number.reported_value = text
    number.reported_unit = unit
    return number


def _characters(metric: str, text: str) -> str:
    """Return the text of a number; raises DraftError for a float or the like, which may have lost digits."""
    if isinstance(text, str):
        return text
    raise DraftError(
        f"{metric} {text!r} is a Python {type(text).__name__}: give the characters of the source as text, "
        "or use `derive` for a number that you calculated (benchfmt.readers.jsons keeps the digits of JSON)"
    )


def possible(number: Number) -> Number:
    """Return a measurement, without its value where nothing that ran can have it."""
    reason = _why_impossible(number)
    if reason is None:
        return number
    return Number(
        metric=number.metric,
        statistic=number.statistic,
        stage=number.stage,
        per=number.per,
        scope=number.scope,
        missing=reason,
        reported_value=number.reported_value,
        reported_unit=number.reported_unit,
        source_path=number.source_path,
        source_locator=number.source_locator,
    )


def _why_impossible(number: Number) -> str | None:
    """Return why a value of a metric cannot be: the digits of a printed 0, or a number out of the metric's range."""
    metric = vocabulary().metrics.get(number.metric)
    if metric is None or number.value is None or number.unit != metric.unit:
        return None
    if number.value == 0 and (metric.zero_impossible or number.metric in _TIMES):
        return "below-resolution"
    if metric.minimum is not None and number.value < metric.minimum:
        return "invalid-in-source"
    if metric.maximum is not None and number.value > metric.maximum:
        return "invalid-in-source"
    return None


def derived(metric: str, value: Fraction | float, **key: Unpack[Key]) -> Number:
    """Return a number that was calculated from the source, in the metric's unit; raises DraftError beyond all doubles."""
    try:
        number = float(value)
    except OverflowError as error:
        raise DraftError(
            f"{metric}: what follows for it is beyond the range of a double"
        ) from error
    return Number(metric=metric, value=number, unit=own_unit(metric), basis="derived", **key)


def own_unit(metric: str, otherwise: str | None = None) -> str:
    """Return the unit in which a metric is stored, or another where the metric does not fix it."""
    name = metric.partition("@")[0]
    metrics = vocabulary().metrics
    known = metrics.get(metric) or metrics.get(name)
    unit = known.unit if known else None
    if unit and unit not in _NOT_FIXED:
        return unit
    return otherwise or "1"


@lru_cache(maxsize=4096)
def _check_terms(metric: str, statistic: str, stage: str, per: str, scope: str) -> None:
    """Raise DraftError for a part of a measurement's key that is no term of the vocabulary and has no prefix."""
    key = {"metric": metric, "statistic": statistic, "stage": stage, "per": per, "scope": scope}
    for kind, term in key.items():
        if not term or ":" in term or vocabulary().holds(kind, term):
            continue
        meant = vocabulary().suggest(kind, term)
        advice = f"see `benchfmt vocabulary {kind}`"
        if meant is not None:
            advice = f"did you mean {meant!r}?"
        raise DraftError(f"{metric}: {term!r} is not in the vocabulary ({kind}); {advice}")


def record_of(data: Mapping[str, Any]) -> Record:
    """Return the record of plain data; raises DraftError with the first field that is wrong."""
    try:
        return Record.from_dict(data).ordered()
    except ValidationError as error:
        raise DraftError(first_fault(error)) from error


def first_fault(error: ValidationError) -> str:
    """Return the first fault of a record in one line: the field, and what is wrong with it."""
    fault = error.errors()[0]
    place = ".".join(map(str, fault["loc"]))
    return f"{place or 'record'}: {error_in_words(fault, fault['loc'], Record)}"


def filled(data: Mapping[str, Any]) -> Fields:
    """Return data without what says nothing: None, and empty objects and lists; items of lists stay as they are."""
    found: Fields = {}
    for name, value in data.items():
        inner = filled(value) if isinstance(value, Mapping) else value
        if inner is not None and inner != {} and inner != []:
            found[name] = inner
    return found


def numbers_with_value(numbers: Iterable[Number]) -> list[Number]:
    """Return the measurements that have a value."""
    return [number for number in numbers if number.value is not None]
