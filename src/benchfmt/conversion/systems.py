"""Systems that several sources describe: one may be described in one way only, but for those of submissions."""

from __future__ import annotations

from typing import Any

from benchfmt.accounting import Account
from benchfmt.described import Described, contradictions, fullest
from benchfmt.finding import Finding, Severity
from benchfmt.identity import PLACED_PREFIX
from benchfmt.running import Tables
from benchfmt.tables import system_from_row

_SHOWN = 60
"""Characters of a value that a message shows."""


class Systems:
    """The systems that have come, by their ids."""

    def __init__(self, account: Account) -> None:
        """Take the account that is told of contradictions."""
        self._account = account
        self._forms: dict[str, int] = {}
        """What was said of each system, as a hash."""
        self._compared: dict[str, set[int]] = {}
        self._described: dict[str, Described] = {}
        """The systems of submissions, as fully as they were described so far."""

    def agrees(self, tables: Tables, row: int, file: int) -> bool:
        """Say whether a system is described as it was before, if it was."""
        name = tables.system_ids[row]
        form = int(tables.forms[row])
        if name.startswith(PLACED_PREFIX):
            self._compare(tables, row, file)
            return True
        return self._forms.setdefault(name, form) == form

    def _compare(self, tables: Tables, row: int, file: int) -> None:
        """Report where a system of a submission is described otherwise than before: it is one system all the same."""
        name = tables.system_ids[row]
        form = int(tables.forms[row])
        compared = self._compared.setdefault(name, set())
        if form in compared:
            return
        compared.add(form)
        system = system_from_row(tables.batch.systems.slice(row, 1).to_pylist()[0])
        before = self._described.setdefault(name, system)
        shown = before.get("name", name)
        for member, value, earlier in contradictions(system, before):
            message = (
                f"the system {shown!r} is described otherwise by an earlier source: "
                f"{_short(value)} is {_short(earlier)} there"
            )
            path = self._account.ledger.shown(file)
            finding = Finding(
                "BF705", Severity.WARNING, path, None, None, f"system.{member}", message
            )
            self._account.findings.append(finding)
        self._described[name] = dict(fullest([before, system]))


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
