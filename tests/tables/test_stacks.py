"""Columns that are read alike are read below each other, and give what each gives by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.tables.test_annotated import lay, read

from benchfmt.annotated import stacks

_RULE = {"when": {"kind": ["b"]}, "missing": {"c1": "run-failed"}, "caveats": {"c2": ["short-run"]}}


def _fields() -> dict[str, Any]:
    fields: dict[str, Any] = {"kind": {"field": "model.name"}}
    for place in range(8):
        note: dict[str, Any] = {"metric": "latency", "per": "sample", "scope": f"layer:{place}"}
        note["unit"] = ["ms", "s", "min"][place % 3]
        if place > 4:
            note["missing"] = {"-": "not-applicable"}
        fields[f"c{place}"] = note
    return fields


def test_columns_give_the_same_below_each_other_as_each_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = ["a,1,2,x,4,5,-,7,8", "b,1e3,,3,NA,x,1,-,1e999", "b, 9 ,y,1,2,3,,z,0.1"]
    header = ",".join(["kind", *(f"c{place}" for place in range(8))])
    text = "\n".join([header, *rows]) + "\n"
    prefixes = {"layer": {"description": "a layer"}}
    folder = lay(tmp_path, text, _fields(), annotation={"rules": [_RULE]}, prefixes=prefixes)
    records, account = read(folder)
    monkeypatch.setattr(stacks, "MOST_CELLS", 1)
    single, single_account = read(folder)
    assert [len(record["measurements"]) for record in records] == [8, 8, 8]
    assert records == single
    assert account.findings == single_account.findings
    assert [finding.row for finding in account.findings if finding.code == "BF103"]
