"""The unit that a header names: in brackets, behind a comma, as its last words, or as work over time."""

from __future__ import annotations

import re
from dataclasses import dataclass

from benchfmt.headers import lexicon
from benchfmt.headers.words import Words
from benchfmt.units import UnitError, find_unit, unit

_WORK = {word: per for per, words in lexicon.WORK.items() for word in words.split()}
_TIMES = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "min"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("ms", "msec", "msecs", "millisecond", "milliseconds"), "ms"),
    **dict.fromkeys(("us", "µs", "usec", "microsecond", "microseconds"), "us"),
    **dict.fromkeys(("ns", "nanosecond", "nanoseconds"), "ns"),
}
_LOWER = {
    "kb": "kBy",
    "mb": "MBy",
    "gb": "GBy",
    "tb": "TBy",
    "kib": "KiBy",
    "mib": "MiBy",
    "gib": "GiBy",
    "wh": "W.h",
    "kwh": "kW.h",
    "mwh": "mW.h",
    "mw": "mW",
    "mj": "mJ",
    "kj": "kJ",
    "hz": "Hz",
    "khz": "kHz",
    "mhz": "MHz",
    "ghz": "GHz",
    "w": "W",
    "watt": "W",
    "watts": "W",
    "j": "J",
    "joule": "J",
    "joules": "J",
    "pct": "%",
    "perc": "%",
    "percent": "%",
    "kg": "kg",
    "usd": "USD",
    "eur": "EUR",
    "db": "dB",
    "gflops": "10*9/s",
    "tflops": "10*12/s",
    "degc": "Cel",
    "celsius": "Cel",
}
"""Words behind `_`, where most people write all in lower case."""
_SUFFIXES = {
    *_LOWER,
    *_TIMES,
    "%",
    "MB",
    "GB",
    "KB",
    "TB",
    "MiB",
    "GiB",
    "KiB",
    "J",
    "W",
    "kWh",
    "Wh",
    "mW",
    "kW",
    "MHz",
    "GHz",
    "kJ",
    "mJ",
    "USD",
    "EUR",
    "dB",
    "°C",
    "$",
    "€",
}
"""The words that are a unit where they end a header; any other must stand in brackets."""
LETTERS = frozenset("shdgtmWwJjKBVACFSH")
"""The letters that people write for a unit; any other is as often a class, a variant or a size."""
FACTORS = {
    "k": "10*3",
    "m": "10*6",
    "million": "10*6",
    "millions": "10*6",
    "g": "10*9",
    "b": "10*9",
    "billion": "10*9",
    "t": "10*12",
}
_POWER = re.compile(r"[x×*]?\s?(?:1e\+?|10\s?(?:\^|\*\*)\s?)(?P<power>3|6|9|12)")


def factor_of(text: str) -> str | None:
    """Return the power of ten that a text in brackets says of the numbers below it: `M`, `1e6`, `x10^6`; None for none."""
    power = _POWER.fullmatch(text.strip().lower())
    return f"10*{power['power']}" if power else FACTORS.get(text.strip().lower())


FLOP_RATES = {"mflops": "10*6/s", "gflops": "10*9/s", "tflops": "10*12/s", "pflops": "10*15/s"}
_TIME_WORDS = "|".join(sorted(_TIMES, key=len, reverse=True))
_RATE = re.compile(
    rf"(?i)(?<![a-z])(?P<work>[a-z]+)\s*(?:/|_?\bper\b_?|_per_|\s+per\s+)\s*(?P<time>{_TIME_WORDS})$"
)
_BARE_RATE = re.compile(
    r"(?i)(?P<work>samples|images|tokens|frames|queries|requests)[\s_](?P<time>s|sec)$"
)
_EACH = re.compile(
    rf"(?i)(?<![a-zµ])(?P<unit>{_TIME_WORDS}|m?j|[mk]?wh)\s*(?:/|_per_|\s+per\s+)\s*(?P<work>[a-z]+)$"
)
_PER_ENERGY = re.compile(
    r"(?i)(?<![a-z])(?P<work>[a-z]+)(?P<rate>\s*/\s*s(?:ec)?)?\s*(?:/|_per_|\s+per\s+)\s*(?P<energy>w|watt|watts|j|joule|joules)$"
)


@dataclass(frozen=True)
class Named:
    """A unit as a header names it: its UCUM code, the work that it counts, and whether it is a rate of work."""

    code: str
    per: str | None = None
    is_rate: bool = False
    of_energy: bool = False
    work: str | None = None
    """The word for the work, where there is one."""


def in_brackets(text: str) -> Named | None:
    """Return the unit that stands in brackets, or None where it is none."""
    compact = text.strip().strip(".")
    composed = rate(compact)
    if composed is not None:
        return composed
    lower = compact.lower()
    if lower in _WORK and len(lower) > 2:
        return Named("1", _WORK[lower], work=lower)
    return _simple(compact)


