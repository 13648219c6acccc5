"""MLPerf Power: the mean of a meter's log (spl.txt) inside the measured window, as the submission checker takes it.

https://github.com/mlcommons/inference/blob/master/tools/submission/submission_checker/checks/power_check.py
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS, Limits
from benchfmt.readers import heads, mlperf_json

BLOCK_BYTES = 2**18
DAY = 86_400


class PowerError(BenchfmtError):
    """A time or a time zone that cannot be read, without which nothing can be said of a window."""


@dataclass(frozen=True, slots=True)
class Power:
    """What a meter says of a window of time.

    `watts_mean` is the plain mean of the `samples` rows strictly inside the window with more than 0 W, and not a number
    where there are none. `seconds` is the window's length. `rows` counts the good rows of the whole file, `dead` those
    in the window with 0 W or less (a meter that lost its device says -1), `bad` the lines that are no rows. `channels`
    counts the meter's single channels (0: one channel, not told). `first` and `last` are the meter's own times.
    """

    watts_mean: float
    samples: int
    seconds: float
    rows: int
    dead: int
    bad: int
    channels: int
    first: str | None
    last: str | None


# Watts is the sum over all channels and stands in the fourth field; a row that was cut has no comma after it, and one
# with a decimal comma has a digit.
_ROW = re.compile(
    rb"Time,((?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))-(\d{4})( (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{1,6})"
    rb",Watts,(-?\d{1,15}(?:\.\d{1,15})?(?:[eE][-+]?\d{1,2})?),(?!-?\d)"
)
_CHANNEL = re.compile(rb",Ch\d+,")
_DIGITS = len("2022-02-25 01:41:36.000000")


def read(
    spl: Path,
    begin: str,
    end: str,
    *,
    spl_shift: float = 0.0,
    log_shift: float = 0.0,
    limits: Limits = LIMITS,
) -> Power:
    """Return the power between two times of a LoadGen log ("07-23-2022 01:05:41.201"), reading the file in blocks.

    The shifts are seconds that are added to the meter's and to the log's times before they are compared: in v1.0 the
    `timezone` of server.json and client.json, afterwards none. Raises PowerError and OSError.
    """
    begins, ends = _time(begin), _time(end)
    shift = timedelta(seconds=log_shift - spl_shift)
    meter = _Meter()
    with heads.opened(spl) as file:
        meter.take(_lines(file, limits.row_bytes), _key(begins, shift), _key(ends, shift))
    return Power(
        # The checker adds doubles in the order of the file; its published values come out to the last bit this way.
        watts_mean=meter.watts / meter.samples if meter.samples else math.nan,
        samples=meter.samples,
        seconds=(ends - begins).total_seconds(),
        rows=meter.rows,
        dead=meter.dead,
        bad=meter.bad,
        channels=meter.channels,
        first=_iso(meter.first),
        last=_iso(meter.last),
    )


def timezone(path: Path, limits: Limits = LIMITS) -> float:
    """Return the seconds west of UTC that a server.json or client.json names.

    Raises PowerError where it names none, JsonError, UnsafeError or OSError.
    """
    data, _ = mlperf_json.read(path, limits)
    value = data.get("timezone") if isinstance(data, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= DAY:
        raise PowerError(
            f"{path.name} names no timezone in seconds, so its times are of no known zone"
        )
    return float(value)


class _Meter:
    """The sum and the counts of one reading."""

    def __init__(self) -> None:
        self.watts = 0.0
        self.samples = self.rows = self.dead = self.bad = self.channels = 0
        self.first: bytes | None = None
        self.last: bytes | None = None

    def take(self, lines: Iterator[bytes], low: bytes, high: bytes) -> None:
        """Add the watts of the rows strictly between two times, and count all."""
        match = _ROW.match
        time = None
        for line in lines:
            row = match(line)
            if row is None:
                self.bad += bool(line.strip())
                continue
            day, year, clock, watts = row.groups()
            time = year + b"-" + day + clock
            if self.first is None:
                self.first = time
                self.channels = len(_CHANNEL.findall(line))
            self.rows += 1
            # Times of one length are compared as text; that costs a tenth of making times of them.
            if low < time.ljust(_DIGITS, b"0") < high:
                value = float(watts)
                if value > 0:
                    self.samples += 1
                    self.watts += value
                else:
                    self.dead += 1
        self.last = time


def _lines(file: BinaryIO, longest: int) -> Iterator[bytes]:
    """Yield the lines of a file in bounded memory: of one longer than `longest` bytes only its start."""
    rest = file.read(3).removeprefix(b"\xef\xbb\xbf")
    cut = False
    while block := file.read(BLOCK_BYTES):
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        if cut and lines:
            lines = lines[1:]
            cut = False
        yield from lines
        if cut:
            rest = b""
        elif len(rest) > longest:
            yield b"a line too long"
            rest, cut = b"", True
    if rest and not cut:
        yield rest


def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%m-%d-%Y %H:%M:%S.%f")
    except (ValueError, TypeError) as error:
        raise PowerError(
            f"{text!r} is not a time as LoadGen writes it, like '07-23-2022 01:05:41.201'"
        ) from error


def _key(time: datetime, shift: timedelta) -> bytes:
    try:
        return (time + shift).isoformat(" ", "microseconds").encode()
    except OverflowError as error:
        raise PowerError(f"{time} moved by {shift} is not a time") from error


def _iso(time: bytes | None) -> str | None:
    return time.decode("ascii").replace(" ", "T") if time else None
