"""The accuracy of a result of the MLPerf Mobile app, and the data set that it was taken on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from benchfmt.converters.mlperf import systems
from benchfmt.converters.mlperf.inference.run import count
from benchfmt.converters.mlperf.mobile.files import Files, number
from benchfmt.converters.mlperf.mobile.run import Run
from benchfmt.converters.mlperf.mobile.system import mapping, plain
from benchfmt.readers import jsons, loadgen
from benchfmt.readers.files import file_sha256
from benchfmt.record import given
from benchfmt.suites import mlperf_mobile as rules
from benchfmt.units import convert, exact

_METRIC_UNITS = {"psnr": "dB"}


def accuracies(
    run: Run,
    accuracy: Mapping[str, Any],
    performance: Mapping[str, Any],
    benchmark: rules.Benchmark | None,
    name: str,
    round_id: str | None,
) -> list[dict[str, Any]]:
    """Return the accuracy with the target of the closed division.

    The accuracy of a performance run has no truth to compare with: 0 there says nothing and is left out.
    """
    metric = benchmark.metric if benchmark else None
    found = []
    own = mapping(accuracy, "accuracy")
    if own:
        run.extensions["accuracy"] = systems.said(plain(own))
        item = _score(run, own, metric)
        if item:
            target = rules.target_min(name, round_id) if run.place.division == "closed" else None
            if target and "value" in item:
                item["target_min"] = convert(target[0], target[1], item["unit"])
            found.append(item)
    other = mapping(performance, "accuracy")
    item = _score(run, other, metric) if other else None
    if item and "value" in item:
        found.append({**item, "scope": "run:performance"})
    for key, part in (("accuracy2", accuracy), ("performance_accuracy2", performance)):
        second = mapping(part, "accuracy2")
        if second:  # what it is, no source says
            run.extensions[key] = systems.said(plain(second))
    return found


def _score(run: Run, said: Mapping[str, Any], metric: str | None) -> dict[str, Any] | None:
    """Return an accuracy by its text, the only place of its unit; None where the text says none that is known."""
    text = said.get("formatted", said.get("string"))
    normalized = number(said.get("normalized", said.get("value")))
    if not isinstance(text, str) or isinstance(text, jsons.Digits):
        told = "an accuracy without the text that alone says its unit: it stays in the extensions"
        run.find("BF706", run.path, told, "give the app's formatted text")
        return None
    for form in rules.forms(metric):
        match = re.fullmatch(form.pattern, text.strip())
        if match and exact(match["number"]) is not None:
            return _item(run, form, match["number"], text, normalized)
    if text.strip().upper() == "N/A":
        return (
            given(
                metric=metric, statistic=_pooled(metric), missing="no-dataset", reported_value=text
            )
            if metric
            else None
        )
    run.find(
        "BF706",
        run.path,
        f"{text!r} says no accuracy that is known for this benchmark: it stays in the extensions",
    )
    return None


def _pooled(metric: str | None) -> str:
    return "mean" if metric == "psnr" else "pooled"


def _item(
    run: Run, form: rules.Form, number: str, text: str, normalized: str | None
) -> dict[str, Any]:
    unit = _METRIC_UNITS.get(form.metric, "1")
    value = convert(number, form.unit, unit)
    base = given(
        metric=form.metric,
        statistic=_pooled(form.metric),
        reported_value=number,
        reported_unit=form.unit if form.unit != "1" else None,
    )
    if value is None or value <= 0:
        # The app writes 0 where it did not compute an accuracy, -1 where it has no truth to compare with.
        return {
            **base,
            "missing": "no-dataset" if value is not None and value < 0 else "invalid-in-source",
        }
    item = {**base, "value": value, "unit": unit, "basis": "measured"}
    half = 0.5 * 10.0 ** -len(number.partition(".")[2])
    if normalized is None:
        return (
            {**item, "caveats": ["unit-inferred"]}
            if text.strip() == number and form.unit != "1"
            else item
        )
    if abs(float(number) - float(normalized) * float(form.scale)) > half + 1e-5 * abs(
        float(number)
    ):
        run.find(
            "BF701",
            run.path,
            f"the accuracy reads {text!r} beside {normalized}",
            "keep the text and the number of one run",
            text,
        )
        return {**item, "caveats": ["source-disagrees"]}
    return item


def dataset(
    files: Files, run: Run, accuracy: Mapping[str, Any], name: str, scenario: str | None
) -> tuple[dict[str, Any], int | None]:
    """Return the data set of the accuracy run, and how many of its samples were judged."""
    said = mapping(accuracy, "dataset")
    if not said:
        return {}, None
    named, kind = said.get("name"), said.get("type")
    kept = (
        systems.said(
            plain({key: said[key] for key in ("name", "type", "data_path") if key in said})
        )
        or {}
    )
    run.extensions["accuracy_dataset"] = kept
    known = rules.dataset(named) if isinstance(named, str) else None
    logged = _logged_samples(files, run, name)
    # An offline run fills its last batch, so that it has more samples than its data.
    counted = logged or (
        count(str(accuracy.get("measured_samples", ""))) if scenario == "single-stream" else None
    )
    samples = counted or (known.samples if known else None)
    if isinstance(named, str) and rules.is_performance_dataset(named):
        full = rules.full_dataset(kind) if isinstance(kind, str) else None
        proven = full if full and full.samples and full.samples == logged else None
        kept["contradicted"] = True
        return _data(proven.name, proven.split, logged) if proven else given(samples=logged), logged
    if known:
        return _data(known.name, known.split, samples), counted
    return _data(named if isinstance(named, str) else None, None, samples), counted


def _data(name: str | None, split: str | None, samples: int | None) -> dict[str, Any]:
    return given(name=name or None, split=split, samples=samples)


def _logged_samples(files: Files, run: Run, name: str) -> int | None:
    """Return how many samples the log of the accuracy run counts."""
    path = files.of("accuracy-detail", name)
    if path is None or name in files.repeated:
        return None
    log = loadgen.read_detail(path)
    run.read(path, log.sha256 or file_sha256(path))
    return count(log.values.get("qsl_reported_total_count"))
