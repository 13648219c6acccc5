"""Every Eval Ever 0.2 and 0.3: one JSON file for each evaluation of a model, with one or more results.

A record is what one evaluation of the file found: results of one name on one data set, each a number of some metric. See
docs/converters/every-eval-ever.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path

from pydantic import JsonValue

from benchfmt.converters import texts
from benchfmt.converters.base import Failed, Item, Match, Pattern, Skipped, Source, Unit
from benchfmt.converters.draft import Draft, DraftError, Number, measured
from benchfmt.numbers import exact, since_1970
from benchfmt.readers import jsons
from benchfmt.readers.files import UnsafeError, file_sha256
from benchfmt.readers.objects import Fields
from benchfmt.record import BASES
from benchfmt.units import convert, is_unit
from benchfmt.vocabulary import Metric, metric_of, vocabulary

NAME = "every-eval-ever"
VERSION = "1.0"
PREFIXES = {
    "every-eval-ever": {
        "title": "Every Eval Ever",
        "definition": "Collections of Every Eval Ever, and scores whose metric the vocabulary does not know.",
        "metrics": {
            "score": {
                "definition": "A score in the metric and unit of its collection, of which more is better.",
                "unit": "1",
                "direction": "higher",
            },
            "error": {
                "definition": "A score in the metric and unit of its collection, of which less is better.",
                "unit": "1",
                "direction": "lower",
            },
        },
    }
}
PATTERNS = (Pattern(("*.json",), words=('"evaluation_id"', '"evaluation_results"')),)
_HEAD = re.compile(r'"evaluation_id"\s*:\s*"')
_KNOWN_VERSIONS = re.compile(r"0\.[23]\.[0-9]+")
_NOT_IN_A_TERM = re.compile("[^a-z0-9]+")
_BASES = {"documentation": "published", "evaluation_run": "measured"}
_UNKNOWN = "unknown"
_PERCENT = ("percent", "percentage", "%")
_FRACTION = ("proportion", "fraction", "ratio")
_NAMES_OF_METRIC = ("metric_id", "metric_kind", "metric_name", "evaluation_description")
_SETTINGS = ("temperature", "top_p", "top_k", "max_tokens")
_SAMPLES = "_samples.jsonl"


def detect(source: Source) -> Match | None:
    """Say how many files of Every Eval Ever a source holds, or None."""
    paths = list(_files(source))
    if not paths:
        return None
    first = source.relative(paths[0])
    return Match(0.9, f"{len(paths)} files of Every Eval Ever, first {first}")


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each file; the answers to single samples, which lie beside it, support it."""
    known = set(source.files)
    for path in _files(source):
        samples = path.with_name(f"{path.stem}{_SAMPLES}")
        supporting = tuple(item for item in (samples,) if item in known)
        yield Unit(path, supporting, options, limits=source.limits)


def read(unit: Unit) -> Iterator[Item]:
    """Yield a record for each evaluation of a file; one that cannot be read is a Failed of its own."""
    try:
        data = jsons.read(unit.path, unit.limits, digits=True)
    except (jsons.JsonError, UnsafeError) as error:
        yield Failed(unit.path, str(error))
        return
    log = Fields(data if isinstance(data, dict) else {})
    version = log.word("schema_version") or ""
    if not _KNOWN_VERSIONS.fullmatch(version):
        yield Failed(unit.path, f"schema_version {version!r} is not 0.2 or 0.3")
        return
    digest = file_sha256(unit.path)
    for place, results in _evaluations(log).items():
        draft = Draft(NAME, VERSION, suite=_suite(log), phase="evaluation")
        draft.source(unit.path.name, digest, f"/evaluation_results/{place}")
        try:
            _fill(draft, log, results)
        except DraftError as error:
            yield Failed(unit.path, f"not a result: {error}", place + 1)
            continue
        yield from draft.items(unit.path, place + 1)


def _files(source: Source) -> Iterator[Path]:
    for path in source.with_suffix(".json"):
        start = texts.head(path, texts.START)
        if _HEAD.search(start) and '"source_metadata"' in start:
            yield path


