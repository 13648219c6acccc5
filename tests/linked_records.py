"""Records with all that linked data must hold: those of the corpus, and odd ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.forms import VALID, load

from benchfmt.package import PackageWriter
from benchfmt.record import Record
from benchfmt.tables import to_batch

MEASUREMENT = {"metric": "latency", "value": 0.1, "unit": "s", "basis": "measured"}
ODD: dict[str, dict[str, Any]] = {
    "words that are names of the context": {
        "benchmark": {"suite": "lpdnn", "scenario": "scenario", "phase": "value"},
        "task": "system",
        "software": {"engine": "openml"},
        "measurements": [
            {**MEASUREMENT, "scope": "accelerator", "stage": "lpdnn", "per": "samples"},
            {**MEASUREMENT, "scope": "accelerator:1"},
            {**MEASUREMENT, "scope": "system", "statistic": "statistic"},
            {**MEASUREMENT, "scope": "acme:part", "metric": "acme:speed"},
            {**MEASUREMENT, "metric": "ndcg@10"},
        ],
    },
    "prefixes of no vocabulary": {
        "benchmark": {"suite": "lpdnn:other", "name": "name"},
        "software": {"engine": "acme"},
        "measurements": [{**MEASUREMENT, "metric": "0a@b:x_y@z"}],
    },
    "texts with everything": {
        "benchmark": {"suite": "stopwatch", "name": 'quote " and \\ and ü and 𝄞 and \u2028'},
        "status_detail": 'line one\nline "two"\ttab\\n',
        "software": {"stack": {"a b": 'x"y', "\u0001": "control", "ü": "1"}},
        "configuration": {"hyperparameters": {"a": [1, 2.5, True, "x\ny"], "b": {}}},
        "extensions": {"acme": {"@id": "no node", "http://x": [0, 1e-7]}},
        "inputs": [
            {"name": "b\\", "unit": "kW", "values": [1, -0.0, 5e-324, 1.7976931348623157e308]},
            {"name": "a", "values": [0.1]},
        ],
        "provenance": {
            "submitter": "Jürgen <x> & {y}",
            "url": "not really an address, with blanks",
            "sources": [
                {"path": "a b/ü.csv"},
                {"path": "c", "sha256": "0" * 64, "locator": "row=1"},
            ],
        },
        "measurements": [
            {
                **MEASUREMENT,
                "value": 1 / 3,
                "ci": [0, 0, 0.95],
                "samples": [None, 1, 1e22],
                "reported_value": '1,5 "\n',
                "caveats": ["single-observation", "cached"],
            }
        ],
    },
    "one accelerator in a list": {
        "benchmark": {"suite": "stopwatch"},
        "system": {"id": "box/1 ü", "accelerator": [{"kind": "gpu", "count": 2}]},
        "measurements": [{**MEASUREMENT, "unit": "acme-unit"}, {**MEASUREMENT, "unit": "EUR"}],
    },
}


def corpus() -> list[Record]:
    """Return the valid records of the corpus, with ids that are no IRIs."""
    records = []
    for number, path in enumerate(VALID):
        plain = load(path)
        plain["id"] = plain.get("id", f"no. {number}/ü#")
        if "system" in plain:
            plain["system"]["id"] = f"{plain['system'].get('id', 'box')} {number}"
        records.append(Record.from_dict(plain))
    return records


def odd() -> list[Record]:
    return [
        Record.from_dict({"benchfmt": "1.0", "id": name, "status": "ok", **plain})
        for name, plain in ODD.items()
    ]


def package_of(records: list[Record], place: Path) -> Path:
    with PackageWriter(place) as writer:
        writer.write(to_batch(records))
    return place
