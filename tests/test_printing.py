"""What strangers wrote never steers the terminal of whoever reads about it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import JsonValue
from tests.hostile.specimens import package
from typer.testing import CliRunner

from benchfmt.cli.commands import app
from benchfmt.printable import json_list_pieces, json_text, printable

HOSTILE = "\x1b]0;pwn\x07\x1b[31mred\u202e\x85"


@pytest.mark.parametrize("items", [[], [{"a": ["x\ny", {}]}], [1, [None], {}, "null"]])
def test_a_list_that_is_printed_item_by_item_is_the_same_json(items: list[JsonValue]) -> None:
    heading: dict[str, JsonValue] = {"b": [None], "c": {"d": []}}
    whole = json_text({**heading, "items": items}, indent=2)
    assert "".join(json_list_pieces(heading, "items", items)) == f"{whole}\n"
    ending: dict[str, JsonValue] = {"failures": ["none"]}
    more = json_text({**heading, "items": items, **ending}, indent=2)
    assert "".join(json_list_pieces(heading, "items", items, ending)) == f"{more}\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, grün, 東京\tand\nnew", "plain, grün, 東京\tand\nnew"),
        ("12\u00a0ms, 1\u202f000", "12\u00a0ms, 1\u202f000"),
        (HOSTILE, r"\x1b]0;pwn\x07\x1b[31mred\u202e\x85"),
        ("a\rb\u2028c\u200bd", r"a\rb\u2028c\u200bd"),
    ],
)
def test_what_steers_a_terminal_is_shown_as_its_escape(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_data_stays_what_it_is() -> None:
    assert json.loads(json_text({"name": HOSTILE})) == {"name": HOSTILE}
    assert printable(json_text({"name": HOSTILE})) == json_text({"name": HOSTILE})
    assert json_text({"name": "grün"}) == '{"name": "grün"}'


@pytest.mark.parametrize("options", [[], ["--format", "json"]])
def test_findings_about_a_hostile_record_print_no_raw_control_character(
    options: list[str], tmp_path: Path
) -> None:
    record = {
        "benchfmt": "1.0",
        "id": HOSTILE,
        "status": HOSTILE,
        "benchmark": {"suite": HOSTILE, "name": HOSTILE},
        HOSTILE: 1,
    }
    path = tmp_path / "records.jsonl"
    path.write_text(json.dumps(record) + "\n", "utf-8")
    result = CliRunner().invoke(app, ["validate", str(path), *options])
    assert result.exit_code == 1
    assert "pwn" in result.output
    assert printable(result.output) == result.output


@pytest.mark.parametrize("command", ["show", "coverage"])
def test_a_name_with_a_line_break_begins_no_line_of_its_own(command: str, tmp_path: Path) -> None:
    name = f"a\nFORGED{HOSTILE}"
    ids = ["r1", "r2"]
    records = "".join(f'{item},"acme:{name}",ok,"{name}",s1\n' for item in ids)
    rows = "".join(f"{item},latency,end-to-end,sample,0.5,s,measured\n" for item in ids)
    package(
        tmp_path,
        systems=f'id,name\ns1,"{name}"\n',
        records=f"id,suite,status,model,system_id\n{records}",
        measurements=f"record_id,metric,stage,per,value,unit,basis\n{rows}",
    )
    result = CliRunner().invoke(app, [command, str(tmp_path)])
    assert result.exit_code == 0
    assert "FORGED" in result.output
    assert printable(result.output) == result.output
    assert not any(line.lstrip().startswith("FORGED") for line in result.output.splitlines())
