"""The commands of benchfmt."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from benchfmt.cli import completing
from benchfmt.cli.describe import describe
from benchfmt.cli.files import replace_text, write_text
from benchfmt.cli.printing import print_lines, print_pieces, say
from benchfmt.cli.profile import profile
from benchfmt.finding import BenchfmtError
from benchfmt.reports.printable import is_watched, json_text
from benchfmt.spelling import no_such

Result = TypeVar("Result")

if TYPE_CHECKING:
    from benchfmt.accounting import Account
    from benchfmt.conversion import Progress
    from benchfmt.limits import Limits
    from benchfmt.vocabulary import Vocabulary

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


class TableFormat(StrEnum):
    """The files that tables are written as."""

    parquet = "parquet"
    csv = "csv"


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


@app.command()
def convert(
    sources: Annotated[
        list[Path], typer.Argument(metavar="SOURCE...", help="Files or folders with results.")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="PACKAGE", help="Folder, or .zip, to write.")
    ],
    family: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FAMILY",
            autocompletion=completing.families,
            help="The converter to use.  [default: found by looking at the files]",
        ),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="KEY=VALUE", help="An option of the converter."),
    ] = None,
    table_format: Annotated[
        TableFormat, typer.Option("--format", help="File format of the tables.")
    ] = TableFormat.parquet,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=1, help="How many processes read the sources.")
    ] = 1,
    title: Annotated[
        str | None, typer.Option(help="Title of the package, for its descriptor.")
    ] = None,
    license_id: Annotated[
        str | None,
        typer.Option(
            "--license", help="Licence (SPDX id) of the package, and of records that have none."
        ),
    ] = None,
    account: Annotated[
        Path | None, typer.Option(help="Write the account of all files and rows here, as JSON.")
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=NUMBER",
            help="A safety limit in place of its default, as row_bytes=100000.",
        ),
    ] = None,
    redact: Annotated[
        bool,
        typer.Option(
            "--redact",
            help="Put placeholders for home folders, user and host names, addresses and secrets.",
        ),
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a package of other sources.")
    ] = False,
) -> None:
    """Convert results to a package, and account for every file and row.

    Exit status 1 if a source or row failed; the rest is converted all the same. Where every file was left out for a
    reason, nothing is written and the status is 0.
    """
    from benchfmt.cli.settings import limits_of
    from benchfmt.conversion import convert as run
    from benchfmt.package import clear
    from benchfmt.personal.redaction import Redactor
    from benchfmt.reports.text import account_lines

    # What a killed run has left may lie among the sources.
    clear(output)
    extra = {"title": title} if title else {}
    conversion = run(
        list(sources),
        family,
        jobs=jobs,
        executor=None,
        limits=limits_of(limit or []),
        **_options(option or []),
    )
    redactor = None
    if redact:
        redactor = Redactor()
    result: Account = _with_progress(
        lambda progress: conversion.write(
            output,
            format=table_format.value,
            license=license_id,
            extra=extra,
            progress=progress,
            replace=replace,
            redactor=redactor,
        )
    )
    for line in account_lines(result):
        say(line, err=True)
    facts = result.to_dict()
    if redactor:
        for line in redactor.summary():
            say(f"redacted: {line}", err=True)
        facts = redactor.document(facts)
    if account:
        write_text(account, json.dumps(facts, indent=2, ensure_ascii=False) + "\n")
    if result.total("records"):
        print_lines([output])
    else:
        why = "no result could be read"
        if result.ok:
            why = "every file was left out for a reason"
        say(f"{output} is not written: {why}", err=True)
    raise typer.Exit(int(not result.ok))


@app.command()
def validate(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...",
            help="Packages, descriptors, files of records; folders and patterns of them; - for standard input.",
        ),
    ],
    rules: Annotated[
        str | None,
        typer.Option(
            autocompletion=completing.rule_sets,
            help="Rule set: core, submission, ingestion or matchmaking.  [default: core]",
        ),
    ] = None,
    select: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CODES", help="The only codes to report, of any rule set, as BF3,BF511."
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(metavar="CODES", help="Codes to leave out, as BF306,BF7."),
    ] = None,
    report_format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            autocompletion=completing.report_formats,
            help="Form of the report: text, json, github, sarif, junit or html.  [default: text]",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write the report to this file."),
    ] = None,
    strict: Annotated[
        bool | None,
        typer.Option("--strict/--no-strict", help="Whether warnings count as faults."),
    ] = None,
    remote: Annotated[
        bool, typer.Option("--remote", help="Allow PATH to be a URL, which is downloaded.")
    ] = False,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=NUMBER",
            help="A safety limit in place of its default, as row_bytes=100000.",
        ),
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=1, help="How many processes judge packages.")
    ] = 1,
    max_findings: Annotated[
        int | None,
        typer.Option(
            "--max-findings",
            min=0,
            help="How many findings to list; the others are counted.  [default: all]",
        ),
    ] = None,
    no_group: Annotated[
        bool,
        typer.Option(
            "--no-group", help="Tell the same fault in each of its places, not once for all."
        ),
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The file with the configuration.  [default: benchfmt.toml or pyproject.toml of the current folder, or of one above]",
        ),
    ] = None,
    without_config: Annotated[
        bool, typer.Option("--no-config", help="Read no configuration.")
    ] = False,
    time_limit: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", min=1, help="How long the judging of one package may take."
        ),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print only what is wrong, and the total.")
    ] = False,
    fix: Annotated[
        Path | None,
        typer.Option(
            "--fix",
            metavar="PACKAGE",
            help="Write the package with all certain mends here, print each mend, and judge what was written.",
        ),
    ] = None,
) -> None:
    """Check packages, annotated tables or records, and say what to fix.

    What the command line does not say is taken from `[tool.benchfmt]` of pyproject.toml, or from benchfmt.toml.
    """
    from benchfmt.cli.progress import watched
    from benchfmt.cli.settings import Given, settings_of
    from benchfmt.reports.as_text import for_stream
    from benchfmt.validation import validate_all

    given = Given(rules, select, ignore, limit, report_format, strict, max_findings)
    settings = settings_of(given, config, without_config)
    if fix is not None:
        paths = [_mended(paths, fix, remote, settings.limits)]
    reports = validate_all(
        paths,
        settings.rules,
        remote=remote,
        limits=settings.limits,
        jobs=jobs,
        seconds=time_limit,
    )
    if not quiet:
        for note in reports.notes:
            say(note, err=True)
    if settings.max_findings is not None:
        reports = reports.limited(settings.max_findings)
    stream = sys.stdout if output is None else None
    chosen = for_stream(settings.format, stream, is_quiet=quiet, is_grouped=not no_group)
    with watched(reports, is_quiet=quiet or output is not None):
        if output is None:
            print_pieces(chosen.render(reports))
        else:
            replace_text(output, "".join(chosen.render(reports)))
    raise typer.Exit(int(not reports.ok or (settings.strict and reports.warnings > 0)))


def _mended(paths: list[str], fix: Path, remote: bool, limits: Limits) -> str:
    """Write a package mended, say what was mended, and return where the package lies that is to be judged."""
    from benchfmt.mending import mend
    from benchfmt.reports.changes import mended_lines

    if len(paths) != 1:
        raise BenchfmtError("--fix takes one package")
    mended = mend(paths[0], fix, remote=remote, limits=limits)
    for line in mended_lines(mended):
        say(line, err=True)
    if mended.mends:
        return str(fix)
    return paths[0]


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
    from benchfmt.comparing import compare
    from benchfmt.reports.changes import difference_lines

    difference = compare(old, new, most=limit, remote=remote)
    if output is TextFormat.json:
        _print_json(difference.to_dict())
    else:
        print_lines(difference_lines(difference))
    raise typer.Exit(int(not difference.is_same))


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
    compare: Annotated[
        bool, typer.Option("--compare", help="Show comparable results side by side.")
    ] = False,
    metric: Annotated[
        str | None, typer.Option(help="With --compare: only this primary metric.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="With --compare: how many groups to show.")] = 3,
    remote: Annotated[
        bool, typer.Option("--remote", help="Allow PACKAGE to be a URL, which is downloaded.")
    ] = False,
) -> None:
    """Show what a package holds."""
    from benchfmt.package import open_package
    from benchfmt.reports.text import comparison_lines, package_lines

    with open_package(package, remote=remote) as opened:
        if record:
            found = next((r for r in opened.records() if r.id == record), None)
            if found is None:
                raise BenchfmtError(f"{package} has no record {record!r}")
            _print_json(found.to_dict())
        elif records:
            print_lines(json_text(line) for line in opened.lines())
        elif compare:
            print_lines(comparison_lines(opened, metric, limit))
        else:
            print_lines(package_lines(opened))


@app.command()
def export(
    package: Annotated[str, typer.Argument(help="A package.")],
    to: Annotated[str, typer.Option("--to", metavar="FORMAT", help="The format: matchmaking.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="PATH", help="The new folder to write.")
    ],
    option: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="KEY=VALUE", help="An option of the format."),
    ] = None,
    remote: Annotated[
        bool, typer.Option("--remote", help="Allow PACKAGE to be a URL, which is downloaded.")
    ] = False,
) -> None:
    """Write a package in the format of another tool, and say what was left out."""
    from benchfmt.exports import export as run

    done = run(package, to, output, remote=remote, **_options(option or []))
    say(f"{_records(done.records)} in {len(done.files):,} files", err=True)
    for reason, count in done.left_out:
        say(f"left out: {_records(count)}: {reason}", err=True)
    for note in done.notes:
        say(f"note: {note}", err=True)
    print_lines([output])


@app.command()
def explain(
    code: Annotated[
        str,
        typer.Argument(
            metavar="CODE",
            autocompletion=completing.codes,
            help="A finding's code (BF401) or a term (latency).",
        ),
    ],
) -> None:
    """Explain a finding's code, or a term of the vocabulary."""
    from benchfmt.checks.catalogue import page
    from benchfmt.vocabulary import vocabulary

    try:
        print_lines([page(code.upper()).rstrip()])
        return
    except KeyError:
        pass
    known = vocabulary()
    found = [(kind, term) for kind in known.kinds() for term in known.terms(kind) if term == code]
    if not found:
        raise BenchfmtError(f"{code!r} is neither a code nor a term; {_instead(code)}")
    for kind, term in found:
        print_lines(_term_lines(kind, term, known.terms(kind)[term]))


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
    print_lines([(schema_folder() / name).read_text("utf-8").rstrip()])


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


