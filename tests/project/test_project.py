"""What the project keeps besides its code: workflows call make targets, and those exist."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
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


@pytest.mark.skipif(os.name != "posix", reason="it is a script of a shell")
@pytest.mark.parametrize(
    ("browser", "user", "is_to_be_had", "said"),
    [
        ("chromium", 0, True, []),
        ("google-chrome", 0, True, []),
        (None, 1000, True, []),
        (None, 0, True, ["apt-get update", "apt-get install"]),
        (None, 0, False, ["apt-get update", "Chromium cannot be installed here"]),
    ],
)
def test_a_fresh_machine_gets_a_browser_where_it_can(
    root: Path, tmp_path: Path, browser: str | None, user: int, is_to_be_had: bool, said: list[str]
) -> None:
    """`make test` is run in any case: without a browser its tests are left out and counted."""
    programs = {
        "apt-get": f'echo "apt-get $*" >&2; exit {int(not is_to_be_had)}',
        "id": f"echo {user}",
        "make": 'echo "make $*"',
    }
    if browser is not None:
        programs[browser] = ":"
    shell = shutil.which("bash")
    assert shell is not None
    for name, line in programs.items():
        (tmp_path / name).write_text(f"#!{shell}\n{line}\n")
        (tmp_path / name).chmod(0o755)
    dirname = shutil.which("dirname")
    assert dirname is not None
    (tmp_path / "dirname").symlink_to(dirname)
    done = subprocess.run(
        [shell, root / ".ci" / "run"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "make test\n"
    lines = done.stderr.splitlines()
    assert len(lines) == len(said)
    assert all(line.startswith(words) for line, words in zip(lines, said, strict=True))
