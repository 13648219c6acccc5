"""The stdout of AI Benchmark's desktop package as people post it: clean, in markdown, cut off, stitched, or retyped.

Lines are searched, not matched from their start: prompts, bullets and noise of TensorFlow stand before and between.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchfmt.suites import ai_benchmark as rules

SPREAD = r"(?:±|Â±|\+/-|\+-|ms,\s*std:|[ñ\ufffd])"
"""What stands between mean and deviation: consoles without ± print words, and others spoil it."""
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_VALUE = rf"(?P<mean>{_NUMBER})\s*{SPREAD}\s*(?P<std>{_NUMBER})\s*ms"
BANNER = re.compile(r">>\s+AI-Benchmark(?:-v\.|\s+-\s+)(?P<version>[0-9][^\s*`]*)")
INFO = re.compile(
    r"\*\s+(?P<key>TF Version|Platform|CPU|CPU RAM|GPU/[0-9]+|GPU RAM|CUDA Version|CUDA Build):\s*(?P<value>.*?)\s*$"
)
SECTION = re.compile(r"(?P<number>[0-9]{1,2})/(?P<of>[0-9]{1,2})\.\s+(?P<name>[A-Z].*?)\s*$")
RESULT = re.compile(
    rf"(?P<number>[0-9]{{1,2}})\.(?P<sub>[0-9])\s*-\s*(?P<kind>inference|training)\s*\|(?P<config>.*?):\s*{_VALUE}"
)
LOOSE = re.compile(r"(?P<number>[0-9]{1,2})\.(?P<sub>[0-9])\s*-\s*(?P<kind>inference|training)\s*\|")
SCORE = re.compile(r"Device (?P<kind>Inference|Training|AI) Score:\s*(?P<score>[0-9]+)")
CONFIG = re.compile(r"batch=(?P<batch>[0-9]{1,6}),size=(?P<a>[0-9]{1,6})x(?P<b>[0-9]{1,6})")
PASS = re.compile(r"(?:Inference|Training) Time:\s*(?P<ms>[0-9]+)\s*ms")
ERROR = re.compile(
    r"Traceback \(most recent|^\s*[\w.]*(?:Error|Exception)\b|: F tensorflow/|^Aborted|Segmentation fault|^Killed|core dumped"
    r"|KeyboardInterrupt|\bOOM when"
)
PIN = re.compile(r"(?P<name>[A-Za-z][\w.-]*)==(?P<version>[0-9][\w.]*)")
_TABLE_STAGE = re.compile(r"^(?P<kind>inference|training)\b\s*(?P<config>.*)$")
_TABLE_SCORE = re.compile(r"^Device (?P<kind>Inference|Training|AI) Score$")
_WITH_NOTE = re.compile(rf"^{_VALUE}\s*(?P<note>.*)$")
_ERRORS_TOLD = 5
_LONGEST_LINE = 2_000
_FANCY = re.compile("[\U0001d400-\U0001d7ff]+")


@dataclass(frozen=True)
class Result:
    """One sub-test of a run; texts are the source's, in milliseconds. `mean` is None for one that failed."""

    printed: str
    kind: str
    line: int
    mean: str | None
    std: str | None
    batch: int | None = None
    size: tuple[int, int] | None = None
    test: rules.Test | None = None
    passes: tuple[str, ...] = ()
    repaired: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Damaged:
    """A line that is a result and cannot be read."""

    line: int
    reason: str


@dataclass
class Run:
    """What one invocation printed."""

    number: int
    version: str | None = None
    info: dict[str, str] = field(default_factory=dict)
    gpus: list[str] = field(default_factory=list)
    gpu_ram: list[str] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    scores: dict[str, tuple[str, int]] = field(default_factory=dict)
    damaged: list[Damaged] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    pins: dict[str, str] = field(default_factory=dict)
    device: str | None = None
    """The heading of the column, where results were retyped as a table."""

    @property
    def says_anything(self) -> bool:
        """Whether there is more than a banner."""
        return bool(self.results or self.scores or self.damaged or self.info)


def runs(text: str) -> list[Run]:
    """Return what each invocation in a text printed, in order."""
    # 0.1.0 prints its banner in mathematical letters. No line of a log is longer than a screen is wide.
    plainly = _FANCY.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    lines = [(number, line[:_LONGEST_LINE]) for number, line in enumerate(plainly.split("\n"), start=1)]
    table = [(number, line) for number, line in lines if line.lstrip().startswith("|")]
    plain = [(number, line) for number, line in lines if not line.lstrip().startswith("|")]
    found = [run for run in _logs(plain) if run.results or run.scores or run.damaged]
    retyped = list(_tables(table, len(found)))
    pins = {m["name"]: m["version"] for _, line in plain for m in PIN.finditer(line)}
    for run in retyped:
        run.pins = pins
    for number, run in enumerate([*found, *retyped], start=1):
        run.number = number
    return [*found, *retyped]


