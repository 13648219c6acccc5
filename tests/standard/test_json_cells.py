"""The JSON of a cell is what the standard has in its column, or is told."""

from __future__ import annotations

import json

import pytest

from benchfmt.finding import BenchfmtError
from benchfmt.json_cells import CellError, cell_data
from benchfmt.schema import column_schema, record_schema
from benchfmt.tables import COLUMNS

SOUND = {
    "accelerators": [{"kind": "gpu", "name": "A", "count": 2}, {"memory_bytes": 16.0}],
    "caveats": ["unstable"],
    "ci": [1, 2.5, 0.95],
    "hyperparameters": {"rate": 0.1, "layers": [1, {"x": "y"}]},
    "input_shape": [1, 3, 224, 224],
    "inputs": [{"name": "n", "values": [1, 0.5], "unit": "s"}, {"name": "m", "values": [2]}],
    "placement": ["gpu:2", "cpu"],
    "software": {"cuda": "12"},
    "sources": [{"path": "a", "sha256": "0" * 64, "locator": "row=1"}],
}
FAULTY = {
    "accelerators": ["1", "[1]", '[{"kind": 1}]', '[{"count": 1.5}]', '[{"name": ["x"]}]'],
    "caveats": ['"unstable"', "[1]", "{}"],
    "ci": ["1", "[null]", '["1"]', "[true]", "[NaN]", "[1e400]", f"[{10**400}]"],
    "hyperparameters": ["[]", "1", "null"],
    "input_shape": ["3", "[1.5]", '["3"]', "[Infinity]"],
    "inputs": ["{}", "[1]", '[{"name": "n"}]', '[{"values": [1]}]', '[{"name": 1, "values": [1]}]'],
    "placement": ['"gpu"', "[1]", "null"],
    "software": ["[]", '{"cuda": 12}'],
    "sources": ["{}", "[1]", '[{"path": 1}]'],
}


@pytest.mark.parametrize("column", SOUND)
def test_what_the_standard_has_in_a_column_is_read(column: str) -> None:
    assert cell_data(column, json.dumps(SOUND[column])) == SOUND[column]


def test_one_kind_of_accelerators_may_stand_as_itself() -> None:
    assert cell_data("accelerators", '{"kind": "gpu"}') == {"kind": "gpu"}


@pytest.mark.parametrize(
    ("column", "cell"),
    [(column, cell) for column, cells in FAULTY.items() for cell in ["{", "[" * 100_000, *cells]],
)
def test_anything_else_is_told(column: str, cell: str) -> None:
    with pytest.raises(CellError, match=rf"^{column}: .* is not an? .*; run benchfmt validate$"):
        cell_data(column, cell)


def test_little_of_a_long_cell_is_shown() -> None:
    with pytest.raises(BenchfmtError) as told:
        cell_data("caveats", f'["{"x" * 10_000}')
    assert len(str(told.value)) < 200


def test_the_columns_are_those_of_the_tables() -> None:
    every = {item.name for items in COLUMNS.values() for item in items if item.kind == "json"}
    # Extensions may hold anything, and what reads samples says itself which number is none.
    assert {*SOUND} == every - {"extensions", "samples"}
    assert {*FAULTY} == {*SOUND}


@pytest.mark.parametrize("column", SOUND)
def test_the_schema_of_the_column_agrees(column: str) -> None:
    import jsonschema

    (table,) = [
        table for table, items in COLUMNS.items() if column in [item.name for item in items]
    ]
    schema = {**column_schema(table, column), "$defs": record_schema()["$defs"]}
    jsonschema.Draft202012Validator(schema).validate(SOUND[column])
