"""Packages as linked data: benchfmt writes them, pyoxigraph serialises the same triples."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from bench import packages
from bench.packages import NARROW, Contents
from bench.process import Taken, measured, run_task
from bench.table import Bench, Row, Verdict, interleaved

if TYPE_CHECKING:
    from bench.benches import Setting

FORMS = ("ntriples", "turtle", "trig", "json-ld")
SHARE = 1 / 5
"""Of pyoxigraph's own speed, triples a CPU second."""
FLAT = 1.3
WARM = 100
HELD = 1_000_000
"""So many triples pyoxigraph holds as objects, about 500 MB, before it serialises them."""


def export_linked(taken: Taken, folder: str, records: int, form: str, out: str) -> None:
    """Export a package, with the triples counted afterwards where they are lines."""
    from benchfmt.exports import export

    with tempfile.TemporaryDirectory() as warm:
        export(packages.tables(Path(folder), Contents(WARM), "parquet"), form, f"{warm}/warm")
    package = packages.tables(Path(folder), Contents(records), "parquet")
    with measured(taken):
        done = export(package, form, out)
    assert (done.records, done.measurements) == (records, records * NARROW)
    taken.facts = {"bytes": Path(out).stat().st_size}
    if form == "ntriples":
        with Path(out).open("rb") as file:
            taken.facts["triples"] = sum(1 for _ in file)


def serialise_linked(taken: Taken, source: str, out: str) -> None:
    """Serialise triples that are objects already."""
    from pyoxigraph import RdfFormat, parse, serialize

    quads = parse(path=source, format=RdfFormat.N_TRIPLES)
    triples = [quad.triple for quad in islice(quads, HELD)]
    with measured(taken):
        serialize(triples, output=out, format=RdfFormat.N_TRIPLES)
    taken.facts = {"triples": len(triples)}


def prepare_linked(_: Taken, folder: str, records: int) -> None:
    """Make the packages."""
    for size in (WARM, records):
        packages.tables(Path(folder), Contents(size), "parquet")


TASKS: dict[str, Callable[..., None]] = {
    task.__name__: task for task in (export_linked, serialise_linked, prepare_linked)
}


def _place(setting: Setting, name: str) -> str:
    """Return a file that is not there yet."""
    folder = Path(setting.out(name))
    folder.mkdir()
    return str(folder / "graph")


def rdf(setting: Setting) -> Bench:
    """A package in four forms of linked data, at two sizes, and pyoxigraph on the same triples."""
    sizes = [setting.size(10_000), setting.size(100_000)]
    folder = str(setting.folder)
    for size in sizes:
        run_task("prepare_linked", folder=folder, records=size)
    triples = _place(setting, "triples")
    where: dict[str, Any] = {"folder": folder, "form": "ntriples"}
    count = run_task("export_linked", **where, records=sizes[1], out=triples).facts["triples"]

    def go(form: str, records: int) -> Taken:
        out = _place(setting, form)
        return run_task("export_linked", folder=folder, records=records, form=form, out=out)

    def peer() -> Taken:
        return run_task("serialise_linked", source=triples, out=_place(setting, "peer"))

    rows = [Row(form, "us", partial(go, form, sizes[1]), count, "triples") for form in FORMS]
    held = min(count, HELD)
    rows.append(Row("pyoxigraph serialises N-Triples", "peer", peer, held, "triples", "ntriples"))
    small = f"ntriples, {sizes[0] * NARROW:,} measurements"
    rows.append(Row(small, "us", partial(go, "ntriples", sizes[0]), sizes[0] * NARROW, "rows"))
    bench = Bench("rdf", f"{sizes[1] * NARROW:,} measurements, {count:,} triples", rows)
    interleaved(rows, setting.repeat, setting.tell)
    ours = count / median(taken.cpu_seconds for taken in rows[0].runs)
    theirs = held / median(taken.cpu_seconds for taken in bench.rows[4].runs)
    words = (
        f"{ours:,.0f} triples a CPU second, {ours / theirs:.2f} times pyoxigraph (at least {SHARE})"
    )
    bench.verdicts.append(Verdict(words, ours / theirs >= SHARE))
    low, high = (median(taken.peak_mib for taken in row.runs) for row in (rows[5], rows[0]))
    words = f"peak {low:.0f} and {high:.0f} MiB: {high / low:.2f} times for ten times the rows (at most {FLAT})"
    bench.verdicts.append(Verdict(words, None if setting.quick else high / low <= FLAT))
    shutil.rmtree(setting.folder / "out")
    return bench