def _records(count: int) -> str:
    if count == 1:
        return "1 record"
    return f"{count:,} records"


def _options(pairs: list[str]) -> dict[str, str]:
    split = [pair.partition("=") for pair in pairs]
    for key, equals, _ in split:
        if not equals or not key.isidentifier():
            raise BenchfmtError(f"--option takes KEY=VALUE, not {key!r}")
        if key in ("source", "converter", "jobs", "executor", "limits"):
            raise BenchfmtError(
                f"{key!r} is not an option of converters; use the option of the command"
            )
    return {key: value for key, _, value in split}


def _with_progress(work: Callable[[Progress | None], Result]) -> Result:
    """Run work with a progress bar where a person watches, and without one elsewhere."""
    if not is_watched(sys.stderr):
        return work(None)
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None)
        return work(
            lambda done, total, name: bar.update(
                task, completed=done, total=total, description=name[:40]
            )
        )


def _print_json(data: Any) -> None:
    print_lines([json_text(data, indent=2)])


def _instead(word: str) -> str:
    """Return what somebody who asked to explain an unknown word may have meant."""
    from benchfmt.checks.catalogue import CODES
    from benchfmt.vocabulary import vocabulary

    if re.fullmatch("(?i)BF[0-9]+", word):
        alike = [code for code in CODES if code.startswith(word[:3].upper())] or list(CODES)
        return f"the nearest codes are {alike[0]} to {alike[-1]}"
    known = vocabulary()
    meant = _same_but_case(known, word) or _matching(known, word) or _most_similar(known, word)
    if not meant:
        return "see `benchfmt vocabulary`"
    return f"did you mean {' or '.join(f'{term!r} ({kind})' for term, kind in meant[:5])}?"


