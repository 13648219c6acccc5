"""What a descriptor says of a package beside its tables: titles, licences, people, addresses, dates; and files it omits."""

from __future__ import annotations

import codecs
import datetime
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from posixpath import normpath

from pydantic import JsonValue

from benchfmt.checks.characters import first_hidden
from benchfmt.checks.frames import Verdict
from benchfmt.checks.references import address_fault, licence_fault, place_fault
from benchfmt.descriptor import FILE_NAME, Descriptor, Resource
from benchfmt.package import Folder
from benchfmt.tables import TABLES
from benchfmt.validation.places import Place
from benchfmt.validation.reporting import Reporter

_NAME = re.compile("[a-z0-9][a-z0-9._-]*")
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UTF_8 = ("utf-8", "ascii")
_MEDIA_TYPES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
_COMPANIONS = re.compile(
    r"(readme|licen[cs]e|copying|notice|citation|changelog|changes|authors|contributors)\b.*"
    r"|.*\b(account|report|checksums?|sha256sums?)\b.*"
    r"|croissant\.json|mldcat-ap\.ttl|ro-crate-metadata\.json|coverage\.svg|load(_\w+)?\.(sql|py|r)",
    re.IGNORECASE,
)
"""Names of files that stand beside data and need no schema."""
_UNLISTED_SHOWN = 5
_LIST_IT = "list it as a resource with `bytes` and `hash`, or take it out of the package"
_OF_PATHS = ("BF118", "BF119", "BF901", "BF902", "BF903")
"""Faults of what a descriptor says of its files."""
_ASKED = (
    (
        "BF520",
        "title",
        "the package has no title",
        "say in `title` what was measured, in a few words",
    ),
    (
        "BF523",
        "description",
        "the package has no description",
        "say in `description` what was measured, how and why",
    ),
    (
        "BF524",
        "version",
        "the package has no version",
        "number its editions in `version`, as in 1.0.0",
    ),
)


def judge_policies(descriptor: Descriptor, file: str, reporter: Reporter) -> None:
    """Report what a descriptor says, or leaves out, against the rules for packages."""
    judge = _Judge(descriptor, file, reporter)
    judge.asked()
    judge.people()
    judge.licences()
    judge.addresses()
    judge.created()
    judge.name()
    judge.texts()
    if any(resource.name in TABLES for resource in descriptor.resources):
        judge.version()
        judge.tables()


