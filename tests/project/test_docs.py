"""The documents tell the truth: every marked command is run and its output compared, every link and example checked.

The marks, in README.md, CONTRIBUTING.md and docs/:

- ```console: lines that begin with `$ ` are commands (`> ` continues one), the rest is what they print, stdout and stderr
  together. A line of `...` matches any lines. All blocks of a page run in order in one folder with a copy of `examples/`.
  Converters that other packages add to this environment are left out of what `benchfmt converters` prints.
- ```pycon: a doctest. ```python: is run. Both share one namespace for each page and the folder of the console blocks.
- ```<language> title="examples/…": is a part of that file.

`BENCHFMT_UPDATE_DOCS=1 pytest tests/project/test_docs.py` writes the outputs into the documents; look at the difference then.
"""

from __future__ import annotations

import doctest
import os
import re
import shutil
import struct
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from tests.browsers import chromium
from tests.warm import SHELL

from benchfmt import __version__

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted(path for path in DOCS.rglob("*.md") if path.name not in ("specification.md", "cli.md")),
]
FENCE = re.compile(r"^```(?P<info>[^\n`]+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
# What `make` does after setting up an environment of its own, which a test does not repeat.
MAKE = {"make demo": "sh examples/demo.sh out/demo"}
SVG = "{http://www.w3.org/2000/svg}"
STATUS = "== status of the command before "


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.fixture(scope="session")
def stopwatch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example converter installed, from its sources and without network."""
    place = tmp_path_factory.mktemp("stopwatch")
    source = shutil.copytree(ROOT / "examples" / "converter", place / "source")
    quiet = [
        "--quiet",
        "--disable-pip-version-check",
        "--no-index",
        "--no-deps",
        "--no-build-isolation",
    ]
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        *quiet,
        "--target",
        str(place / "site"),
        str(source),
    ]
    subprocess.run(command, check=True)
    return place / "site"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_examples_of_a_page_are_true(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stopwatch: Path, program: Path
) -> None:
    folder = tmp_path / "checkout"
    shutil.copytree(
        ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns("__pycache__")
    )
    monkeypatch.chdir(folder)
    text = page.read_text("utf-8")
    names: dict[str, Any] = {"__name__": "__main__"}
    changed = text
    for block in FENCE.finditer(text):
        language, _, title = block["info"].strip().partition(" ")
        body = block["body"]
        if title.startswith("title="):
            file = ROOT / title.removeprefix("title=").strip('"')
            assert body.strip("\n") in file.read_text("utf-8"), (
                f"{name_of(page)}: {file.name} says something else"
            )
        elif language == "console":
            extra = stopwatch if page.name in ("CONTRIBUTING.md", "writing.md") else None
            printed, folder = run_console(body, folder, program, extra)
            monkeypatch.chdir(folder)
            if os.environ.get("BENCHFMT_UPDATE_DOCS"):
                changed = changed.replace(body, merged(body, printed))
            else:
                compare(body, printed, page)
        elif language == "pycon":
            told = run_doctest(body, names, page)
            changed = changed.replace(body, told)
        elif language == "python":
            exec(compile(body, name_of(page), "exec"), names)  # noqa: S102 - our own documents
    if changed != text:
        page.write_text(changed, "utf-8")


def commands_of(body: str) -> list[tuple[str, list[str]]]:
    """Return the commands of a console block, each with the lines that it is said to print."""
    first, *rest = body.splitlines()
    if first.removeprefix("$ ") in MAKE:
        return [(first.removeprefix("$ "), rest)]  # the demo prints its own commands
    found: list[tuple[str, list[str]]] = []
    for line in body.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif line.startswith("> ") and found and not found[-1][1]:
            found[-1] = (f"{found[-1][0]}\n{line[2:]}", [])
        else:
            found[-1][1].append(line)
    return found


def run_console(
    body: str, folder: Path, program: Path, extra: Path | None
) -> tuple[list[list[str]], Path]:
    """Return what each command of a block prints, run one after the other in one shell, and the folder it ends in."""
    commands = [MAKE.get(command, command) for command, _ in commands_of(body)]
    script = "".join(
        f"{command}\n__s=$?; printf '%s%s\\n' '{STATUS}' $__s; (exit $__s)\n"
        for command in commands
    )
    script += "pwd\n"
    environment = {
        **os.environ,
        **SHELL,
        "PATH": os.pathsep.join(
            (str(program), str(Path(sys.executable).parent), os.environ["PATH"])
        ),
        "PYTHONPATH": str(extra or ""),
    }
    done = subprocess.run(
        ["sh"], input=script, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False, encoding="utf-8",
    )  # fmt: skip
    parts: list[list[str]] = [[]]
    for line in done.stdout.splitlines():
        if line.startswith(STATUS):
            parts.append([])
        elif not (
            commands[len(parts) - 1 :][:1] == ["benchfmt converters"]
            and line.partition(" ")[0] in outside()
        ):
            parts[-1].append(line)
    assert len(parts) == len(commands) + 1, done.stdout
    return parts[:-1], Path(parts[-1][-1])


def outside() -> set[str]:
    """Return the converters that other packages add to this environment."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    group = "benchfmt.converters"
    return {point.name for point in entry_points(group=group)} - set(project["entry-points"][group])


def compare(body: str, printed: list[list[str]], page: Path) -> None:
    for (command, said), lines in zip(commands_of(body), printed, strict=True):
        pattern = "".join(
            "(?:.*\n)*?" if line == "..." else re.escape(line) + "\n" for line in said
        )
        # An empty line after the last output is layout.
        text = "".join(f"{line}\n" for line in lines)
        fits = re.fullmatch(pattern, text) or re.fullmatch(
            pattern.rstrip("\n") + "\n", text.rstrip("\n") + "\n"
        )
        assert fits, (
            f"{name_of(page)}: `{command}` prints\n{text}\nand the document says\n{chr(10).join(said)}"
        )


def merged(body: str, printed: list[list[str]]) -> str:
    """Return a console block with what was printed, keeping outputs that were abbreviated on purpose."""
    lines = []
    for (command, said), new in zip(commands_of(body), printed, strict=True):
        lines += [
            ("$ " if not number else "> ") + part for number, part in enumerate(command.split("\n"))
        ]
        lines += said if "..." in said else new
    return "\n".join(lines) + "\n"


class Told(doctest.DocTestRunner):
    """Keeps what the examples print."""

    def __init__(self) -> None:
        super().__init__(optionflags=doctest.ELLIPSIS, verbose=False)
        self.got: dict[int, str] = {}

    def report_success(self, out: Any, test: Any, example: Any, got: str) -> None:
        self.got[example.lineno] = example.want

    def report_failure(self, out: Any, test: Any, example: Any, got: str) -> None:
        self.got[example.lineno] = got
        super().report_failure(out, test, example, got)


def run_doctest(body: str, names: dict[str, Any], page: Path) -> str:
    """Run a doctest and return it with what it prints; fail where that is something else, unless documents are updated."""
    case = doctest.DocTestParser().get_doctest(body, names, name_of(page), str(page), 0)
    messages: list[str] = []
    runner = Told()
    runner.run(case, out=messages.append, clear_globs=False)
    names.update(case.globs)
    if not os.environ.get("BENCHFMT_UPDATE_DOCS"):
        assert not messages, "".join(messages)
        return body
    lines = []
    for example in case.examples:
        parts = example.source.splitlines()
        lines += [
            f"{'>>>' if not number else '...'} {part}".rstrip() for number, part in enumerate(parts)
        ]
        lines += runner.got.get(example.lineno, "").splitlines()
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    generated = re.compile(r"(^|/)((checks|vocabulary|gallery)/[A-Za-z0-9-]+|rules)\.(md|html)$")
    for match in LINK.finditer(FENCE.sub("", page.read_text("utf-8"))):
        target, _, _ = match["target"].partition("#")
        if target and "://" not in target and not generated.search(target):
            assert (page.parent / target).exists(), f"{name_of(page)} links to {target}"


def test_make_demo_runs_what_this_test_runs() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert "sh examples/demo.sh $(OUT)/demo" in makefile
    assert re.search("^OUT := out$", makefile, re.MULTILINE)


def test_design_names_every_layer_of_the_import_contract() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]
    text = (DOCS / "design.md").read_text("utf-8")
    modules = [
        name.strip().removeprefix("benchfmt.") for layer in layers for name in layer.split("|")
    ]
    public = [name for name in modules if not name.startswith("_")]
    assert [
        name for name in public if f"`{name}.py`" not in text and f"`{name}/`" not in text
    ] == []


