"""What a judging process is asked, and what it answers: plain data in two files of its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TypedDict

Verb = Literal["validate", "convert", "report", "show", "judge", "compare", "query"]
TASK = "task.json"
ANSWER = "answer.json"
INPUT = "in"
"""The folder in which an upload lies, under a harmless name."""
REPORT = "report.html"
PACKAGE = "package.zip"


@dataclass(frozen=True, slots=True)
class Task:
    """A piece of work. Paths are those of the server, or names below the folder `in`; never what a stranger wrote."""

    verb: Verb
    paths: tuple[str, ...]
    disk_bytes: int
    memory_bytes: int
    rules: str = "core"
    names: tuple[str, ...] = ()
    """How the paths are called where people see them."""
    sql: str = ""
    rows: int = 1_000
    """How many rows of an answer to a query are shown."""
    may_leave_out: bool = False
    """Whether a query is about those of the packages that can be read, and tells which cannot."""

    def write(self, folder: Path) -> None:
        """Write it into the folder of a process."""
        (folder / TASK).write_text(json.dumps(asdict(self)), "utf-8")

    @classmethod
    def read(cls, folder: Path) -> Task:
        """Return the task that was written into a folder."""
        data = json.loads((folder / TASK).read_text("utf-8"))
        return cls(**{**data, "paths": tuple(data["paths"]), "names": tuple(data["names"])})


class Answer(TypedDict, total=False):
    """What a process answers: each verb gives some of it, and `refused` (with a `code`) says why there is nothing else."""

    refused: str
    code: str | None
    file: str
    bytes: int
    sha256: str
    kind: str
    ok: bool
    account: Mapping[str, object]
    report: Mapping[str, object]
    excerpts: list[dict[str, object]]
    page: str
    columns: list[str]
    rows: list[list[object]]
    is_cut: bool
    left_out: list[dict[str, str]]
    stored: str


def write_answer(folder: Path, answer: Answer) -> None:
    """Write an answer whole: where the process is ended meanwhile there is none."""
    growing = folder / f"{ANSWER}.part"
    growing.write_text(json.dumps(answer, allow_nan=False), "utf-8")
    growing.replace(folder / ANSWER)


def read_answer(folder: Path) -> Answer | None:
    """Return the answer of a process, or None where it gave none."""
    try:
        text = (folder / ANSWER).read_text("utf-8")
    except FileNotFoundError:
        return None
    answer: Answer = json.loads(text)
    return answer
