"""What runs benchfmt elsewhere: the action, the hooks, the image, the shell's completion, editors."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.forms import ROOT

from benchfmt.printable import is_watched
from benchfmt.standard import catalog

GOOD = ROOT / "examples" / "records" / "results.jsonl"
PAGE = (ROOT / "docs" / "pipelines.md").read_text("utf-8")
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
HOOKS = {
    hook["id"]: hook
    for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
}


def _judged_by(schema: str, path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _block(language: str, word: str) -> str:
    """Return the block of the page in a language that holds a word."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    (block,) = [block for block in blocks if word in block]
    return str(block)


def test_the_action_is_one_and_no_input_is_part_of_a_script() -> None:
    done = _judged_by("vendor.github-actions", ROOT / "action.yml")
    assert done.returncode == 0, done.stdout
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step.get("uses", "a@" + "0" * 40))


def test_the_page_names_every_input_with_its_default() -> None:
    table = PAGE.partition("| input |")[2].partition("\n\n")[0]
    rows = dict(re.findall(r"^\| `([\w-]+)` \|.*\| (?:`(.*)`)? ?\|$", table, re.MULTILINE))
    defaults = {name: str(entry["default"]) for name, entry in ACTION["inputs"].items()}
    assert rows == defaults


@pytest.mark.parametrize(
    ("schema", "word"),
    [("vendor.github-workflows", "upload-sarif"), ("vendor.gitlab-ci", "junit")],
)
def test_the_snippets_follow_the_schemas_of_their_systems(
    schema: str, word: str, tmp_path: Path
) -> None:
    path = tmp_path / "snippet.yml"
    path.write_text(_block("yaml", word), "utf-8")
    done = _judged_by(schema, path)
    assert done.returncode == 0, done.stdout


