"""Several results in one log: which lines belong together, in every line-based family.

A key that repeats begins a new result; so does one that the tool prints earlier than what was seen before, for the run
before may have lacked it. A command line belongs to the run that follows it. So no result holds numbers of two runs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS, Limits
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.lines import Line

COMMAND = "command"
"""The key of a command line; a tool's order begins with it."""
_FENCES = ("```", "~~~")


@dataclass(slots=True)
class _Group:
    """What is known of a run: where it begins, what it has said, and how far in the tool's order it is."""

    first: int
    last: int
    origin: str
    said: dict[str, str] = field(default_factory=dict)
    rank: int = -1
    ends_with: str = ""
    """What its last line says."""

    def take(self, index: int, key: str, text: str, rank: int | None) -> None:
        """Add what a line says; `rank` is None where it has no place in the tool's order."""
        self.last = index
        self.said.setdefault(key, text)
        self.ends_with = key
        if rank is not None:
            self.rank = rank

    @property
    def begins_with(self) -> str:
        """What its first line says."""
        return next(iter(self.said))

    @property
    def only_commands(self) -> bool:
        """Whether nothing but a command line was seen."""
        return self.said.keys() == {COMMAND}


def runs(
    found: Sequence[Line],
    key_of: Callable[[str], str | None],
    order: Sequence[str | tuple[str, ...]],
    anywhere: Collection[str] = (),
    limits: Limits = LIMITS,
) -> list[list[Line]]:
    """Return the lines of each run, in their order; lines between two runs belong to the one before.

    `key_of` names what a line says, where a run says it once; `order` has these names as the tool prints them, those
    that have no order among themselves in a tuple; those in `anywhere` have none. A line that stands twice in a row is one.
    Raises BenchfmtError where runs wrote at once and nothing says whose a line is, and UnsafeError for too many runs.
    """
    ranks = _ranks(order)
    said = list(_said(found, key_of))
    paragraphs = _paragraphs(said)
    if paragraphs:
        refuse_many(len(paragraphs), limits)
        return _parts(found, paragraphs)
    groups: list[_Group] = []
    for index, key in said:
        rank = None
        if key not in anywhere:
            rank = ranks[key]
        line = found[index]
        if not groups or _begins(groups[-1], key, rank, index, found):
            groups.append(_Group(index, index, line.origin))
            refuse_many(len(groups), limits)
        groups[-1].take(index, key, line.text, rank)
    if not found:
        return []
    _check_apart(groups, found)
    chunks = _parts(found, [group.first for group in groups])
    for place, (before, now) in enumerate(pairwise(groups), start=1):
        if _nobody_knows(before, now, found):
            del chunks[place][0]
    return [chunk for chunk in chunks if chunk]


def refuse_many(count: int, limits: Limits) -> None:
    """Raise UnsafeError for a log of more runs than are read."""
    if count > limits.log_results:
        message = f"more than {limits.log_results:,} results stand in one log"
        raise UnsafeError("BF907", f"{message} (limit log_results)")


def _ranks(order: Sequence[str | tuple[str, ...]]) -> dict[str, int]:
    """Return how far in a tool's order each key stands."""
    ranks = {}
    for rank, keys in enumerate(order):
        if isinstance(keys, str):
            keys = (keys,)
        ranks.update(dict.fromkeys(keys, rank))
    return ranks


def _parts(found: Sequence[Line], starts: Sequence[int]) -> list[list[Line]]:
    """Return the lines of each part; what stands before the first start belongs to the first."""
    return [list(found[start:end]) for start, end in pairwise([0, *starts[1:], len(found)])]


def _paragraphs(said: Sequence[tuple[int, str]]) -> list[int]:
    """Return where runs begin that somebody wrote out in an order of their own, or nothing.

    Then each is a paragraph, and all say the same in the same order; the order of the tool would tear them apart.
    """
    parts: list[list[str]] = []
    starts: list[int] = []
    last = -2
    for index, key in said:
        if index != last + 1:
            parts.append([])
            starts.append(index)
        parts[-1].append(key)
        last = index
    alike = len(parts) > 1 and all(part == parts[0] for part in parts)
    once = bool(parts) and len(parts[0]) > 1 and len(set(parts[0])) == len(parts[0])
    if alike and once and COMMAND not in parts[0]:
        return starts
    return []


def at_once(line: int) -> BenchfmtError:
    """Return the error that a file holds lines of several runs in turn, as seen at a line."""
    return BenchfmtError(
        f"several runs wrote into it at the same time (see line {line}), and nothing says whose a line is, so none of their "
        "numbers is taken; give each run a file of its own, or a prefix such as its rank or its service"
    )


def _check_apart(groups: list[_Group], found: Sequence[Line]) -> None:
    """Refuse a stair: what one run said last the next says first, twice over with different words; so runs alternate."""
    for before, now, after in zip(groups, groups[1:], groups[2:], strict=False):
        here, there = now.begins_with, now.ends_with
        alternate = here == before.ends_with and there == after.begins_with and here != there
        of_one = before.origin == now.origin == after.origin
        if alternate and of_one and COMMAND not in (here, there):
            raise at_once(found[now.first].number)


def _said(found: Sequence[Line], key_of: Callable[[str], str | None]) -> Iterator[tuple[int, str]]:
    """Yield the lines that say something with their keys, without echoes."""
    before: Line | None = None
    for index, line in enumerate(found):
        key = key_of(line.text)
        if key is None:
            continue
        if before is None or (line.text, line.origin) != (before.text, before.origin):
            yield index, key
        before = line


def _begins(group: _Group, key: str, rank: int | None, index: int, found: Sequence[Line]) -> bool:
    """Say whether a line begins a new run."""
    line = found[index]
    if line.origin != group.origin or key == COMMAND:
        return True
    if rank is None and group.said.get(key) == line.text:
        return False
    if key in group.said or (rank is not None and rank < group.rank):
        return True
    between = found[group.last + 1 : index]
    return not group.only_commands and any(
        other.text.lstrip().startswith(_FENCES) for other in between
    )


def _nobody_knows(before: _Group, now: _Group, found: Sequence[Line]) -> bool:
    """Say whether two commands stand one under the other: nobody knows which one's output follows."""
    if not before.only_commands or COMMAND not in now.said:
        return False
    between = found[before.last + 1 : now.first]
    return before.said != now.said and not any(line.text.strip() for line in between)
