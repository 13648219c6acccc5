"""What shells, platforms and loggers put before a line, as a table: one pattern a layer, each as short as can be.

A layer is taken off only where the reader has a reason (see `lines`); the table says what a layer looks like, never
whether it is one. Every pattern is anchored and bounded, so that a line costs time in proportion to its length.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from functools import lru_cache

from pydantic import JsonValue

_DATE = r"[0-9]{4}[-/][01][0-9][-/][0-3][0-9]"
_SECONDS = r"[0-2]?[0-9]:[0-5][0-9]:[0-6][0-9]"
_CLOCK = rf"{_SECONDS}(?:[.,][0-9]{{1,9}})?"
_ZONE = r"(?: ?(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}))?"
_ISO = rf"{_DATE}T{_CLOCK}{_ZONE}"
_DAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ 0-3]?[0-9]"
_LEVEL = r"(?:TRACE|DEBUG|INFO|NOTICE|WARNING|WARN|ERROR|CRITICAL|FATAL|[Tt]race|[Dd]ebug|[Ii]nfo|[Nn]otice|[Ww]arn(?:ing)?|[Ee]rror)"

_COLOUR = r"(?:\^\[|#033|\\x1b|\\u001b|\\033|\\e|␛)?\[[0-9;]{1,12}m"

STRICT = {"cri", "gitlab", "actions", "gh", "kubectl", "mpi", "ray"}
"""Layers that nothing else looks like: they are taken off whatever stands behind them."""
_NAMING = {"stamp", "level", "logger", "host", "glog"}
"""Layers behind which the name of a logger or of a host may stand."""
_WORDY, _ANY = r"\w", r"."
_LAYERS: dict[str, tuple[str, str]] = {
    # Container runtimes, continuous integration, orchestration.
    "cri": (
        "[0-9]",
        rf"{_ISO} (?P<cri_stream>stdout|stderr) (?P<cri_tag>[FP])(?::[A-Z]{{1,9}})*(?: |$)",
    ),
    "gitlab": ("[0-9]", rf"{_ISO} [0-9a-f]{{2}}[OE](?:[+ ]|$)"),
    "actions": ("[0-9]", rf"{_DATE}T{_SECONDS}\.[0-9]{{7}}Z(?: |$)"),
    "gh": (
        _ANY,
        rf"(?P<gh_of>[^\t]{{1,200}}+)\t[^\t]{{1,200}}+\t(?={_DATE}T{_SECONDS}\.[0-9]{{1,9}}Z)",
    ),
    "kubectl": (r"\[", r"\[(?P<kubectl_of>pod/[^\s/\]]{1,253}/[^\s\]]{1,253})\](?: |$)"),
    "mpi": (
        r"\[",
        r"\[(?:[\w.@-]{1,200}[@,])?(?P<mpi_of>[0-9]{1,9},[0-9]{1,9})\](?:<std(?:out|err|diag|in)>)?: ?",
    ),
    "ray": (r"\(", r"\((?P<ray_of>[\w.: -]{0,100}pid=[0-9]{1,9}(?:, ip=[0-9a-f.:]{1,45})?)\) ?"),
    "command": ("[#:]", r"##\[[a-z]{1,20}\] ?|::[a-z-]{1,20}::"),
    # Times, levels, ranks, machines.
    "stamp": (
        r"[\w\[]",
        (
            rf"\[?(?:{_DATE}[T ]{_CLOCK}{_ZONE}|{_DAY} {_CLOCK}(?: (?:[A-Z]{{3,4}} )?[0-9]{{4}})?|{_CLOCK}{_ZONE})\]?"
            r"(?:(?::|,| [-|:](?= ))?[ \t]|(?=\[))"
        ),
    ),
    "seconds": (r"[\[0-9]", r"(?:\[ {0,8}[0-9]{1,10}\.[0-9]{3,9}\]|[0-9]{9,10}\.[0-9]{3,9}) "),
    "syslog": ("<", r"<[0-9]{1,3}>(?:1 )?"),
    "glog": (
        "[IWEF]",
        r"[IWEF](?:[0-9]{4}|[0-9]{8}) [0-9:.]{8,15} {1,8}[0-9]{1,9} [\w./-]{1,200}:[0-9]{1,6}\] ",
    ),
    "level": (
        r"[A-Za-z\[<]",
        (
            rf"(?:\[ {{0,4}}{_LEVEL} {{0,4}}\]|<{_LEVEL}>|{_LEVEL}(?=[ \t:|-])|[IWEF] [\w./-]{{1,200}}:[0-9]{{1,6}}\])"
            r" {0,8}(?:(?::(?!:)|[|-]) ?)?"
        ),
    ),
    "rank": (
        r"[a-z\[]",
        (
            r"\[?(?P<rank_of>(?:default|rank|worker|trainer|node|gpu|proc(?:ess)?)[ _-]?[0-9]{1,6})"
            r"\]?(?:: ?|> ?|(?<=\]) ?)"
        ),
    ),
    "number": ("[ 0-9]", r" {0,8}(?P<number_of>[0-9]{1,7})(?::(?![0-9])|\t| \||>) ?"),
    "compose": (_WORDY, r"(?P<compose_of>[\w.@/-]{1,200}+) {1,80}+\|(?: |$)"),
    "grep": (
        r"[\w./]",
        r"(?P<grep_of>[\w./\\-]{1,200}\.(?:log|txt|out|err|md))[:-](?:[0-9]{1,7}[:-])? ?",
    ),
    "machine": ("[a-z]", r"(?P<machine_of>(?=[a-z.-]{0,60}[0-9-])[a-z][\w.-]{0,63}+): "),
    "stream": (r"[\[soeOESI]", r"\[?(?:std)?(?:out|err|OUT|ERR)(?:put)?\]?(?: ?[:|>]|(?<=\])) ?"),
    # Quotations, lists, prompts, and marks of Markdown.
    "space": (r"\s", r"\s{1,200}"),
    "fence": ("`", r"`{1,3}(?=\S)"),
    "bold": ("[*_~]", r"(?:\*{1,3}|__|~~)(?=[^\s*_~])"),
    "quote": (
        r"[^\w\s\[(]|[0-9]",
        r"[>|│┃║▌›»❯•·] {0,8}|(?:[$%#;*+!-]|//|--|#{2,6}|[0-9]{1,3}[.)]|- \[[ xX]\])(?: {1,8}|\t)",
    ),
    "string": ("[\"'“]", r"[\"'“](?=\S)"),
    "prompt": (
        r"[\w(]",
        r"(?:\([\w.-]{1,60}\) )?(?:PS [^>]{1,200}>|[\w.-]{1,64}+@[\w.-]{1,64}+[: ][^$#]{0,200}[$#]|[A-Z]:\\[^>]{0,200}>) ?",
    ),
    "colour": (r"[\^#\\␛\[]", _COLOUR),
    "bracket": (
        r"[\[(<]",
        r"(?:\[[^\[\]]{1,100}\]|\([^()]{1,100}\)|<[^<>]{1,100}>) ?(?::(?!:) ?)?",
    ),
}
"""Each layer by its name: the characters that it may begin with, and what it looks like; the first that fits is taken."""


@lru_cache(maxsize=512)
def _first(character: str) -> re.Pattern[str]:
    """Return the pattern of all layers that may begin with a character."""
    able = {
        name: pattern for name, (starts, pattern) in _LAYERS.items() if re.match(starts, character)
    }
    return re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in able.items()))


_AFTER = re.compile(
    r"(?P<logger>(?:[a-z_][\w.<>]{0,99}|\w{1,60}\.[\w.]{1,60}|[0-9]{1,7}|\[[\w.: -]{1,100}\])(?: ?[-:|]| (?=\[)) ?)"
    r"|(?P<app>[\w.:-]{1,255}+ [\w./-]{1,128}+ (?:[0-9]{1,9}|-) (?:[\w-]{1,64}|-) (?:-|\[[^\]]{0,500}\]) )"
    r"|(?P<host>[\w.-]{1,255}+ [\w./@()-]{1,128}+(?:\[[0-9]{1,9}\])?:(?: |$))"
)
"""The name of a logger, or of a host and what runs on it: only behind a time or a level."""
_STRING_END = re.compile(r"(?:\\r)?(?:\\n)?[\"'”],?$")
_MESSAGES = (
    "log",
    "message",
    "msg",
    "MESSAGE",
    "textPayload",
    "@message",
    "line",
    "text",
    "content",
    "body",
)
_JSON = re.compile(
    r'\{.{0,2000}?"(?:log|message|msg|MESSAGE|textPayload|@message|line|text|content|body)" ?:',
    re.DOTALL,
)
_HTML = re.compile(
    r"</?(?:html|body|pre|code|br|p|div|span|td|tr|table|li|ul|ol|samp|tt|font|blockquote)\b[^<>]{0,500}>",
    re.IGNORECASE,
)
_BREAK = re.compile(r"<br\b[^<>]{0,200}>|</(?:p|div|li|tr|pre|blockquote)>", re.IGNORECASE)
_TAG = re.compile(
    r"</?[A-Za-z][^<>]{0,500}>|<!--.{0,500}?-->|<!DOCTYPE[^<>]{0,200}>", re.IGNORECASE
)
_WRITTEN_COLOUR = re.compile(_COLOUR.replace("{1,12}", "{0,12}"))


@dataclass(frozen=True, slots=True)
class Peeled:
    """A line with one layer taken off: the kind of layer, what is left, and who wrote it where the layer says so."""

    kind: str
    text: str
    origin: str = ""
    stream: str = ""
    partial: bool = False
    """Whether the rest of the line stands in a later one."""


def peel(text: str, before: str = "") -> Peeled | None:
    """Return a line without its outermost layer, or None where it has none; `before` is the layer taken off before."""
    layer = _first(text[0]).match(text) if text else None
    if layer is None and before in _NAMING:
        layer = _AFTER.match(text)
    if layer is None or not layer.lastgroup:
        return None
    kind = layer.lastgroup
    rest = text[layer.end() :]
    match kind:
        case "fence" | "bold":
            rest = rest.replace(layer[0], "")
        case "string":
            rest = (rest[:-8] + _STRING_END.sub("", rest[-8:])).replace('\\"', '"')
        case "quote" if layer[0][0] == "|":
            rest = rest.rstrip().removesuffix("|")
        case "cri":
            return Peeled(kind, rest, stream=layer["cri_stream"], partial=layer["cri_tag"] == "P")
        case "host":
            return Peeled(kind, rest, layer[0].strip())
    return Peeled(kind, rest, layer.groupdict().get(f"{kind}_of") or "")


def message(text: str) -> tuple[str, bool] | None:
    """Return what a line of a JSON log says and whether it is one of Docker's own, or None for any other line."""
    if not _JSON.match(text):
        return None
    try:
        data: JsonValue = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    for name in _MESSAGES:
        said = data.get(name)
        if isinstance(said, list):
            said = _of_journald(said)
        if isinstance(said, str):
            return said, name == "log" and ("stream" in data or "time" in data)
    return None


def _of_journald(values: list[JsonValue]) -> str | None:
    """Return a message that journald writes byte by byte, of what is no text to it; None for another list."""
    codes = [value for value in values if isinstance(value, int) and 0 <= value < 256]
    if not codes or len(codes) < len(values):
        return None
    return bytes(codes).decode("utf-8", "replace")


def is_html(text: str) -> bool:
    """Say whether a line holds a tag that a page wraps a log into."""
    return _HTML.search(text) is not None


def of_html(text: str) -> list[str]:
    """Return the lines that a line of a page shows, without its tags and entities."""
    return [html.unescape(_TAG.sub("", part)).replace("\xa0", " ") for part in _BREAK.split(text)]


def without_written_colours(text: str) -> str:
    """Return text without colours whose escape character was lost or is written out (`^[[32m`, `[0m`)."""
    return _WRITTEN_COLOUR.sub("", text)