def page_maker(name: str) -> Any:
    """A module that makes pages when the site is built."""
    import importlib.util

    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_commands_page_is_current() -> None:
    assert (DOCS / "cli.md").read_text("utf-8") == page_maker("hooks").cli_page(), (
        "run: python docs/hooks.py"
    )


def test_the_table_of_rule_sets_is_that_of_the_catalogue() -> None:
    text = (DOCS / "validation.md").read_text("utf-8")
    hooks = page_maker("hooks")
    assert hooks.RULE_SETS.findall(text) == [hooks.rule_sets_table()], "run: python docs/hooks.py"


def test_every_code_and_every_kind_of_term_has_a_page() -> None:
    from benchfmt.checks.catalogue import CODES
    from benchfmt.vocabulary import vocabulary

    pages = dict(page_maker("hooks").generated_pages())
    assert {f"checks/{code}.md" for code in CODES} <= set(pages)
    assert {f"vocabulary/{kind}.md" for kind in vocabulary().kinds()} <= set(pages)
    for code, known in CODES.items():
        assert pages[f"checks/{code}.md"].startswith(f"# {code}: {known.title}\n")


def test_limits_page_states_the_limits() -> None:
    from benchfmt.limits import LIMITS

    text = (DOCS / "security.md").read_text("utf-8")
    said = dict(re.findall(r"^\| `([a-z_]+)` \| ([0-9,]+) \|", text, re.MULTILINE))
    assert {name: f"{getattr(LIMITS, name):,}" for name in LIMITS.__slots__} == said


