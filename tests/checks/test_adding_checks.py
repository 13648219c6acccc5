"""Checks of other packages: found by entry point, run beside those of benchfmt, and unable to stop them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from tests.forms import ROOT

from benchfmt import validate, validate_all
from benchfmt.checks import Cells, Check, Doubt, Frames, Severity, catalogue, faults
from benchfmt.finding import BenchfmtError, Finding
from benchfmt.testing import check_check
from benchfmt.validation import running

EXAMPLE = ROOT / "examples" / "check"
RECORD = re.compile(r"^## (Fails|Passes)\n+```json\n(.*?)```", re.DOTALL | re.MULTILINE)
CACHED = (
    catalogue.installed,
    catalogue.all_checks,
    catalogue.all_rule_sets,
    catalogue.stages,
    catalogue.whole_record_codes,
)


@pytest.fixture(autouse=True)
def fresh_catalogue() -> Iterator[None]:
    for function in CACHED:
        function.cache_clear()
    yield
    for function in CACHED:
        function.cache_clear()


def install(site: Path, module: Path, entry_points: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lay out an installed distribution of one module on the path of modules."""
    metadata = site / "acme_checks-0.1.dist-info"
    metadata.mkdir(parents=True)
    shutil.copy(module, site / module.name)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-checks\nVersion: 0.1\n")
    (metadata / "entry_points.txt").write_text(entry_points)
    monkeypatch.syspath_prepend(site)


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = (EXAMPLE / "pyproject.toml").read_text("utf-8")
    assert '[project.entry-points."benchfmt.checks"]\nacme = "acme_checks:POWER_' in project
    names = "[benchfmt.checks]\nacme = acme_checks:POWER_IS_SUPPLIED\n"
    install(tmp_path / "site", EXAMPLE / "acme_checks.py", names, monkeypatch)


def test_a_check_is_added_by_one_file_with_its_page_and_examples(
    example: None, tmp_path: Path
) -> None:
    page = catalogue.page("ACME001")
    records = dict(RECORD.findall(page))
    place = tmp_path / "record.json"
    place.write_text(records["Fails"], "utf-8")
    report = validate(place)
    assert report.findings == [
        Finding(
            "ACME001",
            Severity.WARNING,
            "record.json",
            1,
            None,
            "measurements.0.value",
            "a power of 8123.0 W; our racks supply 3000",
            "8123.0",
            "tenths of a watt? divide by ten",
            report.findings[0].record,
        )
    ]
    assert (report.warnings, report.ok) == (1, True)
    place.write_text(records["Passes"], "utf-8")
    assert validate(place).findings == []


def test_the_example_keeps_what_the_interface_promises(example: None) -> None:
    (added_check,) = catalogue.installed()
    check_check(added_check)


def test_an_added_check_belongs_to_the_rule_sets_and_not_to_the_standard(example: None) -> None:
    assert "ACME001" in catalogue.all_rule_sets()["core"].codes
    assert "ACME001" in catalogue.all_rule_sets()["submission"].codes
    assert "ACME001" not in catalogue.CODES
    assert "ACME001" not in catalogue.RULE_SETS["submission"].codes


# --- what cannot be used is refused when it is loaded ---


def check(code: str, **of: object) -> Check:
    texts = {"title": "A title", "page": "# A page", "severity": Severity.ERROR}
    return Check(code=code, **(texts | of))  # type: ignore[arg-type]  # the test gives what it likes


class Point:
    """An entry point that gives an object."""

    def __init__(self, named: object) -> None:
        self.name, self.value, self.dist = "acme", "acme:CHECKS", None
        self.named = named

    def load(self) -> object:
        if isinstance(self.named, Exception):
            raise self.named
        return self.named


def added(monkeypatch: pytest.MonkeyPatch, *named: object) -> None:
    points = [Point(item) for item in named]
    monkeypatch.setattr(catalogue, "entry_points", lambda group: points)


