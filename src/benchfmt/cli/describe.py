"""`benchfmt describe`: parses its arguments, calls `describing.describe` or asks, and prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchfmt.cli.files import replace_text, write_text
from benchfmt.cli.options import LimitPairs
from benchfmt.cli.printing import print_lines, print_text, say
from benchfmt.finding import BenchfmtError

if TYPE_CHECKING:
    from benchfmt.describing import Description
    from benchfmt.drafting import Said
    from benchfmt.limits import Limits


def _list_layouts(value: bool) -> None:
    if value:
        from benchfmt.layouts import title_lines

        print_lines(title_lines())
        raise typer.Exit


def describe(
    tables: Annotated[
        list[Path],
        typer.Argument(metavar="TABLE...", help="Tables of results, or a folder of them."),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="File to write; else stdout, and datapackage.json for a folder or with --ask. "
            "What it says already is kept.",
        ),
    ] = None,
    ask: Annotated[bool, typer.Option("--ask", help="Ask on this terminal what is open.")] = False,
    suite: Annotated[str | None, typer.Option(help="The suite that the table is of.")] = None,
    constant: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH=VALUE", help="A field of every record, as task=image-classification."
        ),
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=PATH", help="The field that a column is, as Box=system.name."),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=METRIC", help="The metric that a column is, as b1_ms=latency."
        ),
    ] = None,
    unit: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=UNIT", help="The unit of a column, as Latency=ms."),
    ] = None,
    confirm: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=WHO", help="Who or what says that an assumed unit is right."),
    ] = None,
    decimal: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=MARK", help="The decimal mark, where another one groups thousands."
        ),
    ] = None,
    date: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=FORMAT", help="How dates are written, as Day=%d.%m.%Y."),
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="A column that is left out.")
    ] = None,
    primary: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The column of the headline number.")
    ] = None,
    part: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NUMBER=PATH",
            help="What a part is in which the names of equal tables differ, as 2=system.name.",
        ),
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The layout of the file, of a tool that is known (--list-like)."
        ),
    ] = None,
    limit: LimitPairs = None,
    review: Annotated[Path | None, typer.Option(help="Write the review here, as JSON.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Start anew, whatever an older descriptor says.")
    ] = False,
    _list_like: Annotated[
        bool,
        typer.Option(
            "--list-like",
            callback=_list_layouts,
            is_eager=True,
            help="List the known layouts and stop.",
        ),
    ] = False,
) -> None:
    """Draft a descriptor for tables: which column is which field or metric, in which unit.

    An older descriptor is kept as it is written, and gets what is new.
    """
    from benchfmt.cli.settings import limits_of
    from benchfmt.describing import constant_values, pairs, parts
    from benchfmt.drafting import Said

    limits = limits_of(limit or [])

    said = Said(
        constant_values(constant or ()),
        pairs(field or (), "--field"),
        pairs(metric or (), "--metric"),
        pairs(unit or (), "--unit"),
        pairs(confirm or (), "--confirm"),
        pairs(decimal or (), "--decimal"),
        frozenset(ignore or ()),
        primary,
        pairs(date or (), "--date"),
        parts(part or ()),
    )
    if like is not None:
        made, file = _described_like(tables, output, like, suite, said, limits, force=force)
    else:
        made, file = _described(tables, output, suite, said, limits, asks=ask, force=force)
    for line in made.review.lines():
        say(line, err=True)
    for note in made.missing:
        say(f"for a submission: {note}", err=True)
    options = made.options()
    if options:
        say(f"give it with --ask, or with: {' '.join(options)}", err=True)
    if review is not None:
        write_text(review, _as_json(made.to_dict()))
    text = _as_json(made.descriptor)
    if file is None:
        print_text(text.rstrip("\n"))
    else:
        replace_text(file, text)
        say(f"written: {file}", err=True)


def _described(
    paths: list[Path],
    output: Path | None,
    suite: str | None,
    said: Said,
    limits: Limits,
    *,
    asks: bool,
    force: bool,
) -> tuple[Description, Path | None]:
    """Return the description of tables, and the file to which it belongs."""
    from benchfmt.cli.prompts import Terminal, refuse_without_terminal
    from benchfmt.describing import describe_sources, draft_sources, tables_at
    from benchfmt.describing.asking import Describer, ask
    from benchfmt.descriptor import FILE_NAME

    if asks:
        refuse_without_terminal()
    folder = None
    if output is not None:
        folder = output.parent
    sources = tables_at(paths, folder, limits)
    file = output
    if file is None and (asks or paths[0].is_dir()):
        file = sources.root / FILE_NAME
    older = _older(file, force=force)
    if not asks:
        return describe_sources(sources, suite, said, older), file
    tables = Describer(
        lambda said: draft_sources(sources, suite, said, older),
        lambda said: describe_sources(sources, suite, said, older),
    )
    return ask(tables, said, Terminal(), sources.heads), file


def _described_like(
    paths: list[Path],
    output: Path | None,
    like: str,
    suite: str | None,
    said: Said,
    limits: Limits,
    *,
    force: bool,
) -> tuple[Description, Path | None]:
    """Return the description of files of a known layout, and the file to which it belongs."""
    from benchfmt.describing import describe_like
    from benchfmt.descriptor import FILE_NAME

    for path in paths:
        if not path.exists():
            raise BenchfmtError(f"{path} does not exist")
    folder = None
    file = output
    if output is not None:
        folder = output.parent
    elif paths[0].is_dir():
        file = paths[0] / FILE_NAME
    older = _older(file, force=force)
    return describe_like(paths, like, suite, said, older, folder, limits), file


def _older(file: Path | None, *, force: bool) -> Path | None:
    """Return the file of a descriptor that is kept; None where there is none, or a person starts anew."""
    if file is None or force or not file.exists():
        return None
    return file


def _as_json(data: object) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