def _same_but_case(known: Vocabulary, word: str) -> list[tuple[str, str]]:
    terms = [(term, kind) for kind in known.kinds() for term in known.terms(kind)]
    return [pair for pair in terms if pair[0].lower() == word.lower()]


def _matching(known: Vocabulary, word: str) -> list[tuple[str, str]]:
    """Return the terms, with their kinds, that a word stands for in some suite."""
    suites = (None, *known.terms("suite"))
    meant = []
    for kind in known.kinds():
        terms = dict.fromkeys(known.match(kind, word, suite) for suite in suites)
        meant += [(term, kind) for term in terms if term]
    return meant


def _most_similar(known: Vocabulary, word: str) -> list[tuple[str, str]]:
    """Return the nearest term of each kind, of those only the ones that are nearest of all."""
    from difflib import SequenceMatcher

    near = [(term, kind) for kind in known.kinds() if (term := known.suggest(kind, word))]
    scores = [SequenceMatcher(None, word.lower(), term).ratio() for term, _ in near]
    return [pair for pair, score in zip(near, scores, strict=True) if score == max(scores)]


def _one_line(term_id: str, term: dict[str, Any]) -> str:
    unit = ""
    if "unit" in term:
        unit = f"[{term['unit']}] "
    return f"{term_id:<32} {unit}{term['definition']}"


def _term_lines(kind: str, term_id: str, term: dict[str, Any]) -> Iterable[str]:
    yield f"{term_id} ({kind}): {term.get('label', term_id)}"
    yield term["definition"]
    for name in (
        "unit",
        "direction",
        "min",
        "max",
        "zero",
        "zero_stages",
        "per",
        "broader",
        "source",
        "aliases",
        "system",
    ):
        if name in term:
            yield f"  {name}: {term[name]}"
