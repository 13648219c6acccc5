"""`benchfmt serve`: a web application that judges, shows, compares and asks about results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchfmt.cli.printing import print_lines, say
from benchfmt.cli.stopping import leaves
from benchfmt.finding import BenchfmtError

_MIB = 2**20


def serve(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[FOLDER]", help="The packages that are shown; none without it."),
    ] = None,
    host: Annotated[
        str, typer.Option(help="The address to listen at; 0.0.0.0 for all of this machine.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="The port; 0 for any that is free.")
    ] = 8000,
    name: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A name by which browsers reach it, as bench.example.org."
        ),
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Keep uploads and their answers here.  [default: nothing is kept]",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            "-j",
            min=1,
            help="How many uploads are judged at once.  [default: one a processor]",
        ),
    ] = None,
    queue: Annotated[
        int, typer.Option(min=0, help="How many more may wait; the others are told to come again.")
    ] = 64,
    rate: Annotated[
        int, typer.Option(min=1, help="How many requests an address may make in a minute.")
    ] = 120,
    time_limit: Annotated[
        float, typer.Option(metavar="SECONDS", min=1, help="How long one upload may be judged.")
    ] = 120,
    upload_time: Annotated[
        float, typer.Option(metavar="SECONDS", min=1, help="How long one upload may take to come.")
    ] = 120,
    upload_limit: Annotated[
        int, typer.Option(metavar="MIB", min=1, help="How large an upload may be.")
    ] = 256,
    memory_limit: Annotated[
        int,
        typer.Option(metavar="MIB", min=256, help="How much memory judging one upload may take."),
    ] = 2_048,
    disk_limit: Annotated[
        int,
        typer.Option(
            metavar="MIB", min=1, help="How much disk judging one upload may take, unpacked."
        ),
    ] = 2_048,
    log: Annotated[
        bool,
        typer.Option(
            "--log",
            help="Print a line of JSON for each request to the standard output; it names nobody who asks.",
        ),
    ] = False,
) -> None:
    """Serve a page on which results can be dropped, and an API for platforms; show the packages of a folder.

    It listens on this machine alone unless told otherwise, and keeps nothing unless told where. Ctrl-C stops it.
    """
    from benchfmt.serving.running import serve as run
    from benchfmt.serving.settings import Settings, default_at_once

    leaves("nothing of it is left")
    settings = Settings(
        folder=folder,
        store=store,
        host=host,
        port=port,
        names=tuple(name or ()),
        upload_bytes=upload_limit * _MIB,
        disk_bytes=disk_limit * _MIB,
        memory_bytes=memory_limit * _MIB,
        seconds=time_limit,
        upload_seconds=upload_time,
        at_once=jobs or default_at_once(),
        waiting=queue,
        per_minute=rate,
    )
    run(settings, lambda text: say(text, err=True), _write_line if log else None)


def _write_line(line: str) -> None:
    """Print a line of the log; where it cannot be written, the server goes on, and says so."""
    try:
        print_lines([line])
    except BenchfmtError as error:
        say(f"warning: a line of the log is lost: {error}", err=True)
