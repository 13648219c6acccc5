"""The configuration of a caller: where it is looked for, what it says, and what wins over it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchfmt.cli.commands import app
from benchfmt.configuration import Configuration, find_configuration, read_configuration
from benchfmt.finding import BenchfmtError, Severity

RECORD = {"benchfmt": "1.0", "benchmark": {"suite": "lpdnn"}, "status": "failed"}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, below the root of a checkout, with a record whose licence nobody gives."""
    (tmp_path / ".git").mkdir()
    folder = tmp_path / "results" / "today"
    folder.mkdir(parents=True)
    (folder / "record.json").write_text(json.dumps(RECORD), "utf-8")
    monkeypatch.chdir(folder)
    return folder


def run(*arguments: str) -> tuple[int, list[str], str]:
    """Return the exit status of `benchfmt validate`, the lines that it printed, and what it said beside."""
    result = CliRunner().invoke(app, ["validate", "record.json", *arguments])
    if isinstance(result.exception, BenchfmtError):
        return 2, [], str(result.exception)
    return result.exit_code, result.stdout.splitlines(), result.stderr


# --- where it is looked for ---


def test_without_a_file_nothing_is_set(here: Path) -> None:
    assert find_configuration(here).configuration == Configuration()


def test_the_nearest_folder_counts(here: Path) -> None:
    (here.parent / "benchfmt.toml").write_text('rules = "submission"\n', "utf-8")
    assert find_configuration(here).configuration.rules == "submission"
    (here / "pyproject.toml").write_text('[tool.benchfmt]\nrules = "ingestion"\n', "utf-8")
    assert find_configuration(here).configuration.rules == "ingestion"


def test_a_file_of_its_own_counts_before_the_project(here: Path) -> None:
    (here / "pyproject.toml").write_text('[tool.benchfmt]\nrules = "ingestion"\n', "utf-8")
    (here / "benchfmt.toml").write_text('rules = "submission"\n', "utf-8")
    assert find_configuration(here).configuration.rules == "submission"


def test_a_project_that_says_nothing_is_passed_over(here: Path) -> None:
    (here / "pyproject.toml").write_text("[tool.ruff]\nline-length = 100\n", "utf-8")
    (here.parent / "benchfmt.toml").write_text('rules = "submission"\n', "utf-8")
    assert find_configuration(here).configuration.rules == "submission"


def test_above_the_checkout_nothing_is_looked_for(here: Path) -> None:
    (here / ".git").mkdir()
    (here.parent / "benchfmt.toml").write_text('rules = "submission"\n', "utf-8")
    assert find_configuration(here).configuration.rules is None


def test_the_package_of_a_stranger_brings_no_configuration(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "datapackage.json").write_text("{}", "utf-8")
    (package / "record.json").write_text("{", "utf-8")
    (package / "benchfmt.toml").write_text('ignore = ["BF5"]\n', "utf-8")
    (tmp_path / "benchfmt.toml").write_text('rules = "ingestion"\n', "utf-8")
    # Neither where the package is named ...
    assert find_configuration(here).configuration.ignore == []
    # ... nor where somebody stands in it.
    monkeypatch.chdir(package)
    result = find_configuration(package)
    assert result.configuration == Configuration(rules="ingestion")
    assert result.in_packages == (package / "benchfmt.toml",)
    _, _, beside = run()
    assert f"{package / 'benchfmt.toml'} lies in a package and is not read (--config" in beside


# --- what it says ---


