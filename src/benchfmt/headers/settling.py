"""What the columns of one table say of each other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from benchfmt.headers import lexicon
from benchfmt.headers.cells import Cells
from benchfmt.headers.meaning import Beside, Column, FieldOf, Meaning, Measured, Open
from benchfmt.headers.words import key_of, words_of

_BYTES = {"model.size_bytes"}
_VAGUE = ("system.name", "system.nodes")
_OF_TOKENS = frozenset(
    {
        "token",
        "tokens",
        "tok",
        "toks",
        "ttft",
        "tpot",
        "itl",
        "prefill",
        "prompt",
        "llm",
        "tg",
        "pp",
    }
)
"""Words of tables whose models write tokens."""
_GROWING = "counted since the start, growing from row to row"
_TOTALS = frozenset({"duration", "cpu-time", "time-to-train", "energy", "emissions", "cost"})
"""The metrics that logs add up from row to row."""
_SINCE_START = ("time", "elapsed", "elapsed time", "wall time", "duration", "runtime")
_NAMES_METRICS = ("metric", "measure")
_VALUES = ("value", "score", "result", "average", "stddev")


def settle(columns: Sequence[Column], meanings: Sequence[Meaning]) -> list[Meaning]:
    """Return the meanings of the columns of one table, with what they say of each other."""
    settled = list(meanings)
    _spreads(columns, settled)
    _long(columns, settled)
    _systems(columns, settled)
    _nodes(columns, settled)
    _tokens(columns, settled)
    _series(columns, settled)
    _sizes(columns, settled)
    _twins(columns, settled)
    return settled


def _without(header: str, groups: Sequence[dict[str, str]]) -> tuple[str, ...]:
    words = words_of(header)
    drop = {word for group in groups for word in group}
    rest = [word for word in words.lower if word not in drop]
    return (*sorted(rest), *words.brackets)


def _spreads(columns: Sequence[Column], settled: list[Meaning]) -> None:
    """Put spreads and counts beside the column whose other words are the same, the mean before others."""
    parts = {**lexicon.SPREADS, **dict.fromkeys(("count",), "n")}
    rests = [
        _without(column.name, (lexicon.SPREADS, lexicon.STATISTICS, {"count": "n"}))
        for column in columns
    ]
    said = [[word for word in words_of(column.name).lower if word in parts] for column in columns]
    for index in range(len(columns)):
        if not said[index] or not isinstance(settled[index], Open):
            continue
        same = [
            other
            for other in range(len(columns))
            if other != index and not said[other] and rests[other] == rests[index]
        ]
        means = [other for other in same if _is_mean(columns[other])] or [
            o for o in same if _is_plain(columns[o])
        ]
        if len(means) == 1:
            beside = Beside(columns[means[0]].name, parts[said[index][0]])
            owner = settled[means[0]]
            if beside.part == "n" and not isinstance(owner, Measured):
                continue
            if Cells.of(columns[means[0]]).units != Cells.of(columns[index]).units:
                settled[index] = Open(f"its cells are not in the unit of {beside.column!r}")
            elif beside in settled:
                settled[index] = Open(f"another column is the {beside.part} of {beside.column!r}")
            else:
                settled[index] = beside
    measured = [i for i, m in enumerate(settled) if isinstance(m, Measured)]
    if len(measured) != 1:
        return
    owner_of_counts = columns[measured[0]]
    for index, column in enumerate(columns):
        if key_of(column.name) not in lexicon.COUNTS:
            continue
        has_spread = any(isinstance(m, Beside) for m in settled)
        if has_spread or _is_mean(owner_of_counts):
            settled[index] = _count_beside(column, owner_of_counts.name)


def _count_beside(column: Column, owner: str) -> Meaning:
    """Return the count of a mean: what differs from row to row is as often the size of a problem."""
    if len({*Cells.of(column).numbers}) > 1:
        return Open(f"how many {owner!r} is the mean of, or the size of what was run")
    return Beside(owner, "n")


def _is_mean(column: Column) -> bool:
    return bool({"mean", "avg", "average"} & {*words_of(column.name).lower})


def _is_plain(column: Column) -> bool:
    return not {*lexicon.STATISTICS} & {*words_of(column.name).lower}


def _long(columns: Sequence[Column], settled: list[Meaning]) -> None:
    """Leave open the values of a table in which another column names the metric."""
    keys = [key_of(column.name) for column in columns]
    naming = [
        index
        for index, key in enumerate(keys)
        if key in _NAMES_METRICS and Cells.of(columns[index]).are_text
    ]
    if not naming:
        return
    settled[naming[0]] = Open(
        "it names the metric of each row: say `metric` with `column` for the values"
    )
    for index, key in enumerate(keys):
        alone = key in _VALUES or key in lexicon.STATISTICS or re.fullmatch(r"p[0-9.]+", key)
        if alone and index not in naming:
            settled[index] = Open("its metric stands in another column")


def _systems(columns: Sequence[Column], settled: list[Meaning]) -> None:
    """Choose the column that names the system; one that holds CPU and GPU says where a model ran."""
    named = [i for i, m in enumerate(settled) if isinstance(m, FieldOf) and m.path == "system.name"]
    for index in list(named):
        if Cells.of(columns[index]).are_among(lexicon.PLACEMENTS):
            settled[index] = FieldOf("configuration.placement")
            named.remove(index)
    order = {word: place for place, word in enumerate(lexicon.SYSTEM_WORDS)}
    named.sort(key=lambda index: order.get(key_of(columns[index].name), len(order)))
    if len(named) < 2:
        return
    first = _finest([columns[index] for index in named])
    for index in named:
        name = columns[index].name
        if first is None:
            names = " and ".join(repr(columns[other].name) for other in named)
            settled[index] = Open(f"{names} vary independently: say what names the system")
        elif name != first.name:
            settled[index] = Open(_beside_system(columns[index], first))


def _finest(candidates: Sequence[Column]) -> Column | None:
    """Return the column that names the system, the likeliest first: one whose values say those of all others.

    None where rows of one system would have several values in another column: two systems never become one.
    """
    if not any(candidate.rows for candidate in candidates):
        return candidates[0]
    for candidate in candidates:
        if all(_determines(candidate, other) for other in candidates):
            return candidate
    return None


def _determines(one: Column, other: Column) -> bool:
    """Say whether rows with equal cells in one column have equal cells in the other."""
    pairs = {*zip(one.rows, other.rows, strict=True)}
    return len(pairs) == len({*one.rows})


def _beside_system(column: Column, system: Column) -> str:
    """Return why a column is left open that could name the system as well."""
    reason = f"{system.name!r} names the system already: say what this one names"
    if column.rows and not _determines(column, system):
        reason = (
            f"each {system.name!r} has one {column.name!r}, and not the other way round: {reason}"
        )
    return reason


def _nodes(columns: Sequence[Column], settled: list[Meaning]) -> None:
    """Leave open what names a system or counts its nodes where nothing else of the table shows that it is hardware."""
    shown = {m.path for m in settled if isinstance(m, FieldOf)}
    is_hardware = any(path.startswith("system.") and path not in _VAGUE for path in shown)
    for index, meaning in enumerate(settled):
        if not isinstance(meaning, FieldOf) or is_hardware:
            continue
        key = key_of(columns[index].name)
        if meaning.path == "system.nodes" and "system.name" not in shown:
            settled[index] = Open("nodes of a system, of a graph or of a search")
        if key == "system" and "model.name" not in shown:
            settled[index] = Open("the hardware, or what is compared")


def _tokens(columns: Sequence[Column], settled: list[Meaning]) -> None:
    """Leave open tokens a second of a training, and a decoding in a table without tokens."""
    words = {word for column in columns for word in words_of(column.name).lower}
    for index, meaning in enumerate(settled):
        if not isinstance(meaning, Measured):
            continue
        if meaning.per == "token" and meaning.metric == "throughput" and words & {"loss", "lr"}:
            settled[index] = Open("tokens trained on: only output tokens are `per` token")
        if meaning.stage == "decode" and (meaning.per == "frame" or not words & _OF_TOKENS):
            settled[index] = Open("decoding of tokens, of a video or of a picture")


def _sizes(columns: Sequence[Column], settled: list[Meaning]) -> None:
    """Leave open a bare size in a table that names no model: of a message, a file, an image."""
    if any(isinstance(m, FieldOf) and m.path == "model.name" for m in settled):
        return
    for index, meaning in enumerate(settled):
        if (
            isinstance(meaning, FieldOf)
            and meaning.path in _BYTES
            and key_of(columns[index].name).startswith(("size", "file size"))
        ):
            settled[index] = Open("a size of what")


def _series(columns: Sequence[Column], settled: list[Meaning]) -> None:
    """Leave open what grows from row to row in a table whose rows are epochs or moments: it is a running total."""
    keys = [key_of(column.name) for column in columns]
    has_steps = bool({*keys} & {"epoch", "step", "iteration"})
    has_moments = FieldOf("provenance.measured_at") in settled
    for index, column in enumerate(columns):
        meaning = settled[index]
        if has_steps and keys[index] in _SINCE_START:
            settled[index] = Open(_GROWING)
        if not isinstance(meaning, Measured) or meaning.metric not in _TOTALS:
            continue
        numbers = Cells.of(column).numbers
        is_clock = numbers[:1] == [0.0] or (has_moments and "elapsed" in keys[index])
        if _is_growing(numbers) and (has_steps or is_clock):
            settled[index] = Open(_GROWING)


def _is_growing(numbers: list[float]) -> bool:
    return len(numbers) > 1 and numbers == sorted({*numbers})


def _twins(columns: Sequence[Column], settled: list[Meaning]) -> None:
    """Leave open the columns that would be one measurement or one field, all but the first where units differ."""
    keys = Counter(m.key for m in settled if isinstance(m, Measured))
    paths: dict[str, str] = {}
    first: dict[tuple[str | None, ...], str] = {}
    for index, meaning in enumerate(settled):
        name = columns[index].name
        if isinstance(meaning, Measured) and keys[meaning.key] > 1:
            other = first.setdefault(meaning.key, name)
            if other != name or _all_alike(settled, meaning):
                settled[index] = Open(
                    "it looks like the measurement of another column; tell them apart by stage or scope"
                )
        elif isinstance(meaning, FieldOf):
            owner = paths.setdefault(meaning.path, name)
            if owner != name:
                settled[index] = Open(f"{owner!r} says {meaning.path} already")


def _all_alike(settled: Sequence[Meaning], meaning: Measured) -> bool:
    same = [m.unit for m in settled if isinstance(m, Measured) and m.key == meaning.key]
    return len(set(same)) == 1 and len(same) > 1