class _Judge:
    """Judges one descriptor; a place in it is a JSON Pointer."""

    def __init__(self, descriptor: Descriptor, file: str, reporter: Reporter) -> None:
        self._descriptor = descriptor
        self._file = file
        self._reporter = reporter
        self._plain = descriptor.model_dump(mode="json", by_alias=True, exclude_unset=True)

    def asked(self) -> None:
        """Report what a platform asks of a package."""
        for code, member, message, hint in _ASKED:
            value = self._plain.get(member)
            if not isinstance(value, str) or not value.strip():
                self._report(code, f"/{member}", Verdict(message, hint))

    def people(self) -> None:
        """Report contributors that are listed twice, and that none of them can be reached."""
        contributors = self._items("contributors")
        self._doubles(
            "contributors", contributors, ("title", "name", "email", "path", "role", "roles")
        )
        for _, contributor in contributors:
            email, path = contributor.get("email"), contributor.get("path")
            if isinstance(email, str) and "@" in email:
                return
            if isinstance(path, str) and address_fault(path) is None:
                return
        message = "no contributor has an e-mail address or a page: nobody can be asked"
        hint = "add `email` or `path` to one of the `contributors`"
        self._report("BF521", "/contributors", Verdict(message, hint))

    def licences(self) -> None:
        """Report licences that are not given, not known, or listed twice."""
        licences = self._items("licenses")
        if not licences:
            message = "the package has no licence: nobody may use it"
            hint = 'add `licenses`, as in [{"name": "CC-BY-4.0"}]'
            self._report("BF522", "/licenses", Verdict(message, hint))
        self._doubles("licenses", licences, ("name", "path"))
        for place, licence in licences:
            name, path = licence.get("name"), licence.get("path")
            if isinstance(name, str) and not path:
                self._report("BF525", f"{place}/name", licence_fault(name), name)
            elif not name and not path:
                message = "a licence has neither name nor path"
                self._report("BF525", place, Verdict(message, "write its SPDX id in `name`"))

    def addresses(self) -> None:
        """Report addresses that are none."""
        self._address("", self._plain, "homepage", address_fault)
        for member in ("licenses", "sources"):
            for place, item in self._items(member):
                self._address(place, item, "path", place_fault)
        for place, item in self._items("contributors"):
            self._address(place, item, "path", address_fault)

    def created(self) -> None:
        """Report a time of creation that no calendar has, or that is not yet."""
        created = self._plain.get("created")
        if created is None:
            return
        day = day_of(created)
        hint = "write a date and time, as in 2026-04-03T10:00:00Z"
        if day is None:
            message = f"created {created!r} is not a date of the calendar"
            self._report("BF142", "/created", Verdict(message, hint), created)
        elif day > _tomorrow():
            message = f"the package was created on {day}, which is yet to come"
            self._report("BF306", "/created", Verdict(message, hint), created)

    def name(self) -> None:
        """Report a name that an address cannot hold."""
        name = self._descriptor.name
        if name is not None and not _NAME.fullmatch(name):
            message = f"the name {name!r} cannot be part of an address"
            hint = "use lower-case letters, digits, `.`, `_` and `-`"
            self._report("BF145", "/name", Verdict(message, hint), name)

    def texts(self) -> None:
        """Report characters that nobody sees."""
        for pointer, text in _texts_of(self._plain):
            hidden = first_hidden(text)
            if hidden is not None:
                message = f"the text holds {hidden.name}, which nobody sees, {hidden.place}"
                verdict = Verdict(message, "write the text anew, without the character")
                self._report("BF136", _shown(pointer), verdict, _shown(text))

    def version(self) -> None:
        """Report that the version of the standard is not given."""
        if "version" not in self._descriptor.benchfmt.model_fields_set:
            message = "the descriptor does not say which version of the standard it follows"
            verdict = Verdict(message, "write `version` in `benchfmt`; without it 1.0 is assumed")
            self._report("BF134", "/benchfmt/version", verdict)

    def tables(self) -> None:
        """Report tables of the standard that are said to be in another form than its own."""
        owners: dict[str, str] = {}
        for place, resource in enumerate(self._descriptor.resources):
            name = resource.name
            if name not in TABLES or resource.annotated:
                continue
            self._form(f"/resources/{place}", resource)
            self._own_files(f"/resources/{place}/path", resource, owners)

    def _own_files(self, place: str, resource: Resource, owners: dict[str, str]) -> None:
        """Report a file that holds two tables, or two parts of one, and systems in parts."""
        name = str(resource.name)
        for file in resource.files:
            path = normpath(file.path)
            owner = owners.get(path)
            owners[path] = name
            if owner == name:
                message = f"the table {name!r} names the file {file.path} twice"
                verdict = Verdict(message, "name each part once: its rows would count twice")
                self._report("BF144", place, verdict, file.path)
            elif owner is not None:
                message = f"the tables {owner!r} and {name!r} are one file, {file.path}"
                verdict = Verdict(message, "write each table to a file of its own")
                self._report("BF144", place, verdict, file.path)
        if name == "systems" and len(resource.files) > 1:
            message = f"the table 'systems' is in {len(resource.files):,} parts"
            verdict = Verdict(
                message, "write all systems to one file: every part of the records refers to them"
            )
            self._report("BF144", place, verdict, resource.file)

    def _form(self, place: str, resource: Resource) -> None:
        encoding = resource.encoding
        if encoding is not None and _is_other_encoding(encoding):
            message = f"the table {resource.name!r} is said to be {encoding}, and not UTF-8"
            verdict = Verdict(message, "write the file as UTF-8, and `encoding` utf-8")
            self._report("BF131", f"{place}/encoding", verdict, encoding)
        words = resource.dialect.words() if resource.dialect else {}
        for word in sorted(words.keys() - {"$schema"}):
            message = f"the table {resource.name!r} has a dialect of its own: {word}"
            hint = "write it with commas and double quotes, its header in the first row, and no `dialect`"
            self._report("BF132", f"{place}/dialect/{word}", Verdict(message, hint), words[word])
        for word in ("compression", "innerpath"):
            value = getattr(resource, word)
            if value is not None:
                message = f"the table {resource.name!r} is said to be packed: {word} {value}"
                verdict = Verdict(message, "write it unpacked; a package may be a zip as a whole")
                self._report("BF132", f"{place}/{word}", verdict, value)
        mediatype = (resource.model_extra or {}).get("mediatype")
        kind = resource.format or PurePosixPath(resource.file).suffix.lower().removeprefix(".")
        wanted = _MEDIA_TYPES.get(kind)
        if isinstance(mediatype, str) and wanted not in (None, _plain(mediatype)):
            message = f"the file is said to be {mediatype!r}; it is read as {wanted!r}"
            verdict = Verdict(message, f"write {wanted!r}, or leave `mediatype` out")
            self._report("BF133", f"{place}/mediatype", verdict, mediatype)

    def _items(self, member: str) -> list[tuple[str, dict[str, JsonValue]]]:
        """Return the objects that a member lists, each with its place."""
        listed = self._plain.get(member)
        if not isinstance(listed, list):
            return []
        places = [(f"/{member}/{place}", item) for place, item in enumerate(listed)]
        return [(place, item) for place, item in places if isinstance(item, dict)]

    def _doubles(
        self,
        member: str,
        items: Sequence[tuple[str, dict[str, JsonValue]]],
        facts: Sequence[str],
    ) -> None:
        """Report items that say the same as one before them."""
        known: dict[str, str] = {}
        for place, item in items:
            text = repr([item.get(fact) for fact in facts])
            first = known.setdefault(text, place)
            if first != place:
                message = f"it says the same as {first}"
                verdict = Verdict(message, f"list each of the {member} once")
                self._report("BF140", place, verdict)

    def _address(
        self,
        place: str,
        item: dict[str, JsonValue],
        member: str,
        verdict_on: Callable[[str], Verdict | None],
    ) -> None:
        value = item.get(member)
        if isinstance(value, str):
            self._report("BF141", f"{place}/{member}", verdict_on(value), value)

    def _report(
        self, code: str, pointer: str, verdict: Verdict | None, value: JsonValue = None
    ) -> None:
        if verdict is not None:
            place = Place(self._file, field=pointer)
            self._reporter.report(code, place, verdict.message, value=value, hint=verdict.hint)


