"""The ids of records as JSON and of their systems: those that are given, those that follow, and those that stand twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from pydantic import ValidationError

from benchfmt.checks.frames import ROW
from benchfmt.described import contradictions
from benchfmt.identity import (
    PLACED_PREFIX,
    canonical,
    content_id,
    record_id,
    submitted_system_id,
    system_id,
)
from benchfmt.limits import LIMITS
from benchfmt.migrate import to_current
from benchfmt.record import Record, System
from benchfmt.rowhash import text_hashes
from benchfmt.stored import Firsts
from benchfmt.tables import system_row, table_of
from benchfmt.validation.forms.doubles import ONE_RECORD, ONE_SYSTEM
from benchfmt.validation.forms.json_columns import Mask
from benchfmt.validation.forms.json_texts import Text
from benchfmt.validation.places import Place
from benchfmt.validation.reporting import Reporter


@dataclass(frozen=True, slots=True)
class DescribedSystems:
    """The systems of some records."""

    ids: pl.Series
    """The id of each record's system."""
    frame: pl.DataFrame
    """The first description under each id, its rows numbered."""
    users: list[int]
    """For each row that is numbered, the place of the first record that was run on it."""


def systems_of(
    systems: Sequence[System | None], is_described: Mask, records: pl.DataFrame
) -> DescribedSystems:
    """Return the systems of records; those that are not described have none."""
    ids: list[str | None] = []
    rows = {}
    users = []
    context = records.select("suite", "execution", "source_path", "source_sha256")
    for place, system in enumerate(systems):
        if system is None or not is_described[place]:
            ids.append(None)
            continue
        name = system.id or _id_of_system(system, context.row(place))
        ids.append(name)
        if name not in rows:
            rows[name] = system_row({**system.to_dict(), "id": name})
            users.append(place)
    frame = pl.DataFrame(table_of("systems", list(rows.values()))).with_row_index(ROW, offset=1)
    return DescribedSystems(
        ids=pl.Series("system_id", ids, pl.String),
        frame=frame.cast({ROW: pl.Int64}),
        users=users,
    )


def _id_of_system(system: System, context: tuple[str | None, ...]) -> str:
    """Return the id of a system that gives none; `context` is suite, execution, and path and hash of the first source."""
    suite, execution, path, sha256 = context
    submitted = submitted_system_id(suite or "", execution)
    if submitted is not None:
        return submitted
    source = {"path": path, "sha256": sha256}
    return system_id(system.to_dict(), {name: value for name, value in source.items() if value})


def complete_ids(
    given: pl.Series, records: pl.DataFrame, texts: Sequence[Text], is_faulty: Mask
) -> list[str | None]:
    """Return the id of each record, None for a faulty one that neither gives one nor names its source."""
    ids: list[str | None] = given.to_list()
    sources = records.select("suite", "source_path", "source_sha256", "source_locator")
    for place in given.is_null().arg_true().to_list():
        suite, path, sha256, locator = sources.row(place)
        if path is not None and suite is not None:
            ids[place] = record_id(suite, path, sha256, locator)
        elif not is_faulty[place]:
            ids[place] = _content_id(texts[place])
    return ids


def _content_id(text: Text) -> str | None:
    """Return the id of a record that names no source; None where its only fault is that it has no result."""
    data = text.parsed(LIMITS)
    if not isinstance(data, dict):
        return None
    try:
        record = Record.from_dict(to_current(data))
    except ValidationError:
        return None
    return content_id(record.to_dict())