@pytest.mark.parametrize(
    ("named", "words"),
    [
        (check("BF999"), "'BF999' of the entry point 'acme' starts with BF: choose a prefix"),
        (
            check("ACME1", rules=("core", "strict")),
            "of the entry point 'acme': there is no rule set 'strict'; there are: core, submission, ingestion, matchmaking",
        ),
        (check("ACME1", rules="core"), "needs a tuple of the rule sets that it belongs to"),
        (check("ACME1", page=None), "has no page: say why it exists"),
        ((check("ACME1"), check("ACME1")), "two installed checks have the code ACME1"),
        ("a text", "names neither a Check nor a tuple of them"),
        (
            ImportError("no module named acme"),
            "cannot be loaded: ImportError: no module named acme",
        ),
    ],
)
def test_an_added_check_that_cannot_be_used_is_refused(
    named: object, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    added(monkeypatch, named)
    with pytest.raises(BenchfmtError, match=re.escape(words)):
        catalogue.installed()


FAILS = '{"benchfmt": "1.0", "benchmark": {"suite": "lpdnn"}, "status": "failed"}'
PAGE = f"""# ACME1: A title

What must hold.

## Why

Because.

## Fails

```json
{FAILS}
```

## Passes

```json
{FAILS.replace("failed", "incomplete")}
```

## How to fix it

Mend it.
"""


def finds_failed_runs(frames: Frames) -> pl.DataFrame:
    failed = frames.records.filter(pl.col("status") == "failed")
    return faults(failed, "records", "status", "a run failed")


def test_check_check_takes_a_sound_check(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = check("ACME1", table="records", run=finds_failed_runs, page=PAGE)
    added(monkeypatch, sound)
    check_check(sound)


@pytest.mark.parametrize(
    ("of", "words"),
    [
        ({"title": "A title."}, "the title 'A title.' ends with a full stop"),
        ({"title": "Another"}, "the page does not begin with '# ACME1: Another'"),
        ({"page": PAGE.replace("## Why", "## Because")}, "the sections of the page are Because, "),
        ({"page": PAGE.replace("json", "yaml", 1)}, "the page has no example under Fails"),
        ({"run": None}, "the example under Fails has the findings none, and not ACME1 alone"),
        (
            {"page": PAGE.replace("incomplete", "failed")},
            "the example under Passes has the findings ACME1",
        ),
    ],
)
def test_check_check_says_which_promise_is_broken(
    of: dict[str, object], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    faulty = check("ACME1", **({"table": "records", "run": finds_failed_runs, "page": PAGE} | of))
    added(monkeypatch, faulty)
    with pytest.raises(AssertionError, match=re.escape(f"ACME1: {words}")):
        check_check(faulty)


def test_check_check_asks_for_an_entry_point() -> None:
    with pytest.raises(AssertionError, match="ACME1: it is not installed: it has no entry point"):
        check_check(check("ACME1"))


# --- a check that raises an exception ---


def divides_by_zero(frames: Frames) -> pl.DataFrame:
    return faults(frames.records.head(1 // len(frames.metrics.keys() & set())), "records", None, "")


def asks_for_another_column(frames: Frames) -> pl.DataFrame:
    return faults(frames.measurements.filter(pl.col("colour") == "red"), "measurements", None, "")


BROKEN = (
    check("ACME1", table="measurements", run=divides_by_zero),
    check("ACME2", table="measurements", run=asks_for_another_column),
    check("ACME3", table="measurements", needs=("colour",), run=divides_by_zero),
    check(
        "ACME4",
        table="measurements",
        cells=(Cells("measurements", "value", pl.col("colour") == "red", pl.lit("red")),),
    ),
    check(
        "ACME5",
        table="measurements",
        cells=(Cells("measurements", "value", pl.col("value") > 0, pl.lit("more than 0")),),
    ),
)
SOUND = (
    '{"benchfmt": "1.0", "benchmark": {"suite": "lpdnn"}, "status": "ok", "measurements": [{"metric": '
    '"power", "scope": "wall", "value": 8, "unit": "W", "basis": "measured"}]}\n'
)


def eats_all(_: Frames) -> pl.DataFrame:
    raise MemoryError


def test_a_check_is_not_blamed_for_what_the_machine_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added(monkeypatch, (check("ACME1", table="records", run=eats_all),))
    place = tmp_path / "record.jsonl"
    place.write_text(SOUND, "utf-8")
    with pytest.raises(MemoryError):
        validate(place)
    (report,) = validate_all([place])
    assert [finding.code for finding in report.findings] == ["BF911"]


def test_bf909_a_check_that_fails_is_one_finding_and_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added(monkeypatch, BROKEN)
    place = tmp_path / "record.jsonl"
    place.write_text(SOUND, "utf-8")
    found = validate(place).findings
    assert [(finding.code, finding.value) for finding in found] == [
        ("BF909", "ACME1"),
        ("BF909", "ACME2"),
        ("BF909", "ACME3"),
        ("BF909", "ACME4"),
        ("ACME5", "8.0"),
    ]
    line = divides_by_zero.__code__.co_firstlineno + 1
    assert found[0] == Finding(
        "BF909",
        Severity.ERROR,
        "record.jsonl",
        None,
        None,
        None,
        f"check ACME1 failed in test_adding_checks.py line {line}: "
        "ZeroDivisionError: integer division or modulo by zero",
        "ACME1",
        "report it to whoever wrote the check; the other checks have run",
    )


def asks_for_a_misspelt_column(frames: Frames) -> pl.DataFrame:
    return faults(
        frames.measurements.filter(pl.col("statistics") == "mean"), "measurements", None, ""
    )


@pytest.mark.parametrize(
    ("of", "message"),
    [
        (
            {"run": asks_for_a_misspelt_column},
            re.compile(
                r"^check ACME1 failed in test_adding_checks.py line [0-9]+: "
                r"there is no column 'statistics'; did you mean 'statistic'\?$"
            ),
        ),
        (
            {"cells": (Cells("measurements", "value", pl.col("valeu") > 1, pl.lit("more")),)},
            re.compile(r"^check ACME1 failed: there is no column 'valeu'; did you mean 'value'\?$"),
        ),
        (
            {"run": lambda frames: frames.measurements["zzz"].to_frame(), "table": "systems"},
            re.compile(
                r"there is no column 'zzz' in systems: it has id, name, kind, .*extensions$"
            ),
        ),
    ],
)
def test_bf909_names_a_column_that_does_not_exist(
    of: dict[str, object],
    message: re.Pattern[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    added(monkeypatch, check("ACME1", **({"table": "measurements"} | of)))
    place = tmp_path / "record.json"
    place.write_text(SOUND.replace('"status"', '"system": {"name": "a"}, "status"'), "utf-8")
    (finding,) = validate(place).findings
    assert message.search(finding.message)


def test_bf909_a_check_that_fails_with_every_batch_is_reported_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added(monkeypatch, BROKEN[0])
    monkeypatch.setattr("benchfmt.validation.forms.json_portion._RECORDS", 2)
    place = tmp_path / "records.jsonl"
    place.write_text(SOUND * 7, "utf-8")
    assert [finding.code for finding in validate(place).findings] == ["BF909"]


class Unwell:
    """Gathers batches until it is asked."""

    def add(self, frames: Frames) -> pl.DataFrame:
        raise ValueError("no batch is wanted")

    def faults(self) -> pl.DataFrame:
        raise ValueError("nothing was gathered")


def test_bf909_a_check_over_several_batches_may_fail_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added(monkeypatch, check("ACME6", table="measurements", gather=Unwell))
    place = tmp_path / "records.jsonl"
    place.write_text(SOUND, "utf-8")
    (found,) = validate(place).findings
    assert (found.code, found.path, found.value) == ("BF909", "records.jsonl", "ACME6")
    assert "ValueError: no batch is wanted" in found.message


# --- what the objects say ---


def test_doubt_keeps_values_from_later_topics(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[int] = []

    def count_values(frames: Frames) -> pl.DataFrame:
        shown.append(frames.measurements["value"].count())
        return faults(frames.measurements.head(0), "measurements", None, "")

    doubtful = Cells("measurements", "value", pl.col("value") == 1, pl.lit("one"))
    later = check("ACME2", table="measurements", run=count_values)
    measurements = pl.DataFrame(
        {
            "record_id": ["a", "a", "a", "b"],
            "metric": ["power", "power", "latency", "power"],
            "value": [1.0, 2.0, 3.0, 4.0],
            "__row": [1, 2, 3, 4],
        }
    )
    frames = Frames(pl.DataFrame(), measurements, pl.DataFrame(), {}, frozenset())
    for doubt in (None, Doubt.VALUE, Doubt.METRIC):
        first = check("ACME1", table="measurements", suppresses=doubt, cells=(doubtful,))
        monkeypatch.setattr(running, "stages", lambda codes, first=first: ((first,), (later,)))
        assert len(list(running.run_checks(frames, frozenset()))) == 1
    assert shown == [4, 3, 2]


def test_a_check_is_not_run_where_a_column_that_it_needs_is_empty(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    added(monkeypatch, check("ACME1", table="measurements", needs=("ci",), run=divides_by_zero))
    place = tmp_path / "record.json"
    place.write_text(SOUND, "utf-8")
    assert validate(place).findings == []
