"""The wheel: what it holds, and that it works where only it is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from benchfmt import __version__, validate

FIXTURES = Path(__file__).parents[1] / "fixtures" / "lpdnn"


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout without a network."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing but the installed wheel."""
    folder = tmp_path_factory.mktemp("site")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--disable-pip-version-check",
    ]
    subprocess.run([*pip, "--target", str(folder), str(wheel)], check=True, capture_output=True)
    return folder


def run(site: Path, *words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the installed program: -S leaves out the editable install, whose path stands in a .pth file."""
    libraries = sysconfig.get_paths()["purelib"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), libraries])}
    command = [sys.executable, "-S", *map(str, words)]
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def test_the_wheel_holds_schema_vocabulary_pages_and_the_type_marker(
    wheel: Path, root: Path
) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    schema = {f"benchfmt/_schema/{path.name}" for path in (root / "schema" / "1.0").iterdir()}
    pages = {
        f"benchfmt/checks/pages/{path.name}"
        for path in (root / "src/benchfmt/checks/pages").iterdir()
    }
    modules = {
        f"benchfmt/{p.relative_to(root / 'src/benchfmt').as_posix()}"
        for p in (root / "src").rglob("*.py")
    }
    tables = {f"benchfmt/_registry/{path.name}" for path in (root / "schema/registry").iterdir()}
    assert "benchfmt/_schema/vocabulary.json" in schema
    assert "benchfmt/_registry/system_facts.csv" in tables
    assert len(pages) > 35
    assert schema | tables | pages | modules | {"benchfmt/py.typed"} <= names
    metadata = f"benchfmt-{__version__}.dist-info"
    assert {f"{metadata}/entry_points.txt", f"{metadata}/licenses/LICENSE"} <= names
    assert [name for name in names if not name.startswith(("benchfmt/", metadata))] == []


def test_the_installed_program_is_the_one_of_the_wheel(site: Path, tmp_path: Path) -> None:
    done = run(site, "-c", "import benchfmt; print(benchfmt.__file__)", cwd=tmp_path)
    assert Path(done.stdout.strip()).is_relative_to(site), done.stderr


def test_the_installed_program_converts_and_validates(site: Path, tmp_path: Path) -> None:
    done = run(
        site,
        "-m",
        "benchfmt",
        "convert",
        FIXTURES / "split",
        "-o",
        "package",
        "--jobs",
        "2",
        cwd=tmp_path,
    )
    assert (done.returncode, done.stdout) == (0, "package\n"), done.stderr
    assert validate(tmp_path / "package").findings == []
    done = run(site, "-m", "benchfmt", "validate", "package", "--format", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["packages"][0]["findings"] == []


@pytest.mark.slow
def test_the_installed_program_explains_and_prints_its_schema(site: Path, tmp_path: Path) -> None:
    script = (
        "from benchfmt.cli.commands import app\n"
        "for words in (['explain', 'BF301'], ['explain', 'jetson-xavier'], ['schema', 'show', 'record.schema.json'], ['converters']):\n"
        "    try:\n"
        "        app(words)\n"
        "    except SystemExit as end:\n"
        "        assert not end.code\n"
    )
    done = run(site, "-c", script, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "BF301" in done.stdout
    assert "\njetson-agx-xavier-32gb (known hardware)" in done.stdout
    assert '"$id"' in done.stdout
    assert "\nlpdnn " in done.stdout
