"""What all tests share: no network, the folders, and a word on the tests that had no samples or no browser."""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import socket
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from tests import browsers, warm

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT.parent / "shared" / "samples"
FAULTS = ROOT.parent / "shared" / "faults"
NO_SAMPLES = "the real samples are not here"
if find_spec("hypothesis"):  # the tests of the base install run without it
    from tests import drawing

    drawing.register()


@pytest.fixture(autouse=True)
def network_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail whatever connects to anything but a socket of this machine's own processes."""
    connect = socket.socket.connect

    def refuse(self: socket.socket, address: Any) -> None:
        if self.family != getattr(socket, "AF_UNIX", None):
            raise AssertionError(f"a test connects to {address}; the network is off")
        connect(self, address)

    def unknown(host: Any, *_: Any, **__: Any) -> Any:
        raise AssertionError(f"a test looks up {host!r}; the network is off")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", unknown)


@pytest.fixture(autouse=True)
def surroundings_are_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what a job of continuous integration or a person's shell says of colours and of who watches."""
    for name in ("CI", "GITHUB_ACTIONS", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real samples; skips where it is not."""
    if not SAMPLES.is_dir():
        pytest.skip(f"{NO_SAMPLES} ({SAMPLES})")
    return SAMPLES


@pytest.fixture(scope="session")
def all_samples_package(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One package of every family of the samples, as Parquet; some 20 seconds, so only for tests marked `slow`."""
    from benchfmt.conversion import convert

    target = tmp_path_factory.mktemp("all-samples") / "package"
    convert(samples).write(target)
    return target


@pytest.fixture(scope="session")
def faults() -> Path:
    """The folder of small inputs that went wrong once; skips where it is not."""
    if not FAULTS.is_dir():
        pytest.skip(f"{NO_SAMPLES} ({FAULTS})")
    return FAULTS


@pytest.fixture(scope="session")
def two_processes() -> Iterator[Executor]:
    """Two processes that read units: starting some takes longer than what a test lets them do."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.fixture(scope="session")
def program() -> Iterator[Path]:
    """A folder with the command `benchfmt`, which has started already: for the front of PATH."""
    with warm.folder() as place:
        yield place


@pytest.fixture
def tools_on_path(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Find the tools of this environment by their names, and the program that has started already."""
    folders = [str(program), str(Path(sys.executable).parent), os.environ["PATH"]]
    monkeypatch.setenv("PATH", os.pathsep.join(folders))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A Chromium, which is there or the test is skipped."""
    with browsers.chromium() as started:
        yield started


@pytest.fixture(scope="module")
def store() -> Iterator[Any]:
    """An object store on this machine, behind a proxy that fails when it is told to."""
    # What it needs is asked for by the modules that use it.
    from tests.package import stores

    with stores.running() as proxy:
        yield proxy


@pytest.fixture
def bucket(store: Any, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """The address of an empty bucket of the store, which is this test's alone."""
    from tests.package import stores

    return stores.bucket_in(store, monkeypatch, request.node.name)


def pytest_collection() -> None:
    """Look for no garbage while thousands of tests are made: none of them is."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Let no search for garbage visit the tests themselves."""
    gc.freeze()
    gc.enable()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a person write the expected records anew, to read the difference line by line."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write tests/golden/ from what is converted now",
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, Any], None]:
    """Compare plain data with `tests/golden/<name>.json`, whole."""

    def compare(name: str, data: Any) -> None:
        path = ROOT / "tests" / "golden" / f"{name}.json"
        text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        assert json.loads(text) == json.loads(path.read_text("utf-8"))

    return compare


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the project."""
    return ROOT


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how many tests did not run for want of the real samples, and of a browser."""
    skipped = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    for reason in (NO_SAMPLES, browsers.NO_BROWSER, browsers.NO_DRIVER):
        lacking = sum(reason in words for words in skipped)
        if lacking or reason == NO_SAMPLES:
            terminalreporter.write_line(f"{lacking} tests did not run because {reason}")