def _is_other_encoding(name: str) -> bool:
    """Whether a name is that of an encoding other than UTF-8; one that nobody knows is reported as BF118."""
    try:
        return codecs.lookup(name).name not in _UTF_8
    except (LookupError, ValueError):
        return False


def _plain(mediatype: str) -> str:
    """Return a media type without its parameters."""
    return mediatype.partition(";")[0].strip().lower()


def day_of(time: JsonValue) -> datetime.date | None:
    """Return the day of a date and time, None where it is none of the calendar."""
    if not isinstance(time, str) or not _DAY.match(time):
        return None
    try:
        return datetime.datetime.fromisoformat(time).date()
    except ValueError:
        return None


def _tomorrow() -> datetime.date:
    """Return the latest day that it may be somewhere."""
    return datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=1)


def _texts_of(data: JsonValue) -> Iterator[tuple[str, str]]:
    """Yield every text beyond ASCII of plain data, keys included, with its place."""
    waiting: list[tuple[str, JsonValue]] = [("", data)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, str) and not value.isascii():
            yield place, value
        elif isinstance(value, list):
            waiting += [(f"{place}/{number}", item) for number, item in enumerate(value)]
        elif isinstance(value, dict):
            for key, item in value.items():
                if not key.isascii():
                    yield f"{place}/{key}", key
                waiting.append((f"{place}/{key}", item))


def _shown(text: str) -> str:
    """Return a text with escapes for what cannot be seen."""
    return repr(text)[1:-1]


def judge_unlisted(folder: Folder, descriptor: Descriptor, reporter: Reporter) -> None:
    """Report the files of a package that its descriptor does not list."""
    tables = [resource.name for resource in descriptor.resources if resource.name in TABLES]
    # Beside somebody's own tables anything may lie; and a path at fault is why its file is not listed.
    if not tables or any(reporter.has(code) for code in _OF_PATHS):
        return
    listed = {
        PurePosixPath(file.path).as_posix()
        for resource in descriptor.resources
        for file in resource.files
    }
    names: Iterable[str] = folder.names
    if folder.holder is None:
        listed |= _behind_links(folder.root, listed)
        names = _files_below(folder.root, reporter.limits.archive_members)
    unlisted = []
    for name in sorted(names):
        if name not in listed and name != FILE_NAME and not _is_companion(name):
            unlisted.append(_shown(name))
    for shown in unlisted[:_UNLISTED_SHOWN]:
        message = f"{shown} is not listed in the descriptor, which guards its files by their hashes"
        reporter.report("BF130", Place(shown), message, hint=_LIST_IT)
    further = len(unlisted) - _UNLISTED_SHOWN
    if further > 0:
        message = f"{further:,} further files of the package are not listed in the descriptor"
        reporter.report("BF130", Place(FILE_NAME), message, hint=_LIST_IT)


def _behind_links(root: Path, listed: Iterable[str]) -> set[str]:
    """Return the files of a package to which listed links lead."""
    real_root = root.resolve()
    targets = [(root / name).resolve() for name in listed]
    inside = [path for path in targets if path.is_relative_to(real_root)]
    return {path.relative_to(real_root).as_posix() for path in inside}


def _is_companion(name: str) -> bool:
    """Whether a file belongs to no table: it is hidden, or says something about the package."""
    path = PurePosixPath(name)
    if any(part.startswith(".") or part == "__MACOSX" for part in path.parts):
        return True
    return bool(_COMPANIONS.fullmatch(path.name))


def _files_below(folder: Path, most: int) -> Iterator[str]:
    """Yield the files of a folder with their paths in it, at most so many; another package in it is one of its own."""
    waiting = [folder]
    count = 0
    while waiting:
        inside = waiting.pop()
        for path in inside.iterdir():
            if path.name.startswith("."):
                continue
            if path.is_dir() and not path.is_symlink():
                if not (path / FILE_NAME).exists():
                    waiting.append(path)
                continue
            yield path.relative_to(folder).as_posix()
            count += 1
            if count >= most:
                return
