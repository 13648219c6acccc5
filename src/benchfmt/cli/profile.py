"""`benchfmt profile`: parses its arguments, calls `profiler.profiling.profile` and prints."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from benchfmt.cli.printing import say
from benchfmt.finding import BenchfmtError
from benchfmt.printable import is_watched

Result = TypeVar("Result")

if TYPE_CHECKING:
    from pydantic import JsonValue

    from benchfmt.profiler.job import Protocol
    from benchfmt.profiler.running import Tell


class Scenario(StrEnum):
    """How work arrives."""

    single_stream = "single-stream"
    multi_stream = "multi-stream"
    server = "server"
    offline = "offline"


class Engine(StrEnum):
    """What runs the model."""

    onnxruntime = "onnxruntime"
    tensorrt = "tensorrt"
    trtexec = "trtexec"


class Harness(StrEnum):
    """What issues the queries."""

    auto = "auto"
    loadgen = "loadgen"
    own = "own"


class Tables(StrEnum):
    """The files that tables are written as."""

    parquet = "parquet"
    csv = "csv"


class Optimisation(StrEnum):
    """How much ONNX Runtime optimises the graph."""

    none = "none"
    basic = "basic"
    extended = "extended"
    all = "all"


def profile(
    model: Annotated[
        Path, typer.Argument(help="An ONNX model, or an engine that TensorRT has built.")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="PACKAGE", help="Folder, or .zip, to write.")
    ],
    quick: Annotated[
        bool,
        typer.Option(
            "--quick", help="Run one process for one second, to see whether everything works."
        ),
    ] = False,
    budget: Annotated[
        float | None, typer.Option(min=1, help="Seconds for the whole profile.  [default: 300]")
    ] = None,
    engine: Annotated[
        Engine, typer.Option(help="What runs the model; tensorrt is its Python API.")
    ] = Engine.onnxruntime,
    engine_option: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE",
            help="An option of the first provider, of TensorRT's builder (fp16=1), or of trtexec.",
        ),
    ] = None,
    scenario: Annotated[
        Scenario | None,
        typer.Option(help="How work arrives.  [default: single-stream; trtexec: closed-loop]"),
    ] = None,
    inputs: Annotated[
        str | None,
        typer.Option(
            metavar="DATA",
            help="An .npz or .npy file with one item a row, or a FUNCTION that yields items.",
        ),
    ] = None,
    preprocess: Annotated[
        str | None,
        typer.Option(metavar="FUNCTION", help="Turns an item into arrays; its time is measured."),
    ] = None,
    postprocess: Annotated[
        str | None,
        typer.Option(
            metavar="FUNCTION", help="Turns outputs into an answer; its time is measured."
        ),
    ] = None,
    evaluate: Annotated[
        str | None,
        typer.Option(
            metavar="FUNCTION", help="Takes (predict, items) and returns metrics by name."
        ),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="True labels of the items: text, one a line, or .npy.")
    ] = None,
    predictions: Annotated[
        Path | None,
        typer.Option(help="With --labels: answers that were made elsewhere, as text or .npy."),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(min=1, help="Samples in each call, where the model leaves their number open."),
    ] = None,
    dim: Annotated[
        list[str] | None, typer.Option(metavar="NAME=SIZE", help="Size of a free dimension.")
    ] = None,
    provider: Annotated[
        list[str] | None,
        typer.Option(help="Execution provider of ONNX Runtime, the first choice first."),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads for one operator.  [default: all processors]")
    ] = None,
    spinning: Annotated[
        bool,
        typer.Option(
            "--spinning", help="Let waiting threads spin; the check of processor time is off then."
        ),
    ] = False,
    optimisation: Annotated[
        Optimisation, typer.Option(help="Graph optimisation of ONNX Runtime.")
    ] = Optimisation.all,
    io_binding: Annotated[
        bool, typer.Option("--io-binding", help="Bind inputs and outputs to the device once.")
    ] = False,
    harness: Annotated[
        Harness,
        typer.Option(
            help="What issues the queries; auto is MLPerf's LoadGen where it is installed."
        ),
    ] = Harness.auto,
    rate: Annotated[
        float | None,
        typer.Option(help="Server: queries a second.  [default: half of what the model can serve]"),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Server: threads that handle queries.")] = 1,
    processes: Annotated[
        int | None, typer.Option(min=1, help="The least number of fresh processes.  [default: 5]")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of random inputs, order and arrivals.")] = 0,
    estimate_bandwidth: Annotated[
        bool,
        typer.Option(
            "--estimate-bandwidth", help="Estimate the memory traffic from the model's size."
        ),
    ] = False,
    name: Annotated[
        str | None, typer.Option(help="Name of the benchmark.  [default: the file's]")
    ] = None,
    task: Annotated[
        str | None, typer.Option(help="What the model does, such as image-classification.")
    ] = None,
    model_name: Annotated[
        str | None, typer.Option(help="Name of the model.  [default: the file's]")
    ] = None,
    model_version: Annotated[
        str | None, typer.Option(help="Version or variant of the model.")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="Name of the data set of the evaluation.")
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Part of the data set, such as validation.")
    ] = None,
    submitter: Annotated[str | None, typer.Option(help="Who measures.")] = None,
    license_id: Annotated[
        str | None, typer.Option("--license", help="Licence (SPDX id) of the results.")
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="Where the model or the work can be found.")
    ] = None,
    system_name: Annotated[str | None, typer.Option(help="Name of the machine.")] = None,
    system_kind: Annotated[
        str | None, typer.Option(help="Kind of the machine: laptop, board, server ...")
    ] = None,
    table_format: Annotated[
        Tables, typer.Option("--format", help="File format of the tables.")
    ] = Tables.parquet,
    redact: Annotated[
        bool,
        typer.Option(
            "--redact",
            help="Put placeholders for what is personal into the package, as `convert --redact` does.",
        ),
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a package that is there already.")
    ] = False,
) -> None:
    """Measure a model, and write honest records of it.

    FUNCTION is package.module:name or file.py:name. The raw observations go to PACKAGE-runs beside the package. Exit
    status 1 if a process, or the evaluation, failed.
    """
    from benchfmt.package import Target, check_new, check_replaceable
    from benchfmt.personal.redaction import Redactor
    from benchfmt.profiler.job import QUICK, Protocol
    from benchfmt.profiler.profiling import profile as run
    from benchfmt.profiler.telling import summary_lines

    check_replaceable(output)
    if not replace:
        check_new(output)
    redactor = None
    if redact:
        redactor = Redactor()
    plan = Protocol()
    if quick:
        plan = QUICK
    if processes is not None:
        plan = _with_processes(plan, processes)
    system = {key: value for key, value in (("name", system_name), ("kind", system_kind)) if value}
    about = {
        "name": name,
        "task": task,
        "model": model_name,
        "model_version": model_version,
        "dataset": dataset,
        "split": split,
        "submitter": submitter,
        "license": license_id,
        "url": url,
        "system": system or None,
    }
    with Target(output) as target:
        result = _with_progress(
            lambda tell: run(
                model,
                inputs=inputs,
                preprocess=preprocess,
                postprocess=postprocess,
                evaluate=evaluate,
                labels=labels,
                predictions=predictions,
                engine=engine.value,
                engine_options=_options(engine_option or []),
                scenario=scenario.value if scenario else None,
                batch_size=batch_size,
                dimensions=_sizes(dim or []),
                providers=provider or ["CPUExecutionProvider"],
                threads=threads,
                spinning=spinning,
                optimisation=optimisation.value,
                io_binding=io_binding,
                harness=harness.value,
                rate=rate,
                workers=workers,
                seed=seed,
                protocol=plan,
                budget=budget,
                estimate_bandwidth=estimate_bandwidth,
                about=about,
                tell=tell,
            )
        )
        extra: dict[str, JsonValue] = {"title": f"Profile of {result.summary.benchmark.name}"}
        if license_id:
            extra["licenses"] = [{"name": license_id}]
        result.write(
            target, format=table_format.value, extra=extra, replace=replace, redactor=redactor
        )
    result.close()
    for line in summary_lines(result.summary):
        say(line, err=True)
    if redactor:
        for line in redactor.summary():
            say(f"redacted: {line}", err=True)
    say(str(output))
    raise typer.Exit(int(not result.ok))


def _with_processes(plan: Protocol, processes: int) -> Protocol:
    from dataclasses import replace

    return replace(plan, processes=processes, most_processes=max(processes, plan.most_processes))


def _options(pairs: list[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise BenchfmtError(
                f"--engine-option takes KEY=VALUE, as in --engine-option fp16=1, not {pair!r}"
            )
        found[key] = value
    return found


def _sizes(pairs: list[str]) -> dict[str, int]:
    found = {}
    for pair in pairs:
        key, equals, size = pair.rpartition("=")
        if not equals or not key or not size.isdecimal() or int(size) < 1:
            raise BenchfmtError(f"--dim takes NAME=SIZE, as in --dim height=224, not {pair!r}")
        found[key] = int(size)
    return found


def _with_progress(work: Callable[[Tell | None], Result]) -> Result:
    """Run work with a line of progress where a person watches, and without one elsewhere."""
    if not is_watched(sys.stderr):
        return work(None)
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        return work(lambda words, done: bar.update(task, completed=done, description=words))