def _simple(word: str) -> Named | None:
    if word.lower() in _TIMES:
        return Named(_TIMES[word.lower()])
    if word.lower().startswith("kg co2") or word.lower().startswith("kgco2"):
        return Named("kg")
    if word == "a.u" or (
        len(word) == 1 and word.isascii() and word.isalpha() and word not in LETTERS
    ):
        return None
    known = find_unit(word) or find_unit(_LOWER.get(word.lower(), ""))
    if known is None or known[1] != 1:
        return None
    return Named(known[0])


def rate(text: str) -> Named | None:
    """Return a rate of work (`tokens/s`, `FPS`), a time for each (`ms/token`), or work for energy (`inf/s/W`)."""
    lower = text.strip().lower()
    if lower in lexicon.RATES:
        return Named("/s", lexicon.RATES[lower], is_rate=True, work=lower)
    energy = _PER_ENERGY.search(text)
    if energy:
        return _for_energy(energy)
    match = _RATE.search(text) or _BARE_RATE.search(text)
    if match and match["work"].lower() in _WORK:
        time = _TIMES[match["time"].lower()]
        return Named(
            f"/{time}", _WORK[match["work"].lower()], is_rate=True, work=match["work"].lower()
        )
    if match and match["work"].lower() == "t":
        return Named("/s", "token", is_rate=True, work="t")
    each = _EACH.search(text)
    if each and each["work"].lower() in _WORK:
        word = each["unit"].lower()
        return Named(_TIMES.get(word) or _LOWER[word], _WORK[each["work"].lower()])
    if lower in ("gflop/s", "tflop/s", "gflops/s", "tflops/s"):
        return Named({"g": "10*9/s", "t": "10*12/s"}[lower[0]])
    return None


def _for_energy(match: re.Match[str]) -> Named | None:
    work = match["work"].lower()
    is_power = match["energy"].lower().startswith("w")
    if work in lexicon.RATES:
        return Named("/J", lexicon.RATES[work], of_energy=True) if is_power else None
    if work in ("gflops", "tflops"):
        factor = {"gflops": "10*9/J", "tflops": "10*12/J"}[work]
        return Named(factor, "flop", of_energy=True)
    # Work per second per watt is work per joule.
    if work not in _WORK or bool(match["rate"]) != is_power:
        return None
    return Named("/J", _WORK[work], of_energy=True)


def as_suffix(words: Words) -> tuple[Named | None, int]:
    """Return the unit that the last words of a header are, and how many words it takes."""
    for count in (4, 3, 2):
        if len(words.written) >= count:
            composed = rate(" ".join(words.written[-count:]).replace(" per ", " per "))
            if composed is not None and (count == 2 or _is_rate_of(words.written[-count:])):
                return composed, count
    composed_unit = _composed(words)
    if composed_unit is not None:
        return composed_unit
    last = words.written[-1] if words.written else ""
    composed = rate(last)
    if composed is not None:
        return composed, 1
    if len(words.written) > 1:
        # Work and a time side by side are a rate only where the work is many: `inference_ms` is a time.
        bare = _BARE_RATE.search(f"{words.written[-2]}_{last}")
        if bare:
            return Named(
                "/s", _WORK[bare["work"].lower()], is_rate=True, work=bare["work"].lower()
            ), 2
    # `min` at the end is a minimum as often as it is minutes: the grammar decides by the metric.
    if (
        len(words.written) > 1
        and last.lower() != "min"
        and (last in _SUFFIXES or last.lower() in _SUFFIXES)
    ):
        return _simple(_TIMES.get(last.lower(), last)), 1
    return None, 0


def _composed(words: Words) -> tuple[Named, int] | None:
    """Return a unit of two words over each other (`kg per s`, `gb_s`), and how many words it takes."""
    *_, before, last = ("", "", *words.lower)
    if last in ("s", "sec", "second") and before == "per" and len(words.lower) > 3:
        known = _simple(words.written[-3])
        return (Named(f"{known.code}/s"), 3) if known else None
    if last in ("s", "sec") and before in _LOWER and _LOWER[before].endswith("By"):
        return Named(f"{_LOWER[before]}/s"), 2
    return None


def _is_rate_of(words: tuple[str, ...]) -> bool:
    return len(words) == 3 and words[1].lower() == "per"


def fits(code: str, wanted: str) -> bool:
    """Say whether a unit measures what a metric or field is in."""
    if wanted == "target":
        return True
    if wanted == "currency":
        return re.fullmatch("[A-Z]{3}", code) is not None
    try:
        return unit(code).dimension == unit(wanted).dimension
    except UnitError:
        return False
