"""Component logs of AIBench as records: one for each run of a log, with the target and the time to it where both are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from benchfmt.converters import texts
from benchfmt.converters.aibench import about as saying
from benchfmt.converters.aibench import apart, logs
from benchfmt.converters.base import Failed, Item, Skipped, Unit
from benchfmt.finding import Finding
from benchfmt.suites import aibench as rules
from benchfmt.units import exact
from benchfmt.vocabulary import vocabulary


def read(unit: Unit) -> Iterator[Item]:
    """Yield a record for each run of one log."""
    about = saying.said(unit)
    text = texts.text_of(unit.path, logs.OWN)
    text = text if texts.is_ended(unit.path) else text.rstrip("\n")
    forms = logs.forms_of(text)
    wanted = rules.component(about.get("component", ""))
    form = next((form for form in forms if wanted and form.component == wanted.code), None) or next(
        iter(forms), None
    )
    if form is None:
        yield Failed(unit.path, "its beginning is that of a component's log, the whole is not")
        return
    others = {other.component for other in forms if not other.generic} - {form.component}
    if others:
        names = " and ".join(sorted({form.component, *others}))
        yield Failed(
            unit.path,
            f"two runs in one file: it reads like logs of {names}; give each a file of its own",
        )
        return
    if form.generic and "component" not in about:
        yield Skipped(
            unit.path,
            f"it reads like a log of {_shown(form)}, and of many other programs: {unsaid(unit)}",
        )
        return
    yield from _disagrees(unit, form, about)
    yield from _runs(unit, form, about, text)


def _runs(unit: Unit, form: logs.Form, about: Mapping[str, str], text: str) -> Iterator[Item]:
    """Yield the record of each run of a log, or why it gives none."""
    whole = apart.without_cut(text, form.component)
    if whole != text:
        yield texts.finding(
            "BF103",
            unit.path.name,
            f"line {text.count(chr(10)) + 1}: the file ends in a number, of which digits may be cut off; it is not taken",
            "end the last line",
        )
    runs = apart.runs(whole, apart.MARKS.get(form.component, ()))
    for number, (line, part) in enumerate(runs, start=1):
        several = len(runs) > 1
        where = f"line {line}: " if several else ""
        if not form.begins(part):
            reason = f"{where}a run that ended before its first result"
            yield Skipped(unit.path, reason, number) if several else Failed(unit.path, reason)
            continue
        locator = f"run={number}" if several else None
        try:
            yield texts.record(_record(unit, form, about, form.read(part), locator))
        except ValueError as error:
            yield Failed(unit.path, f"{where}not a result: {error}", number if several else None)


def unsaid(unit: Unit) -> str:
    """Say how a component is named."""
    return f'say in {unit.path.name}{saying.SIDECAR} {{"component": "C…"}} or with --option component=C…'


def _shown(form: logs.Form) -> str:
    return {"M": "a micro benchmark", "face": "Edge AIBench's face recognition"}.get(
        form.component, f"AIBench {form.component}"
    )


def _record(
    unit: Unit, form: logs.Form, about: Mapping[str, str], told: logs.Told, locator: str | None
) -> dict[str, Any]:
    data = saying.frame(unit, about, locator)
    component = rules.component(about.get("component", form.component))
    micro = rules.micro(about.get("component", ""))
    data["benchmark"] |= {
        "suite": about.get("suite", form.suite),
        "name": component.name if component else micro[0] if micro else form.name,
        "phase": told.phase,
    }
    data["task"] = component.task if component else form.task
    data["model"] = {
        "name": component.model if component else micro[1] if micro else None,
        **told.model,
        **data["model"],
    }
    known = {"name": component.dataset} if component and component.dataset else {}
    data["dataset"] = {**known, **_named(told.dataset), **data["dataset"]}
    data["software"] = {**told.software, **data["software"]}
    data["configuration"] = {**told.configuration, **data["configuration"]}
    data["system"] = {
        **told.system,
        **{key: value for key, value in data["system"].items() if value},
    }
    data["provenance"] = {
        **({"measured_at": told.measured_at} if told.measured_at else {}),
        **data["provenance"],
    }
    data["status"], data["status_detail"] = told.status, told.detail
    data["extensions"] = {"aibench": told.extra}
    _aim(told, component, about)
    data["measurements"] = [texts.possible(item) for item in told.measurements]
    return data


def _named(dataset: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **dataset,
        **({"name": saying.matched("dataset", dataset["name"])} if "name" in dataset else {}),
    }


def _aim(told: logs.Told, component: rules.Component | None, about: Mapping[str, str]) -> None:
    """Make the component's quality the primary number, with its target and the time to it where they are known."""
    metric = component.metric if component else None
    quality = next(
        (m for m in told.measurements if m["metric"] == metric and "scope" not in m), None
    )
    if quality is None:
        if len(told.measurements) == 1 and "value" in told.measurements[0]:
            told.measurements[0]["primary"] = True
        return
    if "value" in quality and told.status != "failed":
        quality["primary"] = True
    text = about.get("target") or (component.target if component else None)
    target = _target(text) if text else None
    if target is None or metric is None:
        return
    lower = vocabulary().metrics[metric].direction == "lower"
    quality["target_max" if lower else "target_min"] = float(target)
    quality.setdefault("unit", texts.own_unit(metric))
    if told.epochs and any(value is not None for _, value in told.epochs):
        told.measurements.append(_time_to(told, float(target), lower=lower))


def _target(text: str) -> Fraction | None:
    """Return a target in the metric's unit; a percent is written with its sign."""
    number = exact(text.strip().removesuffix("%"))
    return number / 100 if number is not None and text.strip().endswith("%") else number


def _time_to(told: logs.Told, target: float, *, lower: bool) -> dict[str, Any]:
    """Return the training time up to the epoch after which the target was met."""
    seconds = Fraction(0)
    key = {"statistic": "single", "stage": "training", "per": "run"}
    for time, value in told.epochs:
        seconds += time
        if value is not None and (value <= target if lower else value >= target):
            return texts.derived("time-to-quality", seconds, **key)
    return texts.missing("time-to-quality", "target-not-reached", **key)


def _disagrees(unit: Unit, form: logs.Form, about: Mapping[str, str]) -> Iterator[Finding]:
    said = rules.component(about.get("component", ""))
    if said and form.component.startswith("C") and said.code != form.component:
        yield texts.finding(
            "BF103",
            unit.path.name,
            f"it reads like a log of {form.component}, and is said to be of {said.code}",
            "look which is right",
            said.code,
        )
