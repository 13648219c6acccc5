"""The runs that a log of trtexec holds."""

from __future__ import annotations

import re
from collections import Counter

from benchfmt.limits import LIMITS, Limits
from benchfmt.readers import lines, repeats
from benchfmt.readers.lines import Line
from benchfmt.readers.patterns import compiled
from benchfmt.readers.trtexec.log_lines import (
    ANYWHERE,
    BARE,
    BLOCKS,
    LINE,
    ORDER,
    OWN,
    PARTS,
    PROSE,
    SHELL,
    STATISTIC,
    key_of,
    mark_of,
)
from benchfmt.readers.trtexec.run import STAGES, Run

_SECTIONS = {
    "Model Options",
    "Build Options",
    "System Options",
    "Inference Options",
    "Reporting Options",
    "Device Information",
}
_FIRST = ("=== Model Options ===", "=== Performance summary ===")
"""What a run prints before all else of its kind."""
_OLD = re.compile(
    PARTS + r": (?P<number>\S+) ms(?: at (?P<level>[0-9.]+)%)?"
    r"(?: \(end to end (?P<whole>\S+) ms(?: at [0-9.]+%)?\))?"
)
_BINDING = re.compile(
    r"(?:Created input binding for (?P<old>.+) with dimensions (?P<odims>[0-9x]+)"
    r"|Input binding for (?P<new>.+) with dimensions (?P<ndims>[0-9x]+)(?: and type (?P<type>\S+))? is created\.?)"
)
_DEVICE = re.compile(r'Device [0-9]+: "(?P<name>.+)" UUID:')
_TOTALS = compiled(
    {
        "throughput": r"(?i:throughput: (\S+) qps)",
        "walltime": r"(?:Total Host Walltime|walltime): (\S+) s",
        "gpu_total": r"(?:Total GPU Compute Time|total compute time): (\S+) s",
        "unstable": r"\* GPU compute time is unstable, with coefficient of variance = ([^%]+)%",
        "built": r"Engine built in (\S+) sec",
        "loaded": r"Engine (?:deserialized|loaded) in (\S+) sec",
        "warm_ups": r"Warmup completed ([0-9]{1,15}) queries",
        "queries": r"Timing trace has ([0-9]{1,15}) queries",
        "engine_size": r"(?:Created engine with size|(?:\[TRT\] )?Loaded engine size): (\S+ Mi?B)",
        "context_memory": r"Created execution context with device memory size: (\S+ MiB)",
        "build_memory": r"Peak memory usage of TRT CPU/GPU memory allocators: (.+)",
    }
)
_PROFILE = re.compile(r"=== Profile \(([0-9]{1,15}) iterations ?\) ===")
_TOTAL_ROW = re.compile(
    r"\s*(?:Total\s+([0-9.]+)\s+[0-9.]+\s+[0-9.]+|([0-9.]+)\s+[0-9.]+(?:\s+[0-9.]+)*\s+Total)\s*"
)


def runs(source: str | list[Line], limits: Limits = LIMITS) -> list[Run]:
    """Return the runs of a log in their order; lines of anything else are passed over.

    Raises BenchfmtError where runs wrote at once and nothing says whose a line is, and UnsafeError for too many.
    """
    printed = lines.read(source, OWN, limits) if isinstance(source, str) else source
    _check_apart(printed)
    reader = _Reader(limits)
    for chunk in repeats.runs(printed, key_of, ORDER, ANYWHERE, limits):
        reader.close(chunk[0].number)
        for line in chunk:
            reader.take(line.number, line.text)
    reader.close()
    return reader.runs


def _check_apart(printed: list[Line]) -> None:
    """Refuse a log in which a run ends that began before the run that is going on or has just ended."""
    begun: Counter[str] = Counter()
    # The command that began last; empty once it has ended.
    latest = ""
    last: Line | None = None
    for line in printed:
        mark = mark_of(line.text)
        if mark is None:
            continue
        if last is None or line.origin != last.origin:
            begun.clear()
        elif line.text == last.text:
            continue
        last = line
        command = (mark["command"] or "").strip()
        if mark["word"] == "RUNNING":
            begun[command] += 1
            latest = command
        elif begun[command]:
            if latest != command:
                raise repeats.at_once(line.number)
            # What began before it may have been aborted; then it never ends.
            begun[command] -= 1
            begun[""] += 1
            latest = ""