def test_public_names_are_documented() -> None:
    import benchfmt

    text = (DOCS / "api.md").read_text("utf-8")
    assert [
        name for name in benchfmt.__all__ if name != "__version__" and f"`{name}" not in text
    ] == []


def test_every_converter_stands_on_one_page_with_its_facts() -> None:
    facts = page_maker("facts")
    pages = sorted((DOCS / "converters").glob("*.md"))
    named = [name for page in pages for name in facts.names_on(page.read_text("utf-8"))]
    own = set(facts.converters()) - {"annotated", "records"}  # they have guides
    assert sorted(named) == sorted(own)
    text = facts.with_facts("# A page\n\n<!-- converters: trtexec -->\nIt goes on.\n")
    assert re.search(r'^!!! facts "`trtexec` [0-9.]+"$', text, re.MULTILINE)
    assert "--option warm_up_ms=…" in text
    assert text.endswith("\nIt goes on.\n")


SHOWN_AS = {
    "ai-benchmark": "AI Benchmark (desktop",
    "ai-benchmark-mobile": "AI Benchmark (desktop, mobile)",
    "ai4europe": "AI4Europe tables",
    "aibench": "AIBench",
    "amlb": "AMLB",
    "annotated": "Your own table",
    "dataperf": "DataPerf",
    "energy-domain": "the energy domain",
    "every-eval-ever": "Every Eval Ever",
    "inferencex": "InferenceX",
    "lpdnn": "LPDNN",
    "mlperf-client": "Client",
    "mlperf-endpoints": "Endpoints",
    "mlperf-hpc": "HPC",
    "mlperf-inference": "Inference with power",
    "mlperf-mobile": "Mobile",
    "mlperf-published": "and their published tables",
    "mlperf-storage": "Storage",
    "mlperf-tiny": "Tiny",
    "mlperf-tiny-published": "and their published tables",
    "mlperf-training": "MLPerf Training",
    "mlperf-training-published": "and their published tables",
    "onnxruntime-perf-test": "ONNX Runtime",
    "onnxruntime-profile": "ONNX Runtime",
    "openml": "OpenML and CC18",
    "openvino-benchmark-app": "OpenVINO",
    "records": "Package",
    "tabarena": "TabArena",
    "trtexec": "TensorRT",
}
"""How the diagram of the first page calls what each converter reads."""


