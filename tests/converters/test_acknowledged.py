"""What sources acknowledge stands in the package that is made of them, as far as it is true of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchfmt import convert, open_package, validate

REASON = "The intervals are of the median; the values are means."
ALL: dict[str, Any] = {"code": "BF407", "reason": REASON}
ONE: dict[str, Any] = {"code": "BF407", "reason": REASON, "records": ["r2"]}


def lay(place: Path, acknowledged: list[dict[str, Any]], *ids: str) -> Path:
    """Write JSON Lines whose heading acknowledges findings."""
    latency = {"metric": "latency", "statistic": "mean", "per": "sample", "value": 5.0, "unit": "s"}
    measurement = {**latency, "basis": "measured", "ci": [6.0, 7.0, 0.95]}
    lines: list[dict[str, Any]] = [{"benchfmt": {"version": "1.0", "acknowledged": acknowledged}}]
    for identifier in ids:
        suite = {"benchmark": {"suite": "lpdnn"}, "status": "ok"}
        lines.append({"benchfmt": "1.0", "id": identifier, **suite, "measurements": [measurement]})
    place.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    return place


def known_in(package: Path) -> list[dict[str, Any]]:
    data = json.loads((package / "datapackage.json").read_text("utf-8"))
    known: list[dict[str, Any]] = data["benchfmt"].get("acknowledged", [])
    return known


def test_a_package_acknowledges_what_its_source_does(tmp_path: Path) -> None:
    source = lay(tmp_path / "a.jsonl", [ALL], "r1", "r2")
    convert(source).write(tmp_path / "package", format="csv")
    assert known_in(tmp_path / "package") == [ALL]
    report = validate(tmp_path / "package")
    assert (report.errors, report.known) == (0, 2)
    convert(tmp_path / "package").write(tmp_path / "again")
    assert known_in(tmp_path / "again") == [ALL]
    with open_package(tmp_path / "again") as package:
        heading = next(iter(package.lines()))
    assert heading["benchfmt"]["acknowledged"] == [ALL]


def test_a_merged_package_acknowledges_what_is_true_of_it(tmp_path: Path) -> None:
    sources = [
        lay(tmp_path / "a.jsonl", [ALL], "r1"),
        lay(tmp_path / "b.jsonl", [ONE], "r2"),
    ]
    account = convert(sources).write(tmp_path / "package")
    assert known_in(tmp_path / "package") == [ONE]
    (finding,) = account.findings
    assert (finding.code, finding.value, finding.hint) == (
        "BF129",
        REASON,
        "name its `records` in the source",
    )
    assert finding.message.startswith("the acknowledgement of BF407 is left out: ")


def test_what_all_sources_say_is_kept_once(tmp_path: Path) -> None:
    sources = [lay(tmp_path / f"{name}.jsonl", [ALL], name) for name in "ab"]
    account = convert(sources).write(tmp_path / "package")
    assert known_in(tmp_path / "package") == [ALL]
    assert account.findings == []