def _evaluations(log: Fields) -> dict[int, list[Fields]]:
    """Return the results of a file by the place of the first of each evaluation: of one name, on one data set.

    A second number of the same metric is an evaluation of its own.
    """
    listed = log.data.get("evaluation_results")
    places: dict[tuple[str | None, str | None], int] = {}
    metrics: dict[int, set[tuple[str, str | None]]] = {}
    evaluations: dict[int, list[Fields]] = {}
    for place, item in enumerate(listed if isinstance(listed, list) else []):
        result = Fields(item if isinstance(item, dict) else {})
        dataset = _inside(result, "source_data").text("dataset_name")
        key = (result.text("evaluation_name"), dataset)
        metric = (_metric(_inside(result, "metric_config"))[0], _statistic(result))
        if metric in metrics.get(places.get(key, place), set()):
            places[key] = place
        first = places.setdefault(key, place)
        metrics.setdefault(first, set()).add(metric)
        evaluations.setdefault(first, []).append(result)
    return evaluations


def _statistic(result: Fields) -> str | None:
    """Return the statistic that an export of ours names."""
    statistic = _inside(result, "score_details", "details").text("statistic")
    if statistic and vocabulary().holds("statistic", statistic):
        return statistic
    return None


def _inside(fields: Fields, *names: str) -> Fields:
    """Return the object that lies in others; an empty one where it does not."""
    data: JsonValue = dict(fields.data)
    for name in names:
        data = data.get(name) if isinstance(data, dict) else None
    return Fields(data if isinstance(data, dict) else {})


def _suite(log: Fields) -> str:
    """Return the suite that an export of ours names, else the collection as a prefixed term."""
    own = _inside(log, "source_metadata", "additional_details").text("suite")
    if own and (vocabulary().holds("suite", own) or own == f"{NAME}:{_slug(own[len(NAME) :])}"):
        return own
    identifier = log.text("evaluation_id") or ""
    collection = identifier.partition("/")[0] or _UNKNOWN
    return f"{NAME}:{_slug(collection)}"


def _slug(text: str) -> str:
    return _NOT_IN_A_TERM.sub("-", text.lower()).strip("-") or _UNKNOWN


def _fill(draft: Draft, log: Fields, results: list[Fields]) -> None:
    _add_model(draft, log)
    _add_provenance(draft, log)
    first = results[0]
    data = _inside(first, "source_data")
    details = _inside(data, "additional_details")
    draft.benchmark(name=first.text("evaluation_name"))
    draft.dataset(
        name=data.text("dataset_name"),
        split=data.text("hf_split") or details.text("split"),
        samples=data.count("samples_number") or _count(details.text("samples")),
    )
    draft.task = details.term("task", "task", draft.suite)
    basis = _BASES.get(_inside(log, "source_metadata").text("source_type") or "")
    for result in results:
        measurement = _measurement(result, basis or "published")
        # Which of several numbers is the headline, no file says.
        measurement.primary = len(results) == 1 or None
        draft.add(measurement)
    _keep(draft, log, results)


def _count(text: str | None) -> int | None:
    if text is None or not text.isdecimal():
        return None
    return int(text)


def _add_model(draft: Draft, log: Fields) -> None:
    model = _inside(log, "model_info")
    details = _inside(model, "additional_details")
    draft.model(
        name=model.text("id") or model.text("name"),
        version=details.text("version"),
        parameters=_count(details.text("parameters")),
    )
    engine = _inside(model, "inference_engine")
    name = engine.text("name")
    if name and name != _UNKNOWN:
        known = vocabulary().match("engine", name) or _slug(name)
        draft.software(engine=known, engine_version=engine.word("version"))
    precision = details.text("precision")
    if precision:
        draft.configuration(precision=vocabulary().match("precision", precision))


def _add_provenance(draft: Draft, log: Fields) -> None:
    source = _inside(log, "source_metadata")
    details = _inside(source, "additional_details")
    library = _inside(log, "eval_library")
    version = details.text("suite_version")
    if version is None and draft.suite == library.text("name"):
        version = library.word("version")
    if version != _UNKNOWN:
        draft.benchmark(suite_version=version)
    organization = source.text("source_organization_name")
    if organization == _UNKNOWN:
        organization = None
    draft.provenance(
        submitter=organization,
        measured_at=_time(log.word("evaluation_timestamp")),
        url=details.text("url"),
        license=details.text("license"),
    )