def test_the_diagram_shows_every_family() -> None:
    drawn = ElementTree.parse(DOCS / "assets" / "flow.svg")  # noqa: S314 - a file of our own
    words = "\n".join("".join(item.itertext()) for item in drawn.iter(f"{SVG}text"))
    assert set(SHOWN_AS) == set(page_maker("facts").converters())
    assert [name for name, shown in SHOWN_AS.items() if shown not in words] == []


@pytest.mark.parametrize(
    ("known", "repository", "address"),
    [
        ({}, None, None),
        (
            {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "a/benchfmt", "BENCHFMT_SITE_URL": "https://a.io/b"},
            "https://github.com/a/benchfmt",
            "https://a.io/b/",
        ),
        (
            {"CI_PROJECT_URL": "https://gitlab.com/a/b", "CI_PAGES_URL": "https://a.gitlab.io/b/"},
            "https://gitlab.com/a/b",
            "https://a.gitlab.io/b/",
        ),
    ],
)  # fmt: skip
def test_the_site_says_its_version_and_leads_to_the_repository(
    known: dict[str, str],
    repository: str | None,
    address: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "BENCHFMT_SITE_URL", "CI_PROJECT_URL", "CI_PAGES_URL"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    for name, value in known.items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(str(DOCS))
    project = tomllib.loads(page_maker("build").configuration())["project"]
    assert project["copyright"] == f"benchfmt {__version__}, Apache-2.0"
    assert (project.get("repo_url"), project.get("site_url")) == (repository, address)


def test_the_card_that_other_sites_show_is_there() -> None:
    head = (DOCS / "overrides" / "main.html").read_text("utf-8")
    assert "{{ config.site_url }}assets/card.png" in head
    data = (DOCS / "assets" / "card.png").read_bytes()
    assert struct.unpack(">II", data[16:24]) == (1200, 630)


def test_every_page_is_in_the_navigation() -> None:
    site = tomllib.loads((ROOT / "zensical.toml").read_text("utf-8"))["project"]
    shown = [page for page in leaves(site["nav"]) if page != "gallery/index.md"]
    generated = {name for name, _ in page_maker("hooks").generated_pages()}
    kept = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}
    assert len(shown) == len(set(shown))
    assert set(shown) <= kept | generated
    assert kept - set(shown) == set()


def leaves(entry: Any) -> list[str]:
    """The pages of a navigation, in order."""
    if isinstance(entry, str):
        return [entry]
    below = entry.values() if isinstance(entry, dict) else entry
    return [page for item in below for page in leaves(item)]


@pytest.mark.slow
def test_site_builds_without_a_warning_and_no_page_is_wider_than_its_window(tmp_path: Path) -> None:
    pytest.importorskip("zensical", reason="the docs extra is not installed")
    command = [sys.executable, "docs/build.py", "--site", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    site = tmp_path / "site"
    assert (site / "checks" / "BF401" / "index.html").is_file()
    assert (site / "gallery" / "demo.html").is_file()
    pages = sorted(site.rglob("index.html"))
    assert len(pages) > 200
    with chromium() as browser:
        for width in (390, 1440):
            window = browser.new_page(viewport={"width": width, "height": 900})
            wide = []
            for page in pages:
                window.goto(page.as_uri())
                if window.evaluate(
                    "document.documentElement.scrollWidth > document.documentElement.clientWidth"
                ):
                    wide.append(page.relative_to(site).as_posix())
            assert wide == []
