"""AI Benchmark desktop (ETH Zurich, `ai-benchmark` on PyPI): posted logs, tables, and `bench.json` of a fork.

A time is that of one batch, and images per second are derived from it. A run gives a record for each sub-test and one
for its scores; they share `provenance.execution`. The table of sub-tests is `benchfmt.suites.ai_benchmark`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from benchfmt.converters import texts
from benchfmt.converters.ai_benchmark import log, retyped
from benchfmt.converters.ai_benchmark.scores import Again, recomputed, settled
from benchfmt.converters.base import (
    Failed,
    Item,
    Match,
    Pattern,
    Skipped,
    Source,
    Unit,
    with_endings,
)
from benchfmt.converters.mlperf import systems
from benchfmt.finding import BenchfmtError, Finding
from benchfmt.limits import Limits
from benchfmt.readers import jsons
from benchfmt.readers.files import file_sha256
from benchfmt.readers.lines import ENDINGS
from benchfmt.record import given
from benchfmt.suites import ai_benchmark as rules
from benchfmt.units import convert

NAME = "ai-benchmark"
VERSION = "1.0"
SUITE = "ai-benchmark"
OPTIONS = ("processor", "accelerator", "system", "date", "submitter", "url")
SHARES_LOGS = True

STAGES = {"inference": "inference", "training": "training-step", "micro": "inference"}
SCORES = {"AI": "ai-score", "Inference": "inference-score", "Training": "training-score"}
_WORDS = (
    "AI-Benchmark",
    " batch=",
    "Device Inference Score",
    "Device Training Score",
    "Device AI Score",
    "CPU RAM:",
)
"""One of them stands in every post; looking for them first is quick."""
_LONGEST_LINE = 2_000
"""No line of a log is longer than a screen is wide."""
_BENCH_KEYS = {"public_id", "type", "time_mean", "time_std"}
_BENCH_HEAD = re.compile(r'^\s*\[\s*\{[^{}]*"public_id"')
PATTERNS = (
    Pattern(
        with_endings(*ENDINGS, ".markdown", ".json"),
        words=("AI-Benchmark", "batch=", "Score", "CPU RAM", '"public_id"'),
    ),
)


def detect(source: Source) -> Match | None:
    """Say how many logs of AI Benchmark a source holds, or None."""
    found = [path for path, kind in _files(source) if kind != "scores"]
    if found:
        return Match(0.9, f"{len(found)} logs of AI Benchmark, first {source.relative(found[0])}")
    scores = [path for path, _ in _files(source)]
    return (
        Match(0.7, f"{len(scores)} posts of AI Benchmark's scores, first {scores[0].name}")
        if scores
        else None
    )


def plan(source: Source, options: Mapping[str, str]) -> Iterator[Unit | Skipped | Failed]:
    """Yield a unit for each log, table or `bench.json`."""
    for path, kind in _files(source):
        yield Unit(path, options=options, extra=kind, limits=source.limits)


def read(unit: Unit) -> Iterator[Item]:
    """Yield the records of one file."""
    try:
        maker = Maker(unit, file_sha256(unit.path))
        yield from maker.bench() if unit.extra == "bench" else maker.posted()
    except BenchfmtError as error:
        yield Failed(unit.path, str(error))


def _files(source: Source) -> Iterator[tuple[Path, str]]:
    for path, head in texts.readable(source, *ENDINGS, ".markdown", ".json", own=log.OWN):
        kind = kind_of(head)
        if kind:
            yield path, kind


def kind_of(head: str) -> str | None:
    """Say by its beginning what a file is: a log, `bench.json`, scores alone, or nothing of AI Benchmark."""
    if _BENCH_HEAD.match(head) and '"time_mean"' in head:
        return "bench"
    if not any(word in head for word in _WORDS):
        return None
    text = log.plain_letters(head)
    if log.BANNER.search(text) or log.LOOSE.search(text) or _describes_device(text):
        return "log"
    if log.SCORE.search(text):
        return "scores"
    retyped = re.search(
        r"\|\s*(?:Device (?:Inference|Training|AI) Score|(?:inference|training)\s+batch=\d+,\s*size=\d+x)",
        text,
    )
    return "log" if retyped and re.search(r"\|\s*stage\s*\|", text) else None


def _describes_device(text: str) -> bool:
    """Say whether the lines stand in a text by which the package describes the device before its tests."""
    keys = {match["key"] for line in text.split("\n") if (match := log.INFO.search(line))}
    return keys >= {"TF Version", "CPU RAM"}


def runs_of(path: Path, limits: Limits) -> list[log.Run]:
    """Return the runs of a posted text, those of consoles first, then those of tables."""
    lines = [
        (line.number, log.plain_letters(line.text[:_LONGEST_LINE]))
        for line in texts.lines_of(path, log.OWN, limits)
    ]
    unended = None if texts.is_ended(path) or not lines else max(number for number, _ in lines)
    table = [(number, line) for number, line in lines if log.ROW.match(line)]
    plain = [(number, line) for number, line in lines if not log.ROW.match(line)]
    consoles = list(settled(log.runs(plain), unended))
    columns = list(retyped.runs(table, unended))
    pins = retyped.pins(plain) if columns else {}
    for run in columns:
        run.pins = pins
    found = [*consoles, *columns]
    for number, run in enumerate((run for run in found if run.measured), start=1):
        run.number = number
    return found


@dataclass(frozen=True)
class Maker:
    """Makes the records of one file."""

    unit: Unit
    sha256: str

    def posted(self) -> Iterator[Item]:
        """Yield what each run of a posted log gives."""
        runs = runs_of(self.unit.path, self.unit.limits)
        if not any(run.measured for run in runs):
            yield Failed(
                self.unit.path,
                "no test and no score of AI Benchmark: the run was cut off before its first test",
            )
            return
        for run in runs:
            if run.measured:
                yield from self._run(run)
            else:
                yield Skipped(
                    self.unit.path,
                    f"line {run.line}: a run that ended before its first test",
                    run.line,
                )

    def _run(self, run: log.Run) -> Iterator[Item]:
        for result in run.results:
            yield from self._result(run, result)
        for damaged in run.damaged:
            yield Failed(self.unit.path, f"line {damaged.line}: {damaged.reason}", damaged.line)
        if run.results or run.scores:
            yield self._made(self._summary(run), len(run.results) + 1)
        yield from self._findings(run)

    def _result(self, run: log.Run, result: log.Result) -> Iterator[Item]:
        path = self.unit.path
        if result.test is None and not rules.of_model(_number(result.printed), result.kind):
            yield Failed(
                path,
                f"line {result.line}: the suite has no {result.kind} test {result.printed}",
                result.line,
            )
        elif result.batch is None:
            yield Failed(
                path,
                f"line {result.line}: batch and size of test {result.printed} cannot be read",
                result.line,
            )
        else:
            yield self._made(self._test(run, result), result.line)

    def _made(self, data: Mapping[str, Any], row: int) -> Item:
        try:
            return texts.record(data)
        except ValueError as error:
            return Failed(self.unit.path, f"not a result: {error}", row)

    def _frame(self, run: log.Run, test: str) -> dict[str, Any]:
        options = self.unit.options
        return {
            "benchfmt": "1.0",
            "benchmark": given(
                suite=SUITE, suite_version=run.version or run.pins.get("ai-benchmark")
            ),
            "system": system_of(run, options),
            "software": software_of(run),
            "configuration": given(placement=placement_of(run)),
            "status": "ok",
            "provenance": given(
                submitter=options.get("submitter"),
                measured_at=options.get("date"),
                url=options.get("url"),
                execution=f"{self.unit.path.name}@{self.sha256[:8]}#{run.number}",
                sources=[
                    {
                        "path": self.unit.path.name,
                        "sha256": self.sha256,
                        "locator": f"run={run.number}&test={test}",
                    }
                ],
                converter=NAME,
                converter_version=VERSION,
            ),
        }

    def _test(self, run: log.Run, result: log.Result) -> dict[str, Any]:
        data = self._frame(run, result.printed)
        describe(data, result.test, result)
        extra = given(
            test=result.printed if result.test and result.test.id != result.printed else None,
            repaired_from=result.repaired,
            note=result.note,
        )
        data["extensions"] = {SUITE: extra}
        key = {"stage": STAGES[result.kind], "per": "batch", "primary": True}
        if result.mean is None or result.std is None:
            data["status"], data["status_detail"] = "failed", result.note
            data["measurements"] = [
                {
                    **texts.missing("latency", "run-failed", statistic="mean", **key),
                    "reported_value": result.note,
                }
            ]
            return data
        data["measurements"] = measured(result, key)
        if not any("value" in item for item in data["measurements"]):
            data["status"], data["status_detail"] = (
                "incomplete",
                "the time is printed as 0, below what its digits resolve",
            )
        return data

    def _summary(self, run: log.Run) -> dict[str, Any]:
        data = self._frame(run, "scores")
        micro = any(r.test and r.test.kind == "micro" for r in run.results)
        data["benchmark"]["name"] = "micro-summary" if micro else "summary"
        data["task"] = "mixed"
        told = {kind: text for kind, (text, _) in run.scores.items()}
        again = recomputed(run)
        if told.keys() - _zeros(told):
            ran = {result.kind for result in run.results}
            data["measurements"] = [
                _score(kind, told, again, ran, micro=micro) for kind in SCORES if kind in told
            ]
            _head(data["measurements"])
        else:
            data["status"], data["status_detail"] = "incomplete", _ended(run)
            data["measurements"] = [
                texts.missing(f"{SUITE}:{SCORES[kind]}", "not-reached") for kind in _expected(run)
            ]
        if again and told:
            data["extensions"] = {
                SUITE: {"recomputed": {SCORES[kind]: item.score for kind, item in again.items()}}
            }
        return data

    def _findings(self, run: log.Run) -> Iterator[Finding]:
        where = self.unit.path.name
        again = recomputed(run)
        if run.strangers:
            line = min(line for _, line in run.scores.values())
            yield texts.finding(
                "BF405",
                where,
                f"line {line}: the scores do not follow from the tests before them; they stand for a run of "
                "their own, of which neither tests nor device are known",
                "keep the whole log of one run",
            )
        for kind, (text, line) in run.scores.items():
            if kind not in again or text == "0":
                continue
            if not again[kind].agrees(text):
                yield texts.finding(
                    "BF405",
                    where,
                    f"line {line}: the {_words(kind)} score {text} does not follow from the tests beside it, which give "
                    f"{again[kind].score}: it is another run's",
                    "keep the whole log of one run",
                    text,
                )
            elif kind != "AI" and again[kind].tests < again[kind].of:
                yield texts.finding(
                    "BF405",
                    where,
                    f"line {line}: the {_words(kind)} score {text} rests on {again[kind].tests} of {again[kind].of} tests: "
                    "it compares with no other",
                    None,
                    text,
                )
        for result in run.results:
            if result.repaired and result.mean is not None:
                yield texts.finding(
                    "BF103",
                    where,
                    f"line {result.line}: the configuration of test {result.printed} is damaged; the table of sub-tests "
                    "leaves one reading, which was taken",
                    None,
                    result.repaired,
                )
            elif (
                result.test is None
                and result.batch
                and rules.of_model(_number(result.printed), result.kind)
            ):
                yield texts.finding(
                    "BF103",
                    where,
                    f"line {result.line}: test {result.printed} was run with a batch or size that is not "
                    "the suite's; no score follows from it",
                    None,
                    f"batch={result.batch}",
                )
        if (
            not run.results
            and not run.info
            and not {"processor", "accelerator"} & set(self.unit.options)
        ):
            yield texts.finding(
                "BF515",
                where,
                "the post holds scores alone and does not say of which device",
                "say it: --option processor=… or --option accelerator=…",
            )
        elif (
            "CPU RAM" in run.info
            and placement_of(run) == ["cpu"]
            and run.info.get("CPU", "N/A") == "N/A"
            and "processor" not in self.unit.options
        ):
            yield texts.finding(
                "BF515",
                where,
                "the run was on a processor, which the log does not name (CPU: N/A)",
                "say which: --option processor=…",
            )

    def bench(self) -> Iterator[Item]:
        """Yield what `bench.json` of a fork gives: a test each, appended by one process after another."""
        data = jsons.read(self.unit.path, self.unit.limits, digits=True)
        if not isinstance(data, list):
            raise BenchfmtError(f"{self.unit.path.name}: a list of tests is expected")
        run, seen = log.Run(1), set[str]()
        for index, item in enumerate(data):
            if not isinstance(item, dict) or not item.keys() >= _BENCH_KEYS:
                yield Failed(
                    self.unit.path,
                    f"item {index} has no public_id, type, time_mean and time_std",
                    index + 1,
                )
                continue
            if item["public_id"] in seen:  # the next run was appended to the same file
                run, seen = log.Run(run.number + 1), set()
            seen.add(item["public_id"])
            yield from self._bench_item(run, index, item)

    def _bench_item(self, run: log.Run, index: int, item: Mapping[str, Any]) -> Iterator[Item]:
        test = bench_test(str(item["public_id"]), str(item["type"]), item.get("ref_time"))
        if test is None:
            words = f"item {index}: no sub-test is {item['public_id']!r} ({item['type']}) with this reference time"
            yield Failed(self.unit.path, words, index + 1)
            return
        data = self._frame(run, "")
        data["provenance"]["sources"][0]["locator"] = f"/{index}"
        result = log.Result(
            str(item["public_id"]),
            str(item["type"]),
            index + 1,
            str(item["time_mean"]),
            str(item["time_std"]),
            test.batch,
            test.size,
            test,
        )
        try:
            describe(data, test, result)
            data["extensions"] = {
                SUITE: given(test=result.printed if result.printed != test.id else None)
            }
            data["measurements"] = measured(
                result, {"stage": STAGES[test.kind], "per": "batch", "primary": True}
            )
        except ValueError as error:
            yield Failed(self.unit.path, f"item {index}: {error}", index + 1)
            return
        yield self._made(data, index + 1)


def describe(data: dict[str, Any], test: rules.Test | None, result: log.Result) -> None:
    """Say in a record which sub-test it is of; one with a configuration of the poster's own is named as it is printed."""
    data["benchmark"] |= given(
        name=test.id if test else f"custom-{result.printed}",
        scenario="closed-loop",
        phase="training" if result.kind == "training" else "inference",
    )
    same = rules.of_model(_number(result.printed), result.kind)
    known = test or (same[0] if same else None)
    data["task"] = known.task if known else None
    data["model"] = given(name=known.model if known else None)
    data["configuration"] |= given(
        batch_size=result.batch, input_shape=list(result.size) if result.size else None
    )


