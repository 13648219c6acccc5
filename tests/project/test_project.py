"""What the project keeps besides its code: workflows call make targets, and those exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml


def steps(root: Path) -> list[tuple[str, str]]:
    """Every command of the workflows, with the name of its file."""
    found = []
    for path in sorted((root / ".github" / "workflows").glob("*.yml")):
        jobs = yaml.safe_load(path.read_text("utf-8"))["jobs"].values()
        found += [
            (path.name, step["run"]) for job in jobs for step in job["steps"] if "run" in step
        ]
    return found


def test_workflows_call_make_targets_that_exist(root: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text("utf-8"), re.MULTILINE))
    called = {command.split()[1] for _, command in steps(root) if command.startswith("make ")}
    assert called <= targets
    assert all(command.startswith("make ") for _, command in steps(root))
    assert {"test", "test-lowest", "docs", "build"} <= called


@pytest.mark.parametrize("name", ["test.yml", "release.yml"])
def test_actions_are_pinned_to_commits(root: Path, name: str) -> None:
    text = (root / ".github" / "workflows" / name).read_text("utf-8")
    used = re.findall(r"uses: (\S+)( # v[0-9.]+)?", text)
    assert used
    assert all(
        re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action) and version for action, version in used
    )