def _step(folder: Path, **environment: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run the step of the action that validates; returns what it did and its outputs."""
    outputs = folder / "outputs"
    outputs.touch()
    benchfmt = folder / "benchfmt"
    benchfmt.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m benchfmt "$@"\n', "utf-8")
    benchfmt.chmod(0o755)
    given = {
        "BENCHFMT": str(benchfmt),
        "GITHUB_OUTPUT": str(outputs),
        "RUNNER_TEMP": str(folder),
        **environment,
    }
    command = ["bash", str(ROOT / ".github" / "validate.sh")]
    environment = {**os.environ, **given}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done, outputs.read_text("utf-8")


needs_bash = pytest.mark.skipif(
    sys.platform == "win32" or shutil.which("bash") is None, reason="bash is not here"
)


@needs_bash
def test_the_action_annotates_and_leaves_sarif(tmp_path: Path) -> None:
    pytest.importorskip("sarif_pydantic", reason="the report extra is not installed")
    bad = tmp_path / "bad results.jsonl"
    bad.write_text(GOOD.read_text("utf-8").replace('"value": 0.76064', '"value": 76.064'), "utf-8")
    done, outputs = _step(tmp_path, PATHS=f"{bad.name}\r\n{GOOD}\n\n")
    assert done.returncode == 1
    assert "::error file=bad results.jsonl,line=1,col=1132,title=BF301" in done.stdout
    assert outputs == f"sarif={tmp_path}/benchfmt.sarif\n"
    results = json.loads((tmp_path / "benchfmt.sarif").read_text("utf-8"))["runs"][0]["results"]
    assert {result["ruleId"] for result in results} == {"BF301"}


@needs_bash
def test_what_a_workflow_gives_is_never_run(tmp_path: Path) -> None:
    done, _ = _step(tmp_path, PATHS="$(touch owned)\n; touch owned\n--help")
    assert done.returncode != 0
    assert "Usage:" not in done.stdout
    assert not (tmp_path / "owned").exists()
    done, _ = _step(tmp_path, PATHS=str(GOOD), RULES="core; touch owned")
    assert done.returncode == 2
    done, _ = _step(tmp_path, PATHS=str(GOOD), STRICT="$(touch owned)")
    assert done.returncode == 2
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize(
    ("hook", "file", "runs"),
    [
        ("benchfmt", "datapackage.json", True),
        ("benchfmt", "results/a/measurements.parquet", True),
        # A table that a descriptor describes has the name that its owner gave it.
        ("benchfmt", "bench/results.csv", True),
        ("benchfmt", "bench/Results.XLSX", True),
        ("benchfmt", "records/part-00001.parquet", True),
        ("benchfmt", "src/train.py", False),
        ("benchfmt", "README.md", False),
        ("benchfmt-files", "a/b.benchfmt.jsonl", True),
        ("benchfmt-files", "a/b.jsonl", False),
    ],
)
def test_hooks_run_for_files_of_benchfmt(hook: str, file: str, runs: bool) -> None:
    assert (re.search(HOOKS[hook]["files"], file) is not None) == runs


def test_the_page_shows_hooks_that_exist() -> None:
    shown = yaml.safe_load(_block("yaml", "rev:"))
    assert {hook["id"] for hook in shown["repos"][0]["hooks"]} <= set(HOOKS)
    for hook in HOOKS.values():
        assert hook["entry"] == "benchfmt validate"


def test_the_image_has_pinned_bases_and_runs_as_a_user() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert all(re.fullmatch(r"[a-z]+:[0-9]+\.[0-9]+-[a-z-]+", base) for base in bases)
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users and users[-1] not in ("root", "0")
    kept = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    copied = [word for line in lines if line.startswith("COPY ") for word in line.split()[1:-1]]
    for name in copied:
        if not name.startswith(("--", "/opt")):
            assert f"!{name.removeprefix('./')}" in kept


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("benchfmt validate --format sa", {"sarif"}),
        ("benchfmt convert --from mlperf-t", {"mlperf-tiny", "mlperf-tiny-published"}),
        ("benchfmt explain BF530", {"BF530"}),
        *(
            pytest.param(line, values, marks=pytest.mark.slow)
            for line, values in (
                ("benchfmt validate --rules i", {"ingestion"}),
                ("benchfmt vocabulary met", {"metric"}),
                ("benchfmt schema show cat", {"catalog.json"}),
            )
        ),
    ],
)
def test_the_shell_completes_values(line: str, values: set[str]) -> None:
    place = str(len(line.split()) - 1)
    environment = {
        **os.environ,
        "COMP_WORDS": line,
        "COMP_CWORD": place,
        "_BENCHFMT_COMPLETE": "complete_bash",
    }
    program = "import sys; sys.argv = ['benchfmt']; from benchfmt.cli import main; main()"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    found = set(done.stdout.split())
    assert values <= found
    assert all(name.startswith(line.split()[-1]) for name in found)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("value", "watched"), [("", True), ("false", True), ("true", False)])
def test_nobody_watches_a_job(value: str, watched: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", value)
    assert is_watched(_Terminal()) == watched
    assert not is_watched(io.StringIO())


def _entries() -> list[dict[str, Any]]:
    schemas: Any = catalog()["schemas"]
    return list(schemas)


def _references(data: Any) -> list[str]:
    if isinstance(data, dict):
        own = [data["$ref"]] if isinstance(data.get("$ref"), str) else []
        return own + [name for value in data.values() for name in _references(value)]
    if isinstance(data, list):
        return [name for item in data for name in _references(item)]
    return []


def test_the_catalogue_is_complete_and_its_schemas_are_whole() -> None:
    files = {path.name for path in (ROOT / "schema" / "1.0").glob("*.schema.json")}
    assert {entry["url"].rpartition("/")[2] for entry in _entries()} == files
    for entry in _entries():
        assert set(entry) == {"name", "description", "fileMatch", "url"}
        name = entry["url"].rpartition("/")[2]
        schema = json.loads((ROOT / "schema" / "1.0" / name).read_text("utf-8"))
        assert schema["$id"] == entry["url"]
        assert all(reference.startswith("#/") for reference in _references(schema))


def test_the_settings_for_editors_are_those_of_the_catalogue() -> None:
    settings = json.loads(_block("json", "json.schemas"))["json.schemas"]
    shown = {tuple(item["fileMatch"]): item["url"].rpartition("/")[2] for item in settings}
    assert shown == {
        tuple(entry["fileMatch"]): entry["url"].rpartition("/")[2] for entry in _entries()
    }
    for name in shown.values():
        assert f"benchfmt schema show {name} > .vscode/{name}" in PAGE