def measured(result: log.Result, key: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the time of a batch as printed, and the images per second that follow from it."""
    mean, std = str(result.mean), str(result.std)
    single = rules.is_single_pass(mean, std) or len(result.passes) == 1
    caveats = ["single-observation", "warm-up-included"] if single else []
    caveats += ["source-repaired"] if result.repaired else []
    caveats += ["errors-logged"] if result.note else []
    more: dict[str, Any] = {"caveats": caveats} if caveats else {}
    counted = result.passes[1:] if len(result.passes) > 1 else result.passes
    spread: dict[str, Any] = {"n": 1} if single else {"stddev": convert(std, "ms", "s")}
    if counted and _agrees(counted, mean, std):
        spread |= {"n": len(counted), "samples": [convert(text, "ms", "s") for text in counted]}
    statistic = "single" if single else "mean"
    latency = texts.measurement("latency", mean, "ms", statistic=statistic, **key, **spread, **more)
    if not latency["value"]:  # printed as 0.0 ms: no batch takes no time
        return [
            {
                **texts.missing("latency", "below-resolution", statistic=statistic, **key),
                "reported_value": mean,
            }
        ]
    if not result.batch:
        return [latency]
    rate = Fraction(result.batch * 1000) / Fraction(mean)
    return [latency, texts.derived("throughput", rate, stage=key["stage"], per="sample", **more)]


def _agrees(passes: tuple[str, ...], mean: str, std: str) -> bool:
    """Say whether mean and deviation that were printed are those of the passes that count, as far as they were printed."""
    times = [int(text) for text in passes]
    average = Fraction(sum(times), len(times))
    deviation = math.sqrt(sum((time - average) ** 2 for time in times) / len(times))
    return abs(average - Fraction(mean)) <= _half(mean) and abs(deviation - float(std)) <= float(
        _half(std)
    ) * (1 + 1e-9)


def _half(printed: str) -> Fraction:
    """Return half of the last digit of a printed number."""
    return Fraction(1, 2 * 10 ** len(printed.partition(".")[2]))


def system_of(run: log.Run, options: Mapping[str, str]) -> dict[str, Any]:
    """Return the machine as the log describes it; what it does not say may be given as an option."""
    cpu = run.info.get("CPU")
    named = (
        texts.one_line(cpu)
        if cpu and cpu != "N/A"
        else options.get("processor") or _column_of_a_processor(run)
    )
    memory = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) GB", run.info.get("CPU RAM", ""))
    said = given(
        cpu=cpu,
        cpu_ram=run.info.get("CPU RAM"),
        gpu="; ".join(run.gpus) or None,
        gpu_ram="; ".join(run.gpu_ram) or None,
        device=run.device,
    )
    return {
        "name": options.get("system") or run.device,
        "processor": given(name=named),
        "accelerator": accelerators_of(run, options),
        "memory_bytes": round(Fraction(memory[1]) * 2**30) if memory else None,
        "operating_system": texts.one_line(run.info["Platform"])
        if run.info.get("Platform")
        else None,
        "extensions": {SUITE: {name: texts.one_line(text) for name, text in said.items()}},
    }


def _column_of_a_processor(run: log.Run) -> str | None:
    """Return the processor that heads a retyped column, as in `i9-10900 CPU`."""
    return run.device.removesuffix(" CPU") if run.device and run.device.endswith(" CPU") else None


def accelerators_of(run: log.Run, options: Mapping[str, str]) -> Any:
    """Return the GPUs that the log lists; one that goes by N/A is a GPU without a name."""
    names = [name if name != "N/A" else options.get("accelerator") for name in run.gpus]
    if not names and "accelerator" in options:
        name = texts.one_line(options["accelerator"])
        return given(kind=systems.accelerator_kind(name), name=name)
    if not names:
        return None
    kinds = list(dict.fromkeys(names))
    found = [
        given(kind="gpu", name=name and texts.one_line(name), count=names.count(name))
        for name in kinds
    ]
    return found[0] if len(found) == 1 else found


def placement_of(run: log.Run) -> list[str] | None:
    """Return what ran the tests: the package lists the GPUs that it uses after the memory; without one it was the processor.

    A log that lacks the description, or its end, says neither.
    """
    if run.gpus or run.gpu_ram:
        return ["gpu"]
    listed = "CPU RAM" in run.info or (run.device and run.device.endswith(" CPU"))
    return ["cpu"] if listed else None


def software_of(run: log.Run) -> dict[str, Any]:
    """Return TensorFlow with its version, and CUDA where the log names one."""
    version = run.info.get("TF Version") or run.pins.get("tensorflow")
    cuda, build = run.info.get("CUDA Version", "N/A"), run.info.get("CUDA Build", "N/A")
    stack = {
        name: text for name, text in run.pins.items() if name not in ("tensorflow", "ai-benchmark")
    }
    stack |= {} if cuda == "N/A" else {"cuda": texts.one_line(cuda)}
    stack |= {} if build == "N/A" else {"cuda-build": texts.one_line(build)}
    return given(
        engine="tensorflow", engine_version=version and texts.one_line(version), stack=stack or None
    )


def _score(
    kind: str,
    told: Mapping[str, str],
    again: Mapping[str, Again],
    ran: Collection[str],
    *,
    micro: bool,
) -> dict[str, Any]:
    metric = f"{SUITE}:{'micro-score' if micro and kind == 'Inference' else SCORES[kind]}"
    if kind in _zeros(told):
        # A fork prints 0 for what was not run; of tests that ran it is a score below 1.
        reason = "below-resolution" if kind.lower() in ran else "not-measured"
        return {**texts.missing(metric, reason), "reported_value": told[kind]}
    caveats = []
    if kind in again:
        caveats += [] if again[kind].agrees(told[kind]) else ["foreign-score"]
        caveats += ["partial-run"] if not caveats and again[kind].tests < again[kind].of else []
    elif kind == "AI" and _zeros(told):  # the sum of one part
        caveats.append("partial-run")
    more: dict[str, Any] = {"caveats": caveats} if caveats else {}
    return texts.measurement(metric, told[kind], basis="derived", **more)


def _head(measurements: list[dict[str, Any]]) -> None:
    """Make the first score that has a value the primary one."""
    first = next(item for item in measurements if "value" in item)
    first["primary"] = True


def _zeros(told: Mapping[str, str]) -> set[str]:
    """Return the scores that are printed as 0, which no run has."""
    return {kind for kind, text in told.items() if int(text) == 0}


def _expected(run: log.Run) -> list[str]:
    kinds = {r.kind for r in run.results}
    named = [score for score in ("Inference", "Training") if score.lower() in kinds]
    return ["AI", *named] if "inference" in kinds else named or ["AI"]


def _ended(run: log.Run) -> str:
    last = (
        f"the log ends after test {run.results[-1].printed}"
        if run.results
        else "the log holds no test"
    )
    return "\n".join([last, *run.errors])


def bench_test(printed: str, kind: str, ref: str | None) -> rules.Test | None:
    """Return the sub-test that an item of `bench.json` is of: its id may count the tests of one kind only."""
    number, _, sub = printed.partition(".")
    if not (number.isdigit() and sub.isdigit() and len(printed) < 6):
        return None
    fits = [
        t for t in rules.of_model(int(number), kind) if ref is None or float(t.ref) == float(ref)
    ]
    exact = [test for test in fits if test.id == printed]
    return exact[0] if exact else fits[0] if len(fits) == 1 else None


def _words(kind: str) -> str:
    return kind if kind == "AI" else kind.lower()


def _number(printed: str) -> int:
    return int(printed.partition(".")[0])
