"""The generated inputs: an annotated CSV of any size, the same for every run, and packages made from it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

SEED = 20_251_123
CHUNK = 100_000
TABLE = "results.csv"
MISSING_SHARE = 0.005

# column: metric, statistic, stage, per, scope, unit as written, what one such unit is in the unit of the standard.
MEASURED: dict[str, tuple[str, str | None, str | None, str | None, str | None, str, float]] = {
    "latency_ms": ("latency", "mean", "inference", "batch", None, "ms", 1e-3),
    "latency_p90_ms": ("latency", "p90", "inference", "batch", None, "ms", 1e-3),
    "preprocess_ms": ("latency", "mean", "preprocess", "batch", None, "ms", 1e-3),
    "throughput_fps": ("throughput", "mean", "inference", "sample", None, "/s", 1.0),
    "memory_mb": ("memory", "max", None, None, "process", "MBy", 1e6),
    "cpu_percent": ("utilization", "mean", None, None, "cpu", "%", 1e-2),
    "power_w": ("power", "mean", None, None, "board", "W", 1.0),
    "energy_mj": ("energy", "mean", None, None, "board", "mJ", 1e-3),
    "temperature_c": ("temperature", "max", None, None, "soc", "Cel", 1.0),
    "accuracy_percent": ("accuracy", None, None, None, None, "%", 1e-2),
}
PRIMARY = "latency_ms"
ENGINES = {
    "LNE": "lne",
    "NCNN": "ncnn",
    "TensorRT": "tensorrt",
    "ONNXRuntime": "onnxruntime",
    "TFLite": "tflite",
    "PyTorch": "pytorch",
}
PRECISIONS = {"FP32": "fp32", "FP16": "fp16", "INT8": "int8"}
TERMS = {"engine": ENGINES, "precision": PRECISIONS}
PLATFORMS = ["rpi3", "rpi4", "jetson-nano2", "jetson-xav-agx", "x86-64-nuc", "imx8m-nano"]
CONSTANTS = {
    "benchmark.suite": "ai4europe",
    "task": "image-classification",
    "provenance.license": "CC0-1.0",
}
FIELDS = {
    "model": "model.name",
    "version": "model.version",
    "engine": "software.engine",
    "precision": "configuration.precision",
    "platform": "system.id",
    "batch": "configuration.batch_size",
}


def annotated(folder: Path, rows: int) -> Path:
    """Return a folder with a table of `rows` rows and its descriptor, made unless it is there; a smaller one is a prefix."""
    place = folder / f"annotated-{rows}"
    if not (place / "datapackage.json").exists():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        with (place / TABLE).open("wb") as file:
            for start in range(0, rows, CHUNK):
                _rows(start // CHUNK).head(rows - start).write_csv(file, include_header=not start)
        (place / "datapackage.json").write_text(json.dumps(_descriptor(), indent=2), "utf-8")
    return place


def package(folder: Path, rows: int, form: Any) -> Path:
    """Return the package of the annotated table of `rows` rows, written unless it is there."""
    from benchfmt import __version__, convert

    place = folder / f"package-{rows}-{form}-{__version__}"
    shutil.rmtree(place, ignore_errors=True)
    convert(annotated(folder, rows), "annotated").write(place, format=form)
    return place


def _rows(chunk: int) -> Any:
    import numpy as np
    import polars as pl

    rng = np.random.default_rng([SEED, chunk])

    def words(choices: list[str]) -> Any:
        return pl.Series(choices).gather(rng.integers(0, len(choices), CHUNK))

    batch = 2 ** rng.integers(0, 7, CHUNK)
    latency = rng.lognormal(3.0, 1.2, CHUNK)
    power = rng.uniform(2, 30, CHUNK)
    numbers = {
        "latency_ms": latency.round(4),
        "latency_p90_ms": (latency * rng.uniform(1.05, 1.5, CHUNK)).round(4),
        "preprocess_ms": rng.lognormal(0.5, 0.5, CHUNK).round(3),
        "throughput_fps": (batch * 1000 / latency).round(2),
        "memory_mb": rng.lognormal(5.5, 0.8, CHUNK).round(1),
        "cpu_percent": rng.uniform(5, 99, CHUNK).round(2),
        "power_w": power.round(3),
        "energy_mj": (power * latency).round(2),
        "temperature_c": rng.uniform(35, 85, CHUNK).round(1),
        "accuracy_percent": rng.uniform(50, 90, CHUNK).round(3),
    }
    columns = {
        "model": words(
            [
                f"{name}-s{size}"
                for name in ("resnet", "mobilenet", "yolo", "vit", "squeezenet")
                for size in range(40)
            ]
        ),
        "version": words([f"v{major}.{minor}" for major in (1, 2, 3) for minor in range(6)]),
        "engine": words(list(ENGINES)),
        "precision": words(list(PRECISIONS)),
        "platform": words(PLATFORMS),
        "batch": pl.Series(batch),
    }
    for name, values in numbers.items():
        told = pl.Series(values).cast(pl.String)
        # The first measured column is always there, so that every row is a record.
        columns[name] = (
            told
            if name == PRIMARY
            else told.set(pl.Series(rng.random(CHUNK) < MISSING_SHARE), None)
        )
    return pl.DataFrame(columns)


def _descriptor() -> dict[str, Any]:
    fields: list[dict[str, Any]] = []
    for name, path in FIELDS.items():
        terms = {"terms": TERMS[name]} if name in TERMS else {}
        kind = "integer" if name == "batch" else "string"
        fields.append({"name": name, "type": kind, "benchfmt": {"field": path, **terms}})
    for name, (metric, statistic, stage, per, scope, unit, _) in MEASURED.items():
        note = {
            "metric": metric,
            "statistic": statistic,
            "stage": stage,
            "per": per,
            "scope": scope,
            "unit": unit,
        }
        said = {key: value for key, value in note.items() if value is not None}
        fields.append(
            {
                "name": name,
                "type": "number",
                "benchfmt": {**said, **({"primary": True} if name == PRIMARY else {})},
            }
        )
    return {
        "$schema": "https://w3id.org/benchfmt/1.0/package.schema.json",
        "name": "bench",
        "resources": [
            {
                "name": "results",
                "path": TABLE,
                "schema": {"fields": fields},
                "benchfmt": {"constant": CONSTANTS},
            }
        ],
    }
