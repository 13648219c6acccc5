"""JSON documents with more cells in an object than a table has columns: refused before their data is made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchfmt.readers import jsons
from benchfmt.readers.sheets import open_table
from benchfmt.readers.sheets.dialect import Dialect
from benchfmt.readers.sheets.documents import COLUMNS
from benchfmt.readers.sheets.storage import Storage
from benchfmt.readers.sheets.table import Table
from benchfmt.readers.tables import TableError


def opened(path: Path, document: Any, **dialect: Any) -> Table:
    path.write_text(json.dumps(document, separators=(",", ":")), "utf-8")
    return open_table(path, Storage("json"), Dialect(**dialect))


def members(count: int, value: Any = 1) -> dict[str, Any]:
    return {f"k{number}": value for number in range(count)}


@pytest.mark.parametrize(
    "document",
    [members(COLUMNS + 2), [members(2 * COLUMNS + 9), {"a": 1}], {"a": members(2 * COLUMNS + 9)}],
)
def test_an_object_of_too_many_cells_is_refused_before_it_is_read(
    tmp_path: Path, document: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("parse_cells", "parse_as_text"):
        monkeypatch.delattr(jsons, name)
    with pytest.raises(TableError, match=f"more than {COLUMNS} columns") as told:
        opened(tmp_path / "t.json", document)
    assert told.value.code == "BF907"


def test_what_is_a_few_cells_too_wide_is_refused_as_well(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=f"more than {COLUMNS} columns"):
        opened(tmp_path / "t.json", members(COLUMNS + 1))


@pytest.mark.parametrize(
    ("document", "dialect", "size"),
    [
        (members(COLUMNS), {}, (1, COLUMNS)),
        ([members(COLUMNS - 1)] * 3, {}, (3, COLUMNS - 1)),
        (members(2 * COLUMNS, {"a": 1}), {"property": "/*"}, (2 * COLUMNS, 2)),
        ({"a": '":' * 3 * COLUMNS}, {}, (1, 1)),
        (
            members(2 * COLUMNS, [["a"]]),
            {"property": "/*", "itemType": "array"},
            (2 * COLUMNS - 1, 1),
        ),
    ],
)
def test_what_is_not_too_wide_is_read(
    tmp_path: Path, document: Any, dialect: dict[str, Any], size: tuple[int, int]
) -> None:
    table = opened(tmp_path / "t.json", document, **dialect)
    rows = sum(frame.height for frame, _ in table.batches())
    assert (rows, len(table.header())) == size