def _time(text: str | None) -> str | None:
    """Return seconds since 1970 as a time in UTC, and what else stands there as it is."""
    if text is None:
        return None
    seconds = exact(text)
    if seconds is None:
        return text
    time = since_1970(int(seconds))
    if time is None:
        return text
    return time.isoformat().replace("+00:00", "Z")


# --- numbers ---


def _measurement(result: Fields, basis: str) -> Number:
    config = _inside(result, "metric_config")
    details = _inside(result, "score_details")
    score = details.digits("score")
    if score is None:
        raise DraftError("score_details.score is not a number")
    metric, unit, is_inferred = _metric(config)
    reported = _inside(details, "details")
    own_basis = reported.text("basis")
    if own_basis in BASES:
        basis = own_basis
    number = measured(metric, score, unit, basis, statistic=_statistic(result))
    if is_inferred:
        number.caveats = ["unit-inferred"]
    if reported.text("reported_value"):
        number.reported_value = reported.text("reported_value")
        number.reported_unit = reported.text("reported_unit")
    _add_uncertainty(number, _inside(details, "uncertainty"), unit)
    return number


def _metric(config: Fields) -> tuple[str, str | None, bool]:
    """Return the metric of a result, the unit of its score, and whether that follows from its bounds alone.

    It is one of the vocabulary where the file names it, its direction agrees, and the unit is certain: a score of 44.5 may
    be a percent or a number of points.
    """
    is_lower = config.data.get("lower_is_better") is True
    other = f"{NAME}:{'error' if is_lower else 'score'}"
    known = _known(config)
    if known is None or known.direction != ("lower" if is_lower else "higher"):
        return other, None, False
    stated = config.text("metric_unit") or ""
    if known.unit == "target" and is_unit(stated):
        return known.id, stated, False
    if known.unit != "1":
        if stated == known.unit:
            return known.id, stated, False
        return other, None, False
    unit = stated.lower()
    if (known.minimum, known.maximum) != (0, 1):
        return known.id, None, False
    if unit in _FRACTION:
        return known.id, "1", False
    if unit in _PERCENT:
        return known.id, "%", False
    bounds = (config.exact("min_score"), config.exact("max_score"))
    if bounds == (Fraction(0), Fraction(1)):
        return known.id, "1", False
    if bounds == (Fraction(0), Fraction(100)):
        return known.id, "%", True
    return other, None, False


def _known(config: Fields) -> Metric | None:
    """Return the metric of the vocabulary that a file names, by the first of its names that says one."""
    for name in _NAMES_OF_METRIC:
        word = config.text(name)
        if word is None:
            continue
        matched = vocabulary().match("metric", word)
        metric = metric_of(matched or word, vocabulary().metrics)
        if metric is not None:
            return metric
    return None


def _add_uncertainty(number: Number, said: Fields, unit: str | None) -> None:
    """Add what is known of the spread; bounds that do not hold the score are distances from it, and no interval."""
    own = number.unit or "1"
    number.n = said.count("num_samples")
    spread = said.digits("standard_deviation")
    if spread is not None:
        number.stddev = convert(spread, unit or own, own)
    interval = _inside(said, "confidence_interval")
    bounds = [interval.digits(name) for name in ("lower", "upper")]
    level = interval.exact("confidence_level")
    if level is None or number.value is None:
        return
    low, high = (convert(text, unit or own, own) if text else None for text in bounds)
    if low is not None and high is not None and low <= number.value <= high:
        number.ci = [low, high, float(level)]


# --- the rest ---


def _keep(draft: Draft, log: Fields, results: list[Fields]) -> None:
    arguments = _inside(results[0], "generation_config", "generation_args")
    settings: dict[str, JsonValue] = {}
    for name in _SETTINGS:
        value = arguments.exact(name)
        if value is not None:
            settings[name] = float(value)
    if settings:
        draft.hyperparameters(settings)
    for name in ("evaluation_id", "retrieved_timestamp", "eval_library", "source_metadata"):
        if name in log:
            draft.keep(name, log.data[name])
    draft.keep("model_info", log.data.get("model_info", {}))
    draft.keep("results", [_without_prompts(result) for result in results])


def _without_prompts(result: Fields) -> dict[str, JsonValue]:
    """Return a result as it stands, without the settings of its generation, which hold whole prompts."""
    return {name: value for name, value in result.data.items() if name != "generation_config"}
