"""Pages made when the site is built: one for each check, one for each kind of term, the commands, and root documents.

`python docs/hooks.py` writes docs/cli.md and the table of rule sets in docs/validation.md, which are kept in the
repository so that they can be read there.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_type_hints

DOCS = Path(__file__).parent
ROOT = DOCS.parent


def linked(markdown: str) -> str:
    """Return a page with links to the documents at the root turned to their pages in the site."""
    return re.sub(
        r"(\]\((?:\.\./)*?)(?:\.\./)?(CONTRIBUTING|CHANGELOG)\.md",
        lambda m: f"{m[1]}{m[2].lower()}.md",
        markdown,
    )


def generated_pages() -> Iterator[tuple[str, str]]:
    """Yield the path and text of every generated page."""
    yield from check_pages()
    yield from vocabulary_pages()
    yield "rules.md", rules_page()
    for name in ("CONTRIBUTING.md", "CHANGELOG.md"):
        text = (ROOT / name).read_text("utf-8").replace("](docs/", "](")
        # Files that are no page are named, not linked.
        yield (
            name.lower(),
            linked(re.sub(r"\[([^\]]+)\]\((examples/[^)]*)\)", r"\1 (`\2`)", text)),
        )


def check_pages() -> Iterator[tuple[str, str]]:
    """Yield the page of each code, and a list of all."""
    from benchfmt.checks.catalogue import CODES, page, rule_sets_in_words, severity_in_words

    rows = []
    for check in CODES.values():
        rule_sets = rule_sets_in_words(check)
        severity = severity_in_words(check)
        title, _, rest = page(check.code).partition("\n")
        text = f"{title}\n\nSeverity: {severity}. Rule sets: {rule_sets}.\n{rest}"
        yield f"checks/{check.code}.md", text
        link = f"[{check.code}]({check.code}.md)"
        rows.append(f"| {link} | {severity} | {check.title} | {rule_sets} |")
    table = "\n".join(
        ["| code | severity | what must hold | rule sets |", "|---|---|---|---|", *rows]
    )
    text = (
        "# Checks\n\nEach check has a code that never changes its meaning, and a page that says why it exists, shows a failing "
        "and a passing example, and how to fix the fault. `benchfmt explain CODE` prints the page. A number between the "
        f"codes that is not in the list has never been a code of benchfmt.\n\n{table}\n"
    )
    yield "checks/index.md", text


RULE_SETS = re.compile(r"(?<=^<!-- rule sets -->\n\n).*?(?=\n\n)", re.MULTILINE | re.DOTALL)
"""The table of rule sets on a page: it stands behind a mark that readers of the page do not see."""


def with_rule_sets(text: str) -> str:
    """Return a page with the table of what the rule sets ask beyond `core`, made from the rule sets."""
    return RULE_SETS.sub(lambda _: rule_sets_table(), text)


def rule_sets_table() -> str:
    """Return a row for each code that a rule set adds to `core` or weighs otherwise, with how much it weighs in each."""
    from benchfmt.checks.catalogue import CODES, RULE_SETS

    core, *others = RULE_SETS.values()
    rows = []
    for code, check in CODES.items():
        severities = [rule_set.severities.get(code, "") for rule_set in others]
        if set(severities) == {core.severities.get(code, "")}:
            continue
        link = f"[{code}](checks/{code}.md)"
        rows.append(f"| {link} | {check.title} | {' | '.join(severities)} |")
    names = " | ".join(f"`{rule_set.name}`" for rule_set in others)
    rule = "|".join("---" for _ in range(2 + len(others)))
    return "\n".join([f"| code | what must hold | {names} |", f"|{rule}|", *rows])


def vocabulary_pages() -> Iterator[tuple[str, str]]:
    """Yield a page for each kind of terms, and a list of all."""
    from benchfmt.vocabulary import vocabulary

    known = vocabulary()
    rows = []
    for kind in known.kinds():
        terms = known.terms(kind)
        rows.append(f"| [{kind}]({kind}.md) | {len(terms)} | {known.description(kind)} |")
        parts = [f"# Vocabulary: {kind}", known.description(kind)]
        for term_id, term in terms.items():
            parts += [f"## {_code(term_id)}", *_term(term)]
        yield f"vocabulary/{kind}.md", "\n\n".join(parts) + "\n"
    table = "\n".join(["| kind | terms | what it holds |", "|---|---|---|", *rows])
    text = (
        f"# Vocabulary\n\nThe controlled terms, version {known.version}. They are kept in `schema/vocabulary/*.yaml` and "
        "published as `schema/1.0/vocabulary.json` and, as SKOS, `schema/1.0/vocabulary.ttl`. `benchfmt explain TERM` prints a "
        f"term.\n\n{table}\n"
    )
    yield "vocabulary/index.md", text


def _term(term: dict[str, Any]) -> Iterator[str]:
    yield (
        f"{term.get('label', '')}. {_text(term['definition'])}"
        if term.get("label")
        else _text(term["definition"])
    )
    facts = []
    for name in ("unit", "direction", "min", "max", "per", "broader"):
        if name in term:
            value = term[name]
            facts.append(
                f"- {name}: {', '.join(map(_code, value)) if isinstance(value, list) else _code(value)}"
            )
    for suite, words in term.get("aliases", {}).items():
        where = "" if suite == "*" else f" in {suite}"
        facts.append(f"- also written{where}: {', '.join(map(_code, words))}")
    for name, metric in term.get("metrics", {}).items():
        facts.append(
            f"- metric {_code(name)} in {_code(metric.get('unit', ''))}: {_text(metric.get('definition', ''))}"
        )
    if "source" in term:
        facts.append(f"- source: {_text(term['source'])}")
    yield "\n".join(facts)


def _code(value: Any) -> str:
    return f"`{value}`" if str(value) else "(none)"


def _text(value: Any) -> str:
    return re.sub(r"([<>*_\[\]])", r"\\\1", str(value))


def rules_page() -> str:
    """Return the page on the rules of comparison, made from the rules and from the data of the suites."""
    from benchfmt.comparison.rules import RULES
    from benchfmt.suites import tables

    data = tables.read("comparison")
    intro = (
        "What `benchfmt compare` asks of two results ([guide](comparison.md)), and what binds in each suite. Both are made from what "
        "the program reads."
    )
    about = (
        f"## What binds, by suite\n\nVersion {data['version']}. *Known*: both results must state it, alike. *Equal*: where neither "
        "states it, the harness fixes it or the suite has no such thing. What is in neither list may differ. Seeds never bind, and of "
        f"the members of hyperparameters and inputs {' and '.join(map(_code, data['never_count']))} bind in no suite."
    )
    rules = [
        f"| {rule.code} | {rule.title} | {', '.join(map(_code, rule.fields))} |" for rule in RULES
    ]
    parts = [
        "# Rules of comparison",
        intro,
        "\n".join(["| rule | what it asks | fields that it reads |", "|---|---|---|", *rules]),
        about,
        "### A suite without rules of its own",
        data["default"]["source"],
    ]
    parts += [
        f"For {kind}: {_binding(data['default'][kind])}" for kind in ("performance", "quality")
    ]
    for entry in data["rules"]:
        kinds = f" ({entry['kinds'][0]})" if "kinds" in entry else ""
        parts += [
            f"### {', '.join(entry['suites'])}{kinds}",
            _text(entry["source"]),
            _binding(entry),
        ]
    return "\n\n".join(parts) + "\n"


def _binding(entry: dict[str, Any]) -> str:
    known, equal = (", ".join(map(_code, entry[name])) for name in ("known", "equal"))
    words = f"*known* {known}; *equal* {equal}"
    if "never_count" in entry:
        words += f"; *never* {', '.join(map(_code, entry['never_count']))}"
    return f"{words}."


def cli_page() -> str:
    """Return the page on the commands, made from the declarations that `--help` is made of."""
    from benchfmt.cli.commands import app

    intro = (
        "This page is generated from the declarations that `benchfmt COMMAND --help` prints (`python docs/hooks.py`). Data goes "
        "to stdout, progress and messages to stderr. Exit status: 0 conformant or done; 1 faults, or a source that failed; 2 a "
        "wrong call or input that cannot be read at all; 130, 143 or 129 stopped by Ctrl-C, SIGTERM or the end of the terminal (SIGHUP)."
    )
    parts = ["# Commands", intro]
    for path, function in _commands(app, "benchfmt"):
        parts += [f"## {path}", inspect.getdoc(function) or "", *_usage(path, function)]
    return "\n\n".join(parts) + "\n"


def _commands(app: Any, path: str) -> Iterator[tuple[str, Any]]:
    for command in app.registered_commands:
        yield f"{path} {command.name or command.callback.__name__}", command.callback
    for group in app.registered_groups:
        yield from _commands(group.typer_instance, f"{path} {group.name}")


def _usage(path: str, function: Any) -> Iterator[str]:
    """Yield the usage line of a command and the table of its arguments and options."""
    types = get_type_hints(function, include_extras=True)
    items = [(p, *get_args(types[p.name])) for p in inspect.signature(function).parameters.values()]
    arguments = [item for item in items if type(item[2]).__name__ == "ArgumentInfo"]
    words = " ".join(_placeholder(item) for item in arguments)
    yield f"```text\n{path} [OPTIONS] {words}".rstrip() + "\n```"
    rows = [f"| {_name(item)} | {_about(item)} |" for item in items]
    if rows:
        yield "\n".join(["| | |", "|---|---|", *rows])


def _placeholder(item: tuple[Any, ...]) -> str:
    parameter, _, info = item
    word = info.metavar or parameter.name.upper()
    return word if parameter.default is inspect.Parameter.empty else f"[{word}]"


def _name(item: tuple[Any, ...]) -> str:
    parameter, kind, info = item
    if type(info).__name__ == "ArgumentInfo":
        return _code(_placeholder(item))
    # Within Annotated, typer keeps the first declaration where a default would stand.
    told = [word for word in (info.default, *(info.param_decls or ())) if isinstance(word, str)]
    options = told or [f"--{parameter.name.replace('_', '-')}"]
    value = "" if kind is bool else f" {info.metavar or _values(kind) or parameter.name.upper()}"
    return ", ".join(f"`{option}{value}`" for option in options)


def _values(kind: Any) -> str:
    return " or ".join(kind) if isinstance(kind, type) and issubclass(kind, Enum) else ""


def _about(item: tuple[Any, ...]) -> str:
    parameter, kind, info = item
    default = getattr(parameter.default, "value", parameter.default)
    known = default is not None and default is not inspect.Parameter.empty and kind is not bool
    return f"{info.help or ''}{f' Default: `{default}`.' if known else ''}"


if __name__ == "__main__":
    (DOCS / "cli.md").write_text(cli_page(), "utf-8")
    validation = DOCS / "validation.md"
    validation.write_text(with_rule_sets(validation.read_text("utf-8")), "utf-8")
