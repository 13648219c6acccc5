"""Verdicts on the packages of the folder: each is judged once, while nobody waits for anything else, and again where it changed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from benchfmt.serving.library import Shelf, Shown
from benchfmt.serving.settings import Settings
from benchfmt.serving.tasks import Answer, Task
from benchfmt.serving.workers import EndedError, StoppingError, Workers

_LOOK = 0.2
"""So many seconds pass between two looks at whether anybody waits."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of a package."""

    ok: bool | None
    """None where it could not be judged; the reason says why."""
    errors: int = 0
    warnings: int = 0
    reason: str = ""

    def to_dict(self) -> dict[str, object]:
        """Return it as plain data."""
        if self.ok is None:
            return {"ok": None, "reason": self.reason}
        return {"ok": self.ok, "errors": self.errors, "warnings": self.warnings}


class Verdicts:
    """Has packages judged one after the other, in processes as uploads are, and gives way to whoever waits."""

    def __init__(self, settings: Settings, workers: Workers) -> None:
        """Take what the processes may use, and who starts them."""
        self._settings = settings
        self._workers = workers
        self._known: dict[tuple[str, str], Verdict] = {}
        self._waiting: dict[str, Shown] = {}
        self._work: asyncio.Task[None] | None = None

    def of(self, shelf: Shelf) -> dict[str, Verdict]:
        """Return what is known of packages, by id, and have the others judged."""
        here = {(package.id, package.stamp) for package in shelf.packages}
        self._known = {key: verdict for key, verdict in self._known.items() if key in here}
        self._waiting = {
            package.id: package
            for package in shelf.packages
            if (package.id, package.stamp) not in self._known
        }
        if self._waiting and (self._work is None or self._work.done()):
            self._work = asyncio.ensure_future(self._judge_all())
        return {package_id: verdict for (package_id, _), verdict in self._known.items()}

    async def _judge_all(self) -> None:
        while self._waiting:
            while self._workers.turns.here:
                await asyncio.sleep(_LOOK)
            package = next(iter(self._waiting.values()))
            try:
                verdict = await self._judged(package)
            except StoppingError:
                return
            if verdict is not None:
                self._known[package.id, package.stamp] = verdict
                if self._waiting.get(package.id) == package:
                    del self._waiting[package.id]

    async def _judged(self, package: Shown) -> Verdict | None:
        """Return the verdict on a package; None where it gave way to somebody who waits."""
        gave_way = False

        async def is_in_the_way() -> bool:
            nonlocal gave_way
            turns = self._workers.turns
            gave_way = gave_way or turns.here >= turns.at_once
            return gave_way

        task = Task(
            "judge",
            (str(package.path),),
            self._settings.disk_bytes,
            self._settings.memory_bytes,
            names=(package.name,),
        )
        async with self._workers.folder() as folder:
            try:
                answer = await self._workers.run(task, folder, is_in_the_way)
            except EndedError as error:
                return None if gave_way else Verdict(None, reason=str(error))
        return _verdict_of(answer)


def _verdict_of(answer: Answer) -> Verdict:
    if "refused" in answer:
        return Verdict(None, reason=answer["refused"])
    report = answer["report"]
    return Verdict(answer["ok"], int(str(report["errors"])), int(str(report["warnings"])))
