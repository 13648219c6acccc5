"""Component logs of AIBench as records: one for each run of a log, with the target and the time to it where both are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from benchfmt.converters import texts
from benchfmt.converters.aibench import about as saying
from benchfmt.converters.aibench import apart, logs
from benchfmt.converters.aibench.numbers import set_target
from benchfmt.converters.aibench.run import Run
from benchfmt.converters.base import Failed, Item, Skipped, Unit
from benchfmt.converters.draft import Draft, Key, Number, own_unit, possible
from benchfmt.finding import Finding
from benchfmt.numbers import exact
from benchfmt.suites import aibench as rules

_SHOWN = {"M": "a micro benchmark", "face": "Edge AIBench's face recognition"}


def read(unit: Unit) -> Iterator[Item]:
    """Yield a record for each run of one log."""
    about = saying.declared(unit)
    text = texts.text_of(unit.path, logs.OWN)
    if not texts.is_ended(unit.path):
        text = text.rstrip("\n")
    forms = logs.forms_of(text)
    if not forms:
        yield Failed(unit.path, "it begins like a component's log, but the rest does not fit")
        return
    component = rules.component(about.get("component", ""))
    form = _form_of(component, forms)
    others = {other.component for other in forms if not other.generic} - {form.component}
    if others:
        names = " and ".join(sorted({form.component, *others}))
        reason = f"it reads like logs of {names}; give each a file of its own"
        yield Failed(unit.path, f"two runs in one file: {reason}")
        return
    if form.generic and "component" not in about:
        shown = _SHOWN.get(form.component, f"AIBench {form.component}")
        reason = f"it reads like a log of {shown}, and of many other programs: {_unsaid(unit)}"
        yield Skipped(unit.path, reason)
        return
    if component and form.component.startswith("C") and component.code != form.component:
        yield _contradiction(unit, form, component)
    yield from _runs(unit, form, about, text)


def _form_of(component: rules.Component | None, forms: list[logs.Form]) -> logs.Form:
    """Return the form of the component that the user names, else the surest."""
    for form in forms:
        if component and form.component == component.code:
            return form
    return forms[0]


def _unsaid(unit: Unit) -> str:
    """Say how a component is named."""
    name = f"{unit.path.name}{saying.SIDECAR}"
    return f'say in {name} {{"component": "C…"}} or with --option component=C…'


def _contradiction(unit: Unit, form: logs.Form, component: rules.Component) -> Finding:
    message = f"it reads like a log of {form.component}, and is said to be of {component.code}"
    hint = "find out which one is right"
    return texts.finding("BF103", unit.path.name, message, hint, component.code)


# --- the runs of a log ---


def _runs(unit: Unit, form: logs.Form, about: Mapping[str, str], text: str) -> Iterator[Item]:
    """Yield the record of each run of a log, or why it gives none."""
    whole = apart.without_cut(text, form.component)
    if whole != text:
        line = text.count("\n") + 1
        message = f"line {line}: the file ends in a number, of which digits may be cut off; it is not taken"
        yield texts.finding("BF103", unit.path.name, message, "end the last line with a line break")
    runs = apart.runs(whole, apart.MARKS.get(form.component, ()), unit.limits)
    if len(runs) == 1:
        yield _single(unit, form, about, runs[0][1])
        return
    for number, (line, part) in enumerate(runs, start=1):
        where = f"line {line}: "
        if not form.begins(part):
            yield Skipped(unit.path, f"{where}{_NO_RESULT}", number)
            continue
        draft = saying.drafted(unit, form.suite, about, f"run={number}")
        yield _record(unit, form, about, Run(part, draft), where, number)


_NO_RESULT = "a run that ended before its first result"


def _single(unit: Unit, form: logs.Form, about: Mapping[str, str], text: str) -> Item:
    if not form.begins(text):
        return Failed(unit.path, _NO_RESULT)
    run = Run(text, saying.drafted(unit, form.suite, about))
    return _record(unit, form, about, run)


def _record(
    unit: Unit,
    form: logs.Form,
    about: Mapping[str, str],
    run: Run,
    where: str = "",
    number: int | None = None,
) -> Item:
    """Return the record of a run, or why it is not one, with the line at which the run begins."""
    draft = run.draft
    draft.phase = "training"
    component = rules.component(about.get("component", form.component))
    try:
        _describe(draft, form, component, about)
        form.read(run)
        saying.describe(draft, about)
        _add_target(run, component, about)
        draft.numbers = [possible(item) for item in draft.numbers]
        return draft.build()
    except ValueError as error:
        return Failed(unit.path, f"{where}not a result: {error}", number)


def _describe(
    draft: Draft, form: logs.Form, component: rules.Component | None, about: Mapping[str, str]
) -> None:
    """Add what is known of the component; its log and the user may say otherwise."""
    if component is not None:
        draft.benchmark(name=component.name)
        draft.task = component.task
        draft.model(name=component.model)
        draft.dataset(name=component.dataset)
        return
    draft.benchmark(name=form.name)
    draft.task = form.task
    micro = rules.micro(about.get("component", ""))
    if micro is not None:
        name, operation = micro
        draft.benchmark(name=name)
        draft.model(name=operation)


# --- the target ---


def _add_target(run: Run, component: rules.Component | None, about: Mapping[str, str]) -> None:
    """Make the component's quality the primary number, with its target and the time to it where they are known."""
    draft = run.draft
    quality = _quality(draft, component)
    if component is None or quality is None:
        _mark_single(draft)
        return
    if quality.value is not None and draft.status != "failed":
        quality.primary = True
    target = _target(about.get("target") or component.target or "")
    if target is None:
        return
    set_target(quality, float(target))
    quality.unit = own_unit(quality.metric, quality.unit)
    if any(value is not None for _, value in run.epochs):
        _add_time_to(run, target, is_lower=quality.target_max is not None)


def _mark_single(draft: Draft) -> None:
    """Make the only number of a run the primary one."""
    for number in draft.numbers:
        if len(draft.numbers) == 1 and number.value is not None:
            number.primary = True


def _quality(draft: Draft, component: rules.Component | None) -> Number | None:
    if component is None:
        return None
    for number in draft.numbers:
        if number.metric == component.metric and number.scope is None:
            return number
    return None


def _target(text: str) -> Fraction | None:
    """Return a target in the metric's unit; a percent is written with its sign."""
    stripped = text.strip()
    number = exact(stripped.removesuffix("%"))
    if number is not None and stripped.endswith("%"):
        return number / 100
    return number


def _add_time_to(run: Run, target: Fraction, *, is_lower: bool) -> None:
    """Add the training time up to the epoch after which the target was met."""
    seconds = Fraction(0)
    key: Key = {"statistic": "single", "stage": "training", "per": "run"}
    for time, quality in run.epochs:
        seconds += time
        if quality is None:
            continue
        is_met = quality >= target
        if is_lower:
            is_met = quality <= target
        if is_met:
            run.draft.derive("time-to-quality", seconds, **key)
            return
    run.draft.missing("time-to-quality", "target-not-reached", **key)
