"""The page docs/messages.md: what each check says, as `benchfmt validate` prints it of a file that has the fault."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import groupby
from pathlib import Path

from tests.damage import packages, records, tables, texts
from tests.damage.bases import OWN, bases
from tests.damage.damaging import DOCUMENTS, damaged
from tests.forms import INVALID
from tests.messages.specimens import SPECIMENS

from benchfmt.checks.catalogue import CODES, page, rule_set
from benchfmt.finding import Finding
from benchfmt.reports.as_text import TextFormat
from benchfmt.validation import Report, Reports, validate
from benchfmt.vocabulary import vocabulary

ByCode = Mapping[str, list[Finding]]
_HEAD = """# Messages

Every check with what it says, as `benchfmt validate` prints it below the name of the file. Each line is of a file that has the fault: the
example of the check's page, an invalid record, or a damaged package of the tests. Messages that differ only in names and numbers are
shown once. `benchfmt explain CODE` says why a check exists and how to fix what it finds.
"""
CHAPTERS = {
    "BF1": "Structure, files and descriptors",
    "BF2": "Terms and units",
    "BF3": "Plausible values",
    "BF4": "Values that belong together",
    "BF5": "The package, what is asked of it, and nothing personal",
    "BF6": "What compares",
    "BF7": "Rules of suites",
    "BF9": "Safety, and the program itself",
}
_EXAMPLE = re.compile(r"^## Fails\n+```json\n(.*?)```", re.DOTALL | re.MULTILINE)
_JSON = re.compile(r'^(?:\{.*?|\[.*?|".*?|[-+]?\d\S*|true|null) (?=is |has )')
_NAMES = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|[-+]?\d[\w.,:+-]*")
_LISTED = re.compile(r"(there are:|one of|none of:?) .*")
_WORD = re.compile(r"[\w@%./-]+")


def text_of(by_code: ByCode) -> str:
    """Return the page as Markdown."""
    return "\n".join([_HEAD, *_chapters(by_code)]) + "\n"


def _chapters(by_code: ByCode) -> Iterator[str]:
    for beginning, title in CHAPTERS.items():
        yield f"## {title}\n"
        for code, check in CODES.items():
            if code.startswith(beginning):
                yield f"[{code}](checks/{code}.md): {check.title}\n"
                yield "```text"
                yield from _printed(by_code.get(code, ()))
                yield "```\n"


def _printed(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield findings as the command prints them, each file once."""
    for path, alike in groupby(findings, key=lambda finding: finding.path):
        yield path or "the file"
        for finding in alike:
            yield line_of(finding)


def line_of(finding: Finding) -> str:
    """Return the line that the command prints of a finding."""
    rules = rule_set("core")
    report = Report(rules, "", findings=[finding])
    _, line, *_ = "".join(TextFormat().render(Reports(rules, iter([report]), 1))).splitlines()
    return line


@cache
def gathered() -> ByCode:
    """Return what is found of all faults by code: of those whose messages differ in names and numbers alone, the first."""
    by_code: dict[str, list[Finding]] = defaultdict(list)
    shapes = set()
    for finding in _of_all():
        shape = (finding.code, _shape(finding.message))
        if shape not in shapes:
            shapes.add(shape)
            by_code[finding.code].append(finding)
    return {code: sorted(findings, key=lambda f: f.path) for code, findings in by_code.items()}


@cache
def _terms() -> frozenset[str]:
    known = vocabulary()
    return frozenset(term for kind in known.kinds() for term in known.terms(kind))


def _shape(message: str) -> str:
    """Return a message without what is of one file: names, numbers, terms and lists."""
    shape = _NAMES.sub("#", _LISTED.sub(r"\1", _JSON.sub("# ", message)))
    return _WORD.sub(lambda word: "#" if word[0] in _terms() else word[0], shape)


def _of_all() -> Iterator[Finding]:
    """Yield what is found of each fault, and nothing that it leads to."""
    for part in (_of_pages, _of_corpus, _of_specimens, _of_damage):
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            yield from part()


def _of_pages() -> Iterator[Finding]:
    for code, check in CODES.items():
        example = _EXAMPLE.search(page(code))
        if example is not None:
            file = Path("record.json")
            file.write_text(example[1], "utf-8")
            yield from _of_code(validate(file, check.rules[0]), code)


def _of_corpus() -> Iterator[Finding]:
    for path in INVALID:
        file = Path("record.json")
        file.write_bytes(path.read_bytes())
        yield from _of_code(validate(file), path.name[:5])


def _of_specimens() -> Iterator[Finding]:
    for name in SPECIMENS:
        yield from of_specimens(name)


def of_specimens(name: str) -> Iterator[Finding]:
    """Yield what is found of the specimens of one name."""
    for specimen in SPECIMENS[name]:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            yield from specimen(Path())


def _of_damage() -> Iterator[Finding]:
    """Yield what is found of each kind of damage, in a document and in a package where both can hold it."""
    kinds = (*records.KINDS, *texts.KINDS, *tables.KINDS, *packages.KINDS)
    for number, damage in enumerate(kinds):
        documents = [form for form in damage.forms if form in DOCUMENTS]
        others = [form for form in damage.forms if form not in DOCUMENTS]
        for form in (*documents[:1], *others[:1]):
            folder = Path(f"{number}-{form}")
            folder.mkdir()
            with contextlib.chdir(folder):
                made = damaged(damage, bases()[OWN], form, Path())
                if made is not None:
                    yield from _of_code(validate(made[0], damage.rules), damage.code_in(form))


def _of_code(report: Report, code: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.code == code]