def _logs(lines: list[tuple[int, str]]) -> Iterator[Run]:
    run, passes = Run(1), list[str]()
    for number, raw in lines:
        line = raw.rstrip()
        if starts_anew(run, line):
            yield run
            run, passes = Run(run.number + 1), []
        if match := BANNER.search(line):
            run.version = match["version"]
        elif match := INFO.search(line):
            _inform(run, match["key"], match["value"])
        elif match := RESULT.search(line):
            run.results.append(_result(match, number, tuple(passes)))
            run.errors, passes = [], []
        elif match := PASS.search(line):
            passes.append(match["ms"])
        elif match := SCORE.search(line):
            run.scores.setdefault(match["kind"], (match["score"], number))
        elif match := LOOSE.search(line):
            run.damaged.append(Damaged(number, f"no mean and deviation can be read in {line.strip()!r}"))
        elif ERROR.search(line):
            run.errors = [*run.errors, line.strip()][-_ERRORS_TOLD:]
    yield run


def starts_anew(run: Run, line: str) -> bool:
    """Say whether a line belongs to another invocation than what was read so far."""
    if BANNER.search(line):
        return run.says_anything
    if match := INFO.search(line):
        return match["key"] == "TF Version" and ("TF Version" in run.info or bool(run.results or run.scores))
    if match := LOOSE.search(line):
        printed = f"{match['number']}.{match['sub']}"
        return bool(run.scores) or any(r.printed == printed and r.kind == match["kind"] for r in run.results)
    match = SCORE.search(line)
    return bool(match) and match["kind"] in run.scores if match else False


def _inform(run: Run, key: str, value: str) -> None:
    if key.startswith("GPU/"):
        run.gpus.append(value)
    elif key == "GPU RAM":
        run.gpu_ram.append(value)
    else:
        run.info[key] = value


def _result(match: re.Match[str], line: int, passes: tuple[str, ...]) -> Result:
    batch, size, test, repaired = configuration(int(match["number"]), match["kind"], match["config"])
    return Result(
        printed=f"{match['number']}.{match['sub']}", kind=match["kind"], line=line, mean=match["mean"],
        std=match["std"], batch=batch, size=size, test=test, passes=passes, repaired=repaired,
    )  # fmt: skip


def configuration(
    number: int, kind: str, written: str
) -> tuple[int | None, tuple[int, int] | None, rules.Test | None, str | None]:
    """Return batch, size and sub-test that a line's configuration says, and its text where that had to be mended.

    It is mended only where the table of sub-tests leaves one reading.
    """
    config = "".join(written.split())
    match = CONFIG.fullmatch(config)
    if match:
        batch, size = int(match["batch"]), (int(match["a"]), int(match["b"]))
        test = rules.find(number, kind, batch, size)
        if test:
            return batch, size, test, None
    fits = [test for test in rules.of_model(number, kind) if _could_be(test, config)]
    if len(fits) == 1:
        return fits[0].batch, fits[0].size, fits[0], written.strip() or "(not written)"
    if match:  # a configuration of the poster's own
        return batch, size, None, None
    return None, None, None, None


def _could_be(test: rules.Test, config: str) -> bool:
    """Say whether a damaged text could have been this configuration: characters put in, or the end cut off."""
    whole = f"batch={test.batch},size={test.size[0]}x{test.size[1]}"
    if not config:
        return True
    only = re.sub(r"[^a-z0-9=,]", "", config)
    cut = len(config) >= len(whole) - 2 and whole.startswith(config)
    return only == whole or cut


def _tables(lines: list[tuple[int, str]], already: int) -> Iterator[Run]:
    """Yield the columns of retyped tables: model, stage, then a device each."""
    columns: dict[int, Run] = {}
    number, sub = 0, 0
    for line, raw in lines:
        cells = [cell.strip() for cell in raw.strip().strip("|").split("|")]
        if len(cells) > 2 and cells[1].lower() == "stage":
            yield from _told(columns)
            columns = {
                index: Run(already + index, device=name) for index, name in enumerate(cells[2:], start=2) if name
            }
            continue
        if not columns or len(cells) < 3 or set(raw) <= set("|-: \t"):
            continue
        if match := SECTION.search(cells[0]):
            number, sub = int(match["number"]), 0
        score, stage = _TABLE_SCORE.match(cells[1]), _TABLE_STAGE.match(cells[1])
        sub += bool(stage)
        for index, run in columns.items():
            cell = cells[index] if index < len(cells) else ""
            if cell and score and cell.isdigit():
                run.scores.setdefault(score["kind"], (cell, line))
            elif cell and stage:
                _cell(run, number, sub, stage, cell, line)
    yield from _told(columns)


def _told(columns: dict[int, Run]) -> Iterator[Run]:
    yield from (run for run in columns.values() if run.results or run.scores or run.damaged)


def _cell(run: Run, number: int, sub: int, stage: re.Match[str], cell: str, line: int) -> None:
    batch, size, test, repaired = configuration(number, stage["kind"], stage["config"])
    printed = test.id if test else f"{number}.{sub}"
    value = _WITH_NOTE.match(cell)
    if not value and not re.match(r"(?i)^error", cell):
        run.damaged.append(Damaged(line, f"test {printed}: {cell!r} is no time"))
        return
    run.results.append(
        Result(
            printed=printed, kind=stage["kind"], line=line, mean=value["mean"] if value else None,
            std=value["std"] if value else None, batch=batch, size=size, test=test, repaired=repaired,
            note=(value["note"] or None) if value else cell,
        )
    )  # fmt: skip
