"""The commands of benchfmt."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from benchfmt.cli import completing
from benchfmt.cli.bundle import bundle
from benchfmt.cli.compare import compare
from benchfmt.cli.convert import convert
from benchfmt.cli.coverage import coverage
from benchfmt.cli.describe import describe
from benchfmt.cli.explain import explain
from benchfmt.cli.export import export, exports
from benchfmt.cli.options import Remote
from benchfmt.cli.printing import print_lines, print_text, say
from benchfmt.cli.profile import profile
from benchfmt.cli.publish import publish
from benchfmt.cli.query import query
from benchfmt.cli.rearrange import append, merge, select, split
from benchfmt.cli.recommend import recommend
from benchfmt.cli.report import report
from benchfmt.cli.serve import serve
from benchfmt.cli.site import site
from benchfmt.cli.validate import validate
from benchfmt.finding import BenchfmtError
from benchfmt.printable import json_text
from benchfmt.spelling import no_such

app = typer.Typer(
    name="benchfmt",
    help="A common format for AI benchmark results: convert, validate, look into and use them.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
schema_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The published files of the standard."
)
app.add_typer(schema_app, name="schema")


class TextFormat(StrEnum):
    """How a result is printed."""

    text = "text"
    json = "json"


@app.callback()
def _top(
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        from benchfmt._version import __version__

        print_lines([f"benchfmt {__version__}"])
        raise typer.Exit


app.command()(convert)
app.command()(validate)


@app.command()
def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A package.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The package to compare with it.")],
    output: Annotated[
        TextFormat, typer.Option("--format", help="How the difference is printed.")
    ] = TextFormat.text,
    limit: Annotated[
        int, typer.Option(min=0, help="Of how many changed records the fields are listed.")
    ] = 1_000,
    remote: Annotated[
        bool, typer.Option("--remote", help="Allow a URL, which is downloaded.")
    ] = False,
) -> None:
    """Show which records of two packages are added, removed or changed, by id, and in which fields.

    Exit status 0 where the records are the same, 1 where they differ, 2 for a package that cannot be read.
    """
    from benchfmt.comparing import compare as compared
    from benchfmt.reports.changes import difference_lines

    difference = compared(old, new, most=limit, remote=remote)
    if output is TextFormat.json:
        _print_json(difference.to_dict())
    else:
        print_lines(difference_lines(difference))
    raise typer.Exit(int(not difference.is_same))


app.command()(compare)
app.command()(coverage)
app.command()(recommend)
app.command()(describe)
app.command()(profile)


@app.command()
def show(
    package: Annotated[str, typer.Argument(help="A package.")],
    record: Annotated[str | None, typer.Option(help="Show this record, as JSON.")] = None,
    records: Annotated[
        bool,
        typer.Option(
            "--records",
            help="Print all records as JSON Lines, after a heading where the package declares anything.",
        ),
    ] = False,
    remote: Remote = False,
) -> None:
    """Show what a package holds."""
    from benchfmt.package import open_package
    from benchfmt.reports.holdings import package_lines

    is_summary = not (record or records)
    with open_package(package, remote=remote, is_short=is_summary) as opened:
        if record:
            found = next((r for r in opened.records() if r.id == record), None)
            if found is None:
                raise BenchfmtError(f"{package} has no record {record!r}")
            _print_json(found.to_dict())
        elif records:
            print_lines(json_text(line) for line in opened.lines())
        else:
            print_lines(package_lines(opened))


app.command()(report)
app.command()(query)
app.command()(serve)
app.command()(site)
app.command()(merge)
app.command()(select)
app.command()(split)
app.command()(append)
app.command()(export)
app.command()(exports)
app.command()(bundle)
app.command()(publish)
app.command()(explain)


@app.command()
def vocabulary(
    kind: Annotated[
        str | None,
        typer.Argument(
            autocompletion=completing.kinds_of_terms,
            help="A kind of terms, such as metric.  [default: list the kinds]",
        ),
    ] = None,
    output: Annotated[
        TextFormat, typer.Option("--format", help="How terms are printed.")
    ] = TextFormat.text,
) -> None:
    """List the terms of the vocabulary."""
    from benchfmt.vocabulary import vocabulary as load

    known = load()
    if kind is not None and kind not in known.kinds():
        raise BenchfmtError(no_such("kind", kind, list(known.kinds())))
    if output is TextFormat.json:
        _print_json(
            known.terms(kind) if kind else {name: known.terms(name) for name in known.kinds()}
        )
    elif kind is None:
        print_lines(
            f"{name:<16} {len(known.terms(name)):>4}  {known.description(name)}"
            for name in known.kinds()
        )
    else:
        print_lines(_one_line(term_id, term) for term_id, term in known.terms(kind).items())


@app.command()
def converters(
    output: Annotated[
        TextFormat, typer.Option("--format", help="How converters are printed.")
    ] = TextFormat.text,
) -> None:
    """List the installed converters."""
    from benchfmt.converters.base import load, names

    rows = []
    for name in names():
        try:
            item = load(name)
        except BenchfmtError as error:
            say(f"benchfmt: {error}", err=True)
            continue
        about = (item.__doc__ or "").strip().partition("\n")[0]
        rows.append({"name": name, "version": item.VERSION, "about": about})
    if output is TextFormat.json:
        _print_json(rows)
    else:
        wide = max((len(row["name"]) for row in rows), default=0)
        print_lines(f"{row['name']:<{wide}} {row['version']:<6} {row['about']}" for row in rows)


@schema_app.command("list")
def schema_list() -> None:
    """List the files of the standard."""
    from benchfmt.vocabulary import schema_folder

    print_lines(sorted(item.name for item in schema_folder().iterdir()))


@schema_app.command("show")
def schema_show(
    name: Annotated[
        str,
        typer.Argument(
            autocompletion=completing.schema_files, help="A file of `benchfmt schema list`."
        ),
    ],
) -> None:
    """Print a file of the standard."""
    from benchfmt.vocabulary import schema_folder

    names = [item.name for item in schema_folder().iterdir()]
    if name not in names:
        raise BenchfmtError(no_such("file", name, sorted(names)))
    print_text((schema_folder() / name).read_text("utf-8").rstrip())


@schema_app.command("build")
def schema_build(
    folder: Annotated[
        Path, typer.Argument(help="The folder with vocabulary/, in a checkout.")
    ] = Path("schema"),
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if a file would change.")
    ] = False,
) -> None:
    """Write the generated files of the standard from the models and the vocabulary."""
    from benchfmt.standard import drift, write

    if not (folder / "vocabulary").is_dir():
        raise BenchfmtError(f"{folder} has no vocabulary/; run this in a checkout of benchfmt")
    changed = drift(folder) if check else write(folder / "vocabulary", folder / "1.0")
    for name in changed:
        say(f"{'differs' if check else 'written'}: {name}", err=True)
    raise typer.Exit(int(check and bool(changed)))


def _print_json(data: Any) -> None:
    print_text(json_text(data, indent=2))


def _one_line(term_id: str, term: dict[str, Any]) -> str:
    unit = ""
    if "unit" in term:
        unit = f"[{term['unit']}] "
    return f"{term_id:<32} {unit}{term['definition']}"
