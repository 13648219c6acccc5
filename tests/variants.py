"""Ways in which a log reaches us: behind the prefixes of shells and platforms, in other encodings, cut, repeated, joined."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from html import escape
from typing import TypeVar

Wrapper = Callable[[list[str]], list[str]]
T = TypeVar("T")


def each(prefix: Callable[[int], str]) -> Wrapper:
    """A wrapper that puts something before every line; the function gets the line's number."""
    return lambda lines: [prefix(number) + line for number, line in enumerate(lines)]


def clock(number: int) -> str:
    """A time of day that goes on with the lines."""
    return f"{10 + number // 3600 % 12:02d}:{number // 60 % 60:02d}:{number % 60:02d}"


def as_docker_json(lines: list[str]) -> list[str]:
    """The files that Docker's json-file driver keeps."""
    return [
        json.dumps(
            {
                "log": line + "\n",
                "stream": "stdout",
                "time": f"2026-02-03T{clock(number)}.123456789Z",
            }
        )
        for number, line in enumerate(lines)
    ]


def as_coloured(lines: list[str]) -> list[str]:
    """Every line in a colour, ended as terminals do."""
    return [f"\x1b[1;32m{line}\x1b[0m\x1b[K" for line in lines]


WRAPPERS: dict[str, Wrapper] = {
    "docker-compose": each(lambda _: "bench-1  | "),
    "docker-json": as_docker_json,
    "kubectl": each(lambda _: "[pod/bench-5d9c/runner] "),
    "cri": each(lambda number: f"2026-02-03T{clock(number)}.123456789Z stdout F "),
    "journald": each(lambda number: f"Feb 03 {clock(number)} node7 bench[4321]: "),
    "github-actions": each(lambda number: f"2026-02-03T{clock(number)}.1234567Z "),
    "gh-run-view": each(lambda number: f"bench\tRun it\t2026-02-03T{clock(number)}.1234567Z "),
    "mpi": each(lambda _: "[1,0]<stdout>:"),
    "mpi-spaced": each(lambda _: "[1,0]<stderr>: "),
    "slurm": each(lambda _: "0: "),
    "iso-time": each(lambda number: f"2026-02-03 {clock(number)},123 "),
    "python-logging": each(lambda number: f"2026-02-03 {clock(number)},123 - runner - INFO - "),
    "level": each(lambda _: "INFO:root:"),
    "bracketed-level": each(lambda _: "[INFO] "),
    "quoted": each(lambda _: "> "),
    "indented": each(lambda _: "    "),
    "code-fence": lambda lines: ["```text", *lines, "```"],
    "html": lambda lines: ["<pre>", *map(escape, lines), "</pre>"],
    "coloured": as_coloured,
    "compose-and-time": each(lambda number: f"bench-1  | 2026-02-03T{clock(number)}.123456789Z "),
}

ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "utf-8-bom": lambda text: text.encode("utf-8-sig"),
    "utf-16": lambda text: text.encode("utf-16"),
    "utf-16-le-bare": lambda text: text.encode("utf-16-le"),
    "utf-16-be-bare": lambda text: text.encode("utf-16-be"),
    "utf-16-be": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "crlf": lambda text: text.replace("\n", "\r\n").encode(),
    "latin-1": lambda text: ("Größe: übergroß\n" + text).encode("latin-1", "replace"),
}


def wrapped(text: str, name: str) -> str:
    """Return a log as it looks behind a wrapper."""
    return "\n".join(WRAPPERS[name](text.splitlines())) + "\n"


def in_turn(items: Sequence[T], kind: str, *, every: bool) -> Sequence[T]:
    """Return the items that are tried with a kind of variant: every one, or every fourth, for each kind from another on."""
    kinds = [*WRAPPERS, *ENCODINGS]
    return items if every else items[kinds.index(kind) % 4 :: 4]


def cut(text: str, share: float) -> str:
    """Return the beginning of a log, cut in the middle of whatever stands there."""
    return text[: int(len(text) * share)]


def stuttered(text: str, seed: int) -> str:
    """Return a log some lines of which stand twice, in the same places for a seed."""
    chosen = random.Random(seed)  # noqa: S311 - the same lines on every run
    lines: list[str] = []
    for line in text.splitlines():
        lines += [line, line] if chosen.random() < 0.1 else [line]
    return "\n".join(lines) + "\n"