def test_it_says_what_is_reported_and_how_much_it_weighs(here: Path) -> None:
    (here / "pyproject.toml").write_text(
        "\n".join(
            [
                "[tool.benchfmt]",
                'rules = "submission"',
                'select = ["BF5"]',
                'ignore = ["BF512", "BF513"]',
                'format = "json"',
                "max-findings = 20",
                "strict = true",
                "[tool.benchfmt.severity]",
                'BF511 = "warning"',
                "[tool.benchfmt.limits]",
                "row_bytes = 100000",
            ]
        ),
        "utf-8",
    )
    configuration = find_configuration(here).configuration
    assert configuration.adjustment.select == ("BF5",)
    assert configuration.adjustment.ignore == ("BF512", "BF513")
    assert configuration.adjustment.severities == {"BF511": Severity.WARNING}
    assert configuration.limits == {"row_bytes": 100000}
    assert (configuration.format, configuration.max_findings) == ("json", 20)
    assert configuration.strict is True


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rule = 'core'", "there is no setting 'rule'; did you mean 'rules'?"),
        ("max_findings = 3", "there is no setting 'max_findings'; did you mean 'max-findings'?"),
        ("colour = 3", "there is no setting 'colour'; there are: rules, select, ignore, severity"),
        ("ignore = 'BF5'", 'ignore: "BF5" is not a list'),
        ("select = [3]", "select.0: 3 is not a text"),
        ("rules = 2026-01-12", None),
        ("strict = 1", "strict: 1 is not true or false"),
        (
            "severity.BF306 = 'waring'",
            "severity.BF306: \"waring\" is none of 'error' or 'warning'; did you mean 'warning'?",
        ),
        ("limits.row_byte = 3", "limits: there is no limit 'row_byte'; did you mean 'row_bytes'?"),
        ("limits.row_bytes = -1", "limits.row_bytes: -1 is below 0"),
        ("rules = ", "is not TOML: "),
    ],
)
def test_what_it_cannot_say_is_a_wrong_call(here: Path, text: str, words: str | None) -> None:
    file = here / "benchfmt.toml"
    file.write_text(text, "utf-8")
    if words is None:
        assert read_configuration(file).rules == "2026-01-12"
        return
    with pytest.raises(BenchfmtError) as raised:
        find_configuration(here)
    assert str(raised.value).startswith(f"{file}")
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"rules = {'[' * 100_000}", "nested too deep"),
        (f"a{'.a' * 20_000} = 1", "nested too deep"),
        (f"max-findings = {'9' * 10_000}", "is not TOML"),
        ("# " + "x" * 2**18, "more than 262,144 bytes"),
    ],
)
def test_a_file_without_end_is_refused_in_one_line(here: Path, text: str, words: str) -> None:
    (here / "benchfmt.toml").write_text(text, "utf-8")
    with pytest.raises(BenchfmtError, match=words):
        find_configuration(here)


def test_all_that_is_wrong_is_told_at_once(here: Path) -> None:
    (here / "benchfmt.toml").write_text("rule = 'core'\nstrict = 1\n", "utf-8")
    status, _, message = run()
    assert status == 2
    assert "there is no setting 'rule'" in message
    assert "strict: 1 is not true or false" in message


# --- what wins ---


def test_the_command_line_wins(here: Path) -> None:
    (here / "benchfmt.toml").write_text(
        'rules = "ingestion"\nignore = ["BF5"]\nstrict = true\nseverity.BF511 = "warning"\n'
        'format = "json"\n',
        "utf-8",
    )
    status, lines, _ = run("--format", "text")
    assert (status, lines[-1].partition(":")[0]) == (
        0,
        "conformant (ingestion, without BF5, BF511 as warning, strict)",
    )
    status, lines, _ = run("--format", "text", "--ignore", "BF512, BF514")
    assert status == 1
    assert lines[1].startswith("  warning BF511 ")
    assert lines[-1].partition(":")[0] == (
        "not conformant (ingestion, without BF512, BF514, BF511 as warning, strict)"
    )
    status, _, _ = run("--ignore", "BF512,BF514", "--no-strict")
    assert status == 0
    status, lines, _ = run("--format", "text", "--rules", "core", "--no-config")
    assert (status, lines) == (
        0,
        ["conformant (core): 1 record, 0 measurements, 0 errors, 0 warnings"],
    )


def test_a_file_may_be_named(here: Path) -> None:
    (here / "benchfmt.toml").write_text('rules = "ingestion"\n', "utf-8")
    (here / "strict.toml").write_text('rules = "submission"\n', "utf-8")
    _, lines, _ = run("--config", "strict.toml")
    assert lines[-1].startswith("not conformant (submission): ")
    assert run("--config", "strict.toml", "--no-config")[0] == 2
    assert run("--config", "nowhere.toml")[2] == "nowhere.toml does not exist"
    (here / "pyproject.toml").write_text("", "utf-8")
    assert run("--config", "pyproject.toml")[2] == "pyproject.toml has no table [tool.benchfmt]"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--rules", "submision"), "there is no rule set 'submision'; did you mean 'submission'?"),
        (("--format", "jsn"), "there is no report format 'jsn'; did you mean 'json'?"),
        (("--limit", "row_byte=3"), "there is no limit 'row_byte'; did you mean 'row_bytes'?"),
        (("--ignore", "bf301"), "there is no code 'bf301'; did you mean 'BF301'?"),
        (("--select", "BF3,"), "there is no code ''"),
    ],
)
def test_a_misspelt_value_of_an_option_is_told_with_what_was_meant(
    here: Path, arguments: tuple[str, str], words: str
) -> None:
    status, _, message = run(*arguments)
    assert (status, message) == (2, words)
