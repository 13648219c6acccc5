"""The specification is true: its package validates, its ids can be recomputed, and each MUST names a code that exists."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

from benchfmt.checks.catalogue import BEYOND_CORE, CODES, RULE_SETS
from benchfmt.conversion import convert
from benchfmt.package import open_package
from benchfmt.tables import COLUMNS
from benchfmt.validation import validate
from benchfmt.vocabulary import vocabulary

TEXT = (Path(__file__).parents[2] / "docs" / "specification.md").read_text("utf-8")
BLOCKS = re.compile(r"^`([^`\n]+)`\n\n```(?:csv|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def section(number: int) -> str:
    """Return the text of one numbered section."""
    start = TEXT.index(f"\n## {number} ")
    return TEXT[start : TEXT.find("\n## ", start + 1)]


@pytest.fixture
def typed_package(tmp_path: Path) -> Path:
    """The package of section 2, typed from the specification alone."""
    for name, content in BLOCKS.findall(section(2)):
        (tmp_path / name).write_text(content, "utf-8", newline="")
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "datapackage.json",
        "measurements.csv",
        "records.csv",
        "systems.csv",
    ]
    return tmp_path


def test_the_package_of_section_2_validates_without_a_finding(typed_package: Path) -> None:
    report = validate(typed_package)
    assert report.findings == []
    assert (report.records, report.measurements) == (1, 5)


def test_the_package_of_section_2_is_the_record_of_section_3(typed_package: Path) -> None:
    [record] = open_package(typed_package).records()
    blocks = [
        json.loads(text)
        for text in re.findall(r"^```json\n(.*?)^```$", section(3), re.MULTILINE | re.DOTALL)
    ]
    assert record.to_dict() in blocks


def test_a_changed_digit_in_the_typed_package_is_found(typed_package: Path) -> None:
    table = typed_package / "measurements.csv"
    table.write_text(table.read_text().replace("0.1121", "0.1122"))
    assert sorted(finding.code for finding in validate(typed_package).findings) == [
        "BF405",
        "BF501",
    ]


def test_every_json_block_parses() -> None:
    blocks = re.findall(r"^```json\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert len(blocks) > 5
    for block in blocks:
        json.loads(block)


def test_every_example_id_can_be_recomputed_by_hand() -> None:
    shown = re.findall(
        r"^```text\n(\[.*?\])\n```$.*?\| id \| `(bf1-[a-z2-7]{26})` \|",
        section(4),
        re.MULTILINE | re.DOTALL,
    )
    shown += re.findall(r"^(\[.*\])\n(sys1-(?:place-)?[a-z2-7]{26})$", section(4), re.MULTILINE)
    assert len(shown) == 5
    for text, identifier in shown:
        assert text == json.dumps(
            json.loads(text), separators=(",", ":"), sort_keys=True, ensure_ascii=False
        )
        digits = base64.b32encode(hashlib.sha256(text.encode()).digest()).decode().lower()[:26]
        assert identifier.rpartition("-")[2] == digits


def test_every_code_that_is_named_exists_and_every_core_code_is_named() -> None:
    named = set(re.findall(r"BF[0-9]{3}", TEXT))
    assert named <= set(CODES)
    assert set(CODES) - BEYOND_CORE <= named


def test_the_rule_sets_are_those_of_the_catalogue() -> None:
    """A code stands in the table where one of the rule sets lacks it, or weighs it otherwise."""
    rows = re.findall(
        r"^\| \[(BF[0-9]{3})\]\(.*\) \|[^|]*\|(.*\|.*\|.*\|.*)\|$", section(9), re.MULTILINE
    )
    shown = {code: [cell.strip() for cell in cells.split("|")] for code, cells in rows}
    differ = {}
    for code in CODES:
        severities = [rule_set.severities.get(code, "") for rule_set in RULE_SETS.values()]
        if len(set(severities)) > 1:
            differ[code] = severities
    assert shown == differ


def test_every_must_names_the_code_that_checks_it() -> None:
    for paragraph in re.split(r"\n\n|\n- |\n[0-9]+\. ", section(3) + section(5)):
        if "MUST" in paragraph:
            assert re.search(r"\[BF[0-9]{3}\]", paragraph), paragraph


@pytest.mark.parametrize("table", sorted(COLUMNS))
def test_every_column_is_described(table: str) -> None:
    for column in COLUMNS[table]:
        assert f"| `{column.name}` |" in section(5)


def test_the_closed_lists_are_those_of_the_vocabulary() -> None:
    for kind in ("missing", "caveat", "status", "basis"):
        for term in vocabulary().terms(kind):
            assert f"| `{term}` |" in TEXT


@pytest.mark.parametrize("index", [0, 1, 2, 3, 4, 5])
def test_the_annotated_tables_of_section_7_convert(index: int, tmp_path: Path) -> None:
    tables = re.findall(r"^```csv\n(.*?)^```$", section(7), re.MULTILINE | re.DOTALL)
    blocks = re.findall(r"^```json\n(.*?)^```$", section(7), re.MULTILINE | re.DOTALL)
    descriptors = [json.loads(text) for text in blocks if '"resources"' in text]
    assert len(tables) == len(descriptors) == 6
    [resource] = descriptors[index]["resources"]
    (tmp_path / resource["path"]).write_text(tables[index], "utf-8", newline="")
    (tmp_path / "datapackage.json").write_text(json.dumps(descriptors[index]))
    assert validate(tmp_path).ok
    account = convert(tmp_path).write(tmp_path / "out")
    assert account.ok
    locators = {
        record.provenance.sources[0].locator for record in open_package(tmp_path / "out").records()
    }
    assert all(str(locator) in TEXT for locator in locators)
    assert validate(tmp_path / "out").ok