class _Reader:
    """Takes a log line by line."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.runs: list[Run] = []
        self.run = Run()
        self.section = ""
        self.block = ""
        self.in_profile = False

    def close(self, line: int = 1) -> None:
        """End a run, if it said something, and begin another at a line."""
        if self.run.says_something:
            self.run.number = len(self.runs) + 1
            self.runs.append(self.run)
            # A line that stands many times in a row is one for `repeats`, and may end a run each time.
            repeats.refuse_many(len(self.runs), self._limits)
        self.run = Run(line=line)
        self.section = ""
        self.block = ""
        self.in_profile = False

    def take(self, number: int, line: str) -> None:
        """Take one line."""
        mark = mark_of(line)
        match = LINE.match(line)
        if mark:
            self._mark(number, mark)
        elif match:
            self._leveled(number, match)
        else:
            self._bare(number, line.strip())

    def _leveled(self, number: int, match: re.Match[str]) -> None:
        """Take a line with a level."""
        text = match["text"].strip()
        if self.run.end and (text in _FIRST or text.lower() == "host latency"):
            self.close(number)  # the next run of a file that was cut
        run = self.run
        if match["year"] and not run.stamp and not run.end:
            run.stamp = f"{match['year']}-{match['month']}-{match['day']}T{match['time']}"
        level = match["level"]
        if level in "EF":
            run.errors.append(text)
        elif level == "W":
            run.warnings.append(text)
        if level in "IW" and not run.end:
            self._text(number, text)

    def _bare(self, number: int, text: str) -> None:
        """Take a line without a level: a command line, or one of an excerpt."""
        shell = SHELL.search(text)
        if shell and not self.run.command:
            self.run.shell = shell["command"].strip()
        elif PROSE.match(text):
            self.run.damaged.append((number, text))
        elif not shell and BARE.match(text) and not self.run.end:
            self._text(number, text)

    def _mark(self, number: int, mark: re.Match[str]) -> None:
        begins = mark["word"] == "RUNNING"
        command = (mark["command"] or "").strip()
        another = bool(command and self.run.command and command != self.run.command)
        if another or self.run.end or (begins and self.run.says_something):
            self.close(number)
        run = self.run
        run.tag = mark["tag"] or run.tag
        run.build = mark["build"] or run.build
        run.command = command or run.command
        if not begins:
            run.end = mark["word"]
            run.end_line = mark[0].partition(" # ")[0].strip()

    def _text(self, number: int, text: str) -> None:
        run = self.run
        header = re.fullmatch(r"=== (.+) ===", text)
        total = _TOTAL_ROW.fullmatch(text) if self.in_profile else None
        if header:
            self._header(text, header[1])
        elif text.lower() in BLOCKS:
            self.block = BLOCKS[text.lower()]
        elif text.startswith("The e2e network timing is not reported"):
            run.not_reported = True
        elif text.startswith("Skipped inference phase"):
            run.skipped = True
        elif total:
            run.profile_total = total[1] or total[2]
            self.in_profile = False
        elif not self._number(number, text) and not text.startswith("[TRT]"):
            self._label(text)

    def _header(self, text: str, title: str) -> None:
        self.block = ""
        self.section = ""
        if title in _SECTIONS:
            self.section = title
        profile = _PROFILE.fullmatch(text)
        self.in_profile = profile is not None and not self.run.profile_count
        if profile and self.in_profile:
            self.run.profile_count = profile[1]

    def _number(self, number: int, text: str) -> bool:
        """Take the numbers of a line; False where it says none."""
        word, _, rest = text.partition(": ")
        stage = STAGES.get(word.lower())
        if stage and "=" in rest:
            if STATISTIC.sub("", rest).strip(" ,`"):
                self.run.damaged.append((number, text))
            if stage not in self.run.summary:
                self.run.summary[stage] = {
                    _name(match["name"], match["level"]): match["number"]
                    for match in STATISTIC.finditer(rest)
                }
            return True
        return self._old_number(text) or self._total(text)

    def _old_number(self, text: str) -> bool:
        """Take a statistic as TensorRT 7 prints it, with that of the whole request beside it."""
        match = _OLD.fullmatch(text) if self.block else None
        if match is None:
            return False
        name = _name(match["name"], match["level"])
        self.run.summary.setdefault(self.block, {}).setdefault(name, match["number"])
        if match["whole"]:
            self.run.summary.setdefault("request", {}).setdefault(name, match["whole"])
        return True

    def _total(self, text: str) -> bool:
        for name, pattern in _TOTALS.items():
            match = pattern.match(text)
            if match:
                if name == "engine_size":
                    self.run.engine_sizes.append(match[1])
                self.run.totals.setdefault(name, match[1])
                return True
        return False

    def _label(self, text: str) -> None:
        run = self.run
        binding = _BINDING.fullmatch(text)
        device = _DEVICE.match(text)
        label, colon, value = (part.strip() for part in text.partition(":"))
        if binding:
            name = binding["old"] or binding["new"]
            run.bindings.append((name, binding["odims"] or binding["ndims"]))
        elif device:
            run.devices.append(device["name"])
        elif colon and label == "TensorRT version":
            run.options.setdefault("Device Information", {})[label] = value
            self.section = ""
        elif colon and self.section:
            self._option(label, value)

    def _option(self, label: str, value: str) -> None:
        if label == "Input inference shape":
            self.run.shapes.append(value)
        else:
            self.run.options.setdefault(self.section, {}).setdefault(label, value)


def _name(word: str, level: str | None) -> str:
    """Return the statistic that a word names: `percentile` at 99 is p99, at 50 the median."""
    if word != "percentile":
        return word
    plain = level or "99"
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return {"50": "median", "100": "max"}.get(plain, f"p{plain}")