class Doubles:
    """Reports records and systems whose ids stood before in a file."""

    def __init__(self, name: str, reporter: Reporter) -> None:
        """Take the name of the file, and who reports."""
        self._name = name
        self._reporter = reporter
        self._rows = Firsts()
        """The row of each id, by its hash."""
        self._systems = _KnownSystems()

    def report(
        self,
        texts: Sequence[Text],
        ids: pl.Series,
        systems: Sequence[System | None],
        is_kept: Mask,
        is_described: Mask,
    ) -> None:
        """Report those among some records; only of those that are described the system is looked at."""
        numbers = np.array([text.row for text in texts], np.uint64)
        is_asked = np.array(is_kept, bool) & ids.is_not_null().to_numpy()
        firsts = numbers.copy()
        asked = text_hashes(ids).to_numpy()[is_asked]
        firsts[is_asked] = self._rows.add(asked, numbers[is_asked])[1]
        others = self._systems.others(systems, is_described)
        if self._systems.note is not None:
            self._reporter.note(self._systems.note)
        for place, (text, name) in enumerate(zip(texts, ids, strict=True)):
            if place in others:
                self._report_system(text.row, name, others[place])
            if firsts[place] != text.row:
                self._report_record(text.row, name, int(firsts[place]))

    def _report_system(self, row: int, record: str | None, name: str) -> None:
        place = Place(self._name, row, field="system.id", record=record)
        message = f"the system {name} is described twice"
        self._reporter.report("BF508", place, message, value=name, hint=ONE_SYSTEM)

    def _report_record(self, row: int, name: str, first: int) -> None:
        place = Place(self._name, row, field="id", record=name)
        message = f"record {name} stands in row {first} too"
        self._reporter.report("BF507", place, message, value=name, hint=ONE_RECORD)


_MOST_BYTES = 2**25
"""About so much memory the systems take that are kept whole."""
_SYSTEM = 2_000
"""So much a system takes beside its texts."""
_UNCOMPARED = "systems of submissions beyond the first are not compared: all together are too large"


class _KnownSystems:
    """The systems that stood before: the first ones whole, of the others numbers that follow from their facts."""

    def __init__(self) -> None:
        """Start without any."""
        self._whole: dict[str, System] = {}
        self._room = _MOST_BYTES
        self._facts = Firsts()
        """What the facts of each further system hash to, by the hash of its id."""
        self.note: str | None = None
        """What is not compared, said once."""

    def others(self, systems: Sequence[System | None], is_described: Mask) -> dict[int, str]:
        """Return at which places systems stand that were described otherwise before, with their ids."""
        self.note = None
        found = {}
        further: dict[int, System] = {}
        for place, system in enumerate(systems):
            if system is None or not system.id or not is_described[place]:
                continue
            known = self._known(system.id, system)
            if known is None:
                further[place] = system
            elif known is not system and _is_another(system.id, known, system):
                found[place] = system.id
        return found | self._others_among(further)

    def _known(self, name: str, system: System) -> System | None:
        """Return the first system of an id, this one if there is none; None where there is no room for it."""
        known = self._whole.get(name)
        if known is None and self._room > 0:
            self._room -= _SYSTEM + len(canonical(system.to_dict()))
            known = self._whole[name] = system
        return known

    def _others_among(self, further: Mapping[int, System]) -> dict[int, str]:
        """Return which of some systems that are not kept whole were described otherwise before."""
        compared = {}
        for place, system in further.items():
            if str(system.id).startswith(PLACED_PREFIX):
                self.note = _UNCOMPARED
            else:
                compared[place] = system
        if not compared:
            return {}
        names = pl.Series([str(system.id) for system in compared.values()])
        texts = pl.Series([canonical(system.to_dict()) for system in compared.values()])
        facts = text_hashes(texts).to_numpy()
        first = self._facts.add(text_hashes(names).to_numpy(), facts)[1]
        is_other = (first != facts).tolist()
        return {
            place: str(system.id)
            for (place, system), differs in zip(compared.items(), is_other, strict=True)
            if differs
        }


def _is_another(name: str, one: System, other: System) -> bool:
    """Say whether two descriptions under one id are of two systems; of a system of a submission one may say less."""
    if name.startswith(PLACED_PREFIX):
        return any(contradictions(one.to_dict(), other.to_dict()))
    return one != other
