"""Every family of the real samples makes a package that validates, and each finding has its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.validation.deserved import DESERVED, OF_ALL, WITHOUT_RESULTS

from benchfmt.checks.rule_sets import NAMES
from benchfmt.conversion import convert
from benchfmt.finding import BenchfmtError, Severity
from benchfmt.validation import validate

Packaged = Callable[[str], Path]


@pytest.fixture(scope="module")
def packaged(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Packaged:
    """Return what makes a package of a family."""
    place = tmp_path_factory.mktemp("families")

    def make(family: str) -> Path:
        target = place / family
        if not target.exists():
            convert(samples / family).write(target)
        return target

    return make


def test_each_folder_of_samples_is_a_family_or_has_no_results(samples: Path) -> None:
    folders = {path.name for path in samples.iterdir() if path.is_dir()}
    assert folders == DESERVED.keys() | WITHOUT_RESULTS.keys()
    assert not DESERVED.keys() & WITHOUT_RESULTS.keys()


@pytest.mark.parametrize("folder", WITHOUT_RESULTS)
def test_a_folder_without_results_makes_no_package(
    folder: str, samples: Path, tmp_path: Path
) -> None:
    with pytest.raises(BenchfmtError, match="nothing to convert"):
        convert(samples / folder).write(tmp_path / "package")


def test_a_reason_is_given_once_for_a_code() -> None:
    assert not [family for family, codes in DESERVED.items() if codes.keys() & OF_ALL.keys()]
    assert not [code for code in OF_ALL if not OF_ALL[code]]


@pytest.mark.slow
@pytest.mark.parametrize("family", DESERVED)
def test_what_is_found_in_a_family_is_what_it_deserves(family: str, packaged: Packaged) -> None:
    found: dict[str, str] = {}
    for rules in NAMES:
        for finding in validate(packaged(family), rules).findings:
            found.setdefault(
                finding.code, f"{rules}: {finding.path} {finding.row} {finding.message}"
            )
    deserved = DESERVED[family].keys() | OF_ALL.keys()
    unexplained = {code: text for code, text in found.items() if code not in deserved}
    assert unexplained == {}
    assert deserved - found.keys() == set(), "not found any more: take them out of the table"


@pytest.mark.slow
@pytest.mark.parametrize("family", DESERVED)
def test_the_package_of_a_family_conforms(family: str, packaged: Packaged) -> None:
    report = validate(packaged(family))
    errors = {item.code for item in report.findings if item.severity == Severity.ERROR}
    # Of all samples, MLPerf's own closed result below its target is the one that the source itself has wrong.
    assert errors == ({"BF702"} if family == "mlperf_inference" else set())


@pytest.mark.slow
@pytest.mark.parametrize("family", DESERVED)
def test_a_family_as_csv_has_the_findings_of_parquet(
    family: str, packaged: Packaged, samples: Path, tmp_path: Path
) -> None:
    convert(samples / family).write(tmp_path / "package", format="csv")
    for rules in ("submission", "matchmaking"):
        assert told(tmp_path / "package", rules) == told(packaged(family), rules)


def told(package: Path, rules: str) -> tuple[Counter[tuple[str, ...]], Counter[str]]:
    """Return what is found in the tables of a package, whatever their form, and how much more."""
    report = validate(package, rules)
    found: Counter[tuple[str, ...]] = Counter()
    for finding in report.findings:
        table = finding.path.partition(".")[0]
        row = str(finding.row)
        found[finding.code, table, row, finding.column or "", finding.message] += 1
    return found, report.more
