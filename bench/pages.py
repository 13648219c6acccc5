"""The bench of pages: how long a browser needs until a report, the page of a server and a site on 10,000 results are there."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.browsers import chromium, sight
from tests.servers import running

from bench.process import Taken
from bench.table import Bench, Row, Verdict, interleaved

if TYPE_CHECKING:
    from bench.benches import Setting

SECONDS = 1.0
_RECORDS = 10_000
_SYSTEMS = 20


def pages(setting: Setting) -> Bench:
    """The first view of what people look at, in Debian's Chromium: seconds are those of the page's own main thread."""
    folder = setting.folder / "pages"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "packages").mkdir(parents=True)
    records = setting.size(_RECORDS)
    _write_results(folder / "results.jsonl", records)
    _run("convert", folder / "results.jsonl", "-o", folder / "packages" / "all")
    _run("report", folder / "packages" / "all", "-o", folder / "report.html")
    _run("site", folder / "packages", "-o", folder / "site")
    title = f"first view of {records:,} results"
    try:
        with chromium() as browser, _web(folder / "site") as site, _server(folder) as server:
            [below] = (folder / "site" / "packages").iterdir()
            places = {
                "report": (folder / "report.html").as_uri(),
                "serve: a package": f"{server}/packages/{below.name}/report",
                "site: first page": f"{site}/index.html",
                "site: a package": f"{site}/packages/{below.name}/index.html",
                "site: its report": f"{site}/packages/{below.name}/report.html",
            }
            rows = [
                Row(name, "us", partial(_looked_at, browser, place), records, "results")
                for name, place in places.items()
            ]
            interleaved(rows, setting.repeat, setting.tell)
    except pytest.skip.Exception as skipped:
        return Bench("pages", title, [], [Verdict(f"not measured: {skipped}")])
    return Bench("pages", title, rows, [_verdict(row) for row in rows])


def _write_results(file: Path, number: int) -> None:
    """Write records of models on systems that all compare: a page has as many groups and results as it can have."""
    with file.open("w") as lines:
        for place in range(number):
            model, system = divmod(place, _SYSTEMS)
            record = {
                "benchfmt": "1.0",
                "id": f"r{place}",
                "benchmark": {"suite": "bench:pages", "name": f"model {model}"},
                "task": "image-classification",
                "dataset": {"name": "imagenet"},
                "model": {"name": f"network-{model}"},
                "system": {"id": f"s{system}", "name": f"Board {system}"},
                "software": {"engine": "onnxruntime"},
                "configuration": {
                    "precision": "fp32",
                    "batch_size": 1,
                    "threads": 4,
                    "input_shape": [224, 224],
                    "placement": ["cpu"],
                },
                "status": "ok",
                "measurements": [
                    _number("latency", (place % 97 + 3) / 1_000, "s", primary=True),
                    _number("power", place % 31 + 1.5, "W"),
                    _number("accuracy", 1 - 1 / (model + 2), "1"),
                ],
            }
            lines.write(json.dumps(record) + "\n")


def _number(metric: str, value: float, unit: str, **more: object) -> dict[str, object]:
    measured = {"metric": metric, "value": value, "unit": unit, "basis": "measured", **more}
    if metric == "latency":
        measured |= {"statistic": "mean", "stage": "end-to-end", "per": "sample", "n": 20}
    return measured


def _looked_at(browser: Any, address: str) -> Taken:
    seen = sight(browser, address)
    facts = {"paint": seen.paint, "loaded": seen.loaded}
    return Taken(seconds=seen.thread, cpu_seconds=seen.thread, facts=facts)


def _verdict(row: Row) -> Verdict:
    worst = max(row.seconds)
    paint, loaded = (max(taken.facts[name] for taken in row.runs) for name in ("paint", "loaded"))
    told = f"first paint {paint:.2f} s and loaded {loaded:.2f} s after the first byte, by the clock"
    text = f"{row.name}: {worst:.2f} s of the main thread (at most {SECONDS:g}); {told}"
    return Verdict(text, worst <= SECONDS)


def _run(*words: object) -> None:
    command = [sys.executable, "-m", "benchfmt", *map(str, words)]
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def _web(folder: Path) -> Iterator[str]:
    """Give the address of a server of files."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Write nothing."""

    handler: Callable[..., Any] = partial(Handler, directory=str(folder))
    with running(handler) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    """Give the address of `benchfmt serve` on the packages of a folder."""
    log = folder / "serve.log"
    command = [sys.executable, "-m", "benchfmt", "serve", "--port", "0", str(folder / "packages")]
    with log.open("w") as errors, subprocess.Popen(command, stderr=errors) as process:
        try:
            while "serving at http://" not in log.read_text("utf-8"):
                time.sleep(0.1)
                if process.poll() is not None:
                    raise RuntimeError(log.read_text("utf-8"))
            yield log.read_text("utf-8").partition("serving at ")[2].split()[0].rstrip("/")
        finally:
            process.terminate()
