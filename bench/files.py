"""One table as XLSX, JSON Lines and nested JSON: benchfmt converts it, the library that reads it only reads it."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from bench.process import Taken, measured, run_task
from bench.table import Bench, Row, Verdict, interleaved

WARM_ROWS = 100
NAMES = {"xlsx": "table.xlsx", "jsonl": "table.jsonl", "nested": "table.json"}
LIBRARIES = {"xlsx": "python-calamine", "jsonl": "json, line by line", "nested": "json"}


def rows_of(size: int) -> Iterator[dict[str, Any]]:
    """Yield rows of a name, a precision, a batch size and four measurements."""
    for place in range(size):
        yield {
            "model": f"net-{place % 97}",
            "precision": ("fp32", "fp16", "int8")[place % 3],
            "batch size": 1 + place % 8,
            "latency mean (ms)": 3.25 + place % 1_013 / 128,
            "latency p99 (ms)": 5.5 + place % 1_013 / 64,
            "throughput (images/s)": 100 + place % 911 / 8,
            "power (W)": 4.5 + place % 61 / 16,
        }


def made(folder: Path, form: str, size: int) -> Path:
    """Return a folder with a table in a form and its descriptor, made unless it is there."""
    place = folder / f"files-{form}-{size}"
    if (place / "datapackage.json").exists():
        return place
    from benchfmt.drafting import draft

    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    path = place / NAMES[form]
    WRITERS[form](path, size)
    described = draft(path, "bench:files").descriptor
    (place / "datapackage.json").write_text(json.dumps(described))
    return place


def _write_xlsx(path: Path, size: int) -> None:
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Runs")
    for place, row in enumerate(rows_of(size)):
        if not place:
            sheet.append(list(row))
        sheet.append(list(row.values()))
    book.save(path)


def _write_lines(path: Path, size: int) -> None:
    with path.open("w") as file:
        for row in rows_of(size):
            file.write(f"{json.dumps(row)}\n")


def _write_nested(path: Path, size: int) -> None:
    runs = [
        {"setup": dict(list(row.items())[:3]), "results": dict(list(row.items())[3:])}
        for row in rows_of(size)
    ]
    for run in runs:
        run.update(run.pop("results"))
    path.write_text(json.dumps({"host": {"name": "board"}, "runs": runs}))


WRITERS: dict[str, Callable[[Path, int], None]] = {
    "xlsx": _write_xlsx,
    "jsonl": _write_lines,
    "nested": _write_nested,
}


def convert_form(taken: Taken, folder: str, form: str, rows: int, out: str) -> None:
    """Convert the table of a form."""
    from benchfmt import convert

    with tempfile.TemporaryDirectory() as warm:
        convert(made(Path(folder), form, WARM_ROWS), "annotated").write(f"{warm}/package")
    with measured(taken):
        account = convert(made(Path(folder), form, rows), "annotated").write(out)
    assert account.total("records") == rows


def read_form(taken: Taken, folder: str, form: str, rows: int) -> None:
    """Only read the table of a form, by the library that reads it."""
    path = made(Path(folder), form, rows) / NAMES[form]
    if form == "xlsx":
        import python_calamine

        with measured(taken):
            count = len(python_calamine.load_workbook(str(path)).get_sheet_by_index(0).to_python())
    elif form == "jsonl":
        with measured(taken), path.open() as file:
            count = len([json.loads(line) for line in file])
    else:
        with measured(taken):
            count = len(json.loads(path.read_text())["runs"])
    assert count >= rows


def prepare_form(_: Taken, folder: str, form: str, rows: int) -> None:
    """Make the table of a form."""
    for size in (WARM_ROWS, rows):
        made(Path(folder), form, size)


TASKS: dict[str, Callable[..., None]] = {
    task.__name__: task for task in (convert_form, read_form, prepare_form)
}


def files(setting: Any) -> Bench:
    """A table in the forms that are read row by row, beside the plain read by the library that reads each."""
    size = setting.size(100_000)
    rows = []
    for form in NAMES:
        where = {"folder": str(setting.folder), "form": form, "rows": size}
        run_task("prepare_form", **where)
        ours = f"benchfmt convert, {form}"
        go = partial(run_task, "convert_form", **where, out=setting.out(f"files-{form}"))
        rows.append(Row(ours, "us", go, size, "rows"))
        name = f"{LIBRARIES[form]} reads it, {form}"
        rows.append(Row(name, "floor", partial(run_task, "read_form", **where), size, "rows", ours))
    bench = Bench("files", f"{size:,} rows of 7 columns, 4 measured", rows)
    interleaved(rows, setting.repeat, setting.tell)
    bench.verdicts.append(Verdict("the libraries only read: no cell is checked or converted"))
    shutil.rmtree(setting.folder / "out")
    return bench
