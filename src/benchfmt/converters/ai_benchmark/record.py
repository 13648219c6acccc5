"""A record of AI Benchmark's desktop package: what all records of a run say, and the time of one sub-test."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from benchfmt.converters.ai_benchmark.run import Result, Run, Time
from benchfmt.converters.ai_benchmark.system import add_software, add_system, placement_of
from benchfmt.converters.base import Failed, Item, Unit
from benchfmt.converters.draft import Draft, Key
from benchfmt.suites import ai_benchmark as rules
from benchfmt.units import convert

NAME = "ai-benchmark"
VERSION = "1.0"
SUITE = "ai-benchmark"
STAGES = {"inference": "inference", "training": "training-step", "micro": "inference"}


@dataclass(frozen=True, slots=True)
class Post:
    """A file of results."""

    unit: Unit
    sha256: str

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.unit.path.name

    def draft(self, run: Run, locator: str) -> Draft:
        """Return the draft of a record of a run, with its place in the file."""
        options = self.unit.options
        draft = Draft(NAME, VERSION, SUITE)
        draft.source(self.name, self.sha256, locator)
        draft.benchmark(suite_version=run.version or run.pins.get("ai-benchmark"))
        add_system(draft, run, options)
        add_software(draft, run)
        draft.configuration(placement=placement_of(run))
        draft.provenance(
            submitter=options.get("submitter"),
            measured_at=options.get("date"),
            url=options.get("url"),
            execution=f"{self.name}@{self.sha256[:8]}#{run.number}",
        )
        return draft

    def record(self, run: Run, result: Result, locator: str, fault: str | None) -> Iterator[Item]:
        """Yield the record of a sub-test, or the fault for which it has none."""
        path = self.unit.path
        if fault:
            yield Failed(path, fault, result.line)
            return
        draft = self.draft(run, locator)
        add_result(draft, result)
        yield from draft.items(path, result.line)


def add_result(draft: Draft, result: Result) -> None:
    """Add which sub-test it is, and its time; one with a configuration of the poster's own is named as it is printed."""
    test = result.test
    name = f"custom-{result.printed}"
    phase = "inference"
    if test:
        name = test.id
    if result.kind == "training":
        phase = "training"
    draft.benchmark(name=name, scenario="closed-loop", phase=phase)
    if result.known:
        draft.task = result.known.task
        draft.model(name=result.known.model)
    config = result.configuration
    draft.configuration(batch_size=config.batch)
    if config.size:
        draft.configuration(input_shape=list(config.size))
    if test and test.id != result.printed:
        draft.keep("test", result.printed)
    draft.keep("repaired_from", config.repaired)
    draft.keep("note", result.note)
    _report_configuration(draft, result)
    key = Key(statistic="mean", stage=STAGES[result.kind], per="batch", primary=True)
    if result.time:
        _add_time(draft, result, result.time, key)
        return
    draft.fail("failed", result.note)
    draft.missing("latency", "run-failed", result.note, **key)


def _report_configuration(draft: Draft, result: Result) -> None:
    """Report a configuration that was mended, or that is not the suite's."""
    config = result.configuration
    place = f"line {result.line}:"
    if config.test is None:
        message = (
            f"{place} test {result.printed} was run with a batch or size that is not the suite's; "
            "no score follows from it"
        )
        draft.report("BF103", message, value=f"batch={config.batch}")
    elif config.repaired and result.time:
        message = (
            f"{place} the configuration of test {result.printed} is damaged; the table of sub-tests leaves one "
            "reading, which was taken"
        )
        draft.report("BF103", message, value=config.repaired)


def _add_time(draft: Draft, result: Result, time: Time, key: Key) -> None:
    """Add the time of a batch as printed, and the images per second that follow from it."""
    single = rules.is_single_pass(time.mean, time.std) or len(result.passes) == 1
    if single:
        key["statistic"] = "single"
    if not convert(time.mean, "ms", "s"):
        # Printed as 0.0 ms, and no batch takes no time.
        draft.fail("incomplete", "the time is printed as 0, below what its digits resolve")
        draft.missing("latency", "below-resolution", time.mean, **key)
        return
    latency = draft.measure("latency", time.mean, "ms", **key)
    latency.caveats = _caveats(result, single=single)
    if single:
        latency.n = 1
    else:
        latency.stddev = convert(time.std, "ms", "s")
    # The first of several passes warms up.
    passes = result.passes[1:] or result.passes
    if passes and _agrees(passes, time):
        latency.n = len(passes)
        latency.samples = [convert(text, "ms", "s") for text in passes]
    batch = result.configuration.batch
    if batch:
        rate = Fraction(batch * 1000) / Fraction(time.mean)
        caveats = latency.caveats
        draft.derive("throughput", rate, stage=latency.stage, per="sample", caveats=caveats)


def _caveats(result: Result, *, single: bool) -> list[str] | None:
    caveats = []
    if single:
        caveats += ["single-observation", "warm-up-included"]
    if result.configuration.repaired:
        caveats.append("source-repaired")
    if result.note:
        caveats.append("errors-logged")
    return caveats or None


def _agrees(passes: tuple[str, ...], time: Time) -> bool:
    """Say whether mean and deviation are those of the passes that count, as far as they were printed."""
    times = [int(text) for text in passes]
    average = Fraction(sum(times), len(times))
    deviation = math.sqrt(sum((each - average) ** 2 for each in times) / len(times))
    if abs(average - Fraction(time.mean)) > _half(time.mean):
        return False
    return abs(deviation - float(time.std)) <= float(_half(time.std)) * (1 + 1e-9)


def _half(printed: str) -> Fraction:
    """Return half of the last digit of a printed number."""
    return Fraction(1, 2 * 10 ** len(printed.partition(".")[2]))
