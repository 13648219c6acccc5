"""A descriptor that a person has written in already is kept as written; what is new is added to it."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

import polars as pl
from pydantic import JsonValue, ValidationError

from benchfmt.annotated.families import FamilyError, with_families
from benchfmt.describing.objects import Object, list_in, object_in, objects_in, text_in
from benchfmt.descriptor import Resource
from benchfmt.drafting import Draft, Note, Question, Review, Said, State
from benchfmt.drafting.columns import confirmation, doubts_without_unit, in_words
from benchfmt.drafting.draft import unused
from benchfmt.finding import BenchfmtError
from benchfmt.readers import jsons
from benchfmt.readers.files import UnsafeError
from benchfmt.tables import TABLES

_KEY = ("metric", "statistic", "stage", "per", "scope", "record")
_SHOWN = 6


def read_older(file: Path) -> Object:
    """Return the descriptor in a file; raises BenchfmtError for one that cannot be kept."""
    try:
        data: JsonValue = jsons.read_whole_characters(file)
    except (jsons.JsonError, UnsafeError) as error:
        raise BenchfmtError(f"{file}: {error}; mend it, or start anew with --force") from error
    if not isinstance(data, dict) or not isinstance(data.get("resources"), list):
        raise BenchfmtError(f"{file} is not a descriptor; name another file, or say --force")
    if any(text_in(resource, "name") in TABLES for resource in objects_in(data, "resources")):
        raise BenchfmtError(f"{file.parent} is a package of records already: it is described")
    return data


def suite_of(older: Object) -> str | None:
    """Return the suite that the first table of a descriptor names."""
    for resource in objects_in(older, "resources"):
        constant = object_in(object_in(resource, "benchfmt"), "constant")
        suite = text_in(constant, "benchmark.suite")
        if suite:
            return suite
    return None


def keep(older: Object, drafted: Draft, said: Said, root: Path) -> Draft:
    """Return an older descriptor with what a draft adds to it, and what a person says now."""
    return _Keeper(older, drafted, said, root).kept()


class _Keeper:
    """Goes through the resources of an older descriptor, and notes what is kept, new and gone."""

    def __init__(self, older: Object, drafted: Draft, said: Said, root: Path) -> None:
        self.older = copy.deepcopy(older)
        self.drafted = drafted
        self.said = said
        self.root = root
        self.all_olds = objects_in(self.older, "resources")
        self.news = {
            text_in(item, "path"): item for item in objects_in(drafted.descriptor, "resources")
        }
        self.olds = _closest(self.all_olds, self.news)
        """The older description of each file that is drafted, and one of each other file."""
        self.names = {text_in(item, "name") for item in self.all_olds}
        self.notes: list[Note] = []
        self.kept_tables: dict[tuple[str, ...], list[str]] = {}
        """The tables of which columns are kept, by these columns."""
        self.answered: set[tuple[str, str]] = set()
        """Tables and columns whose description is older than the draft: the draft's notes are not about it."""

    def kept(self) -> Draft:
        """Return the descriptor that is kept, with its review."""
        resources: list[JsonValue] = []
        for old in self.all_olds:
            path = text_in(old, "path")
            new = self.news.get(path)
            if new is not None and old is self.olds[path]:
                self._update(path, old, new)
            elif new is not None:
                self._note(
                    State.KEPT, f"{path}: {text_in(old, 'name')!r}, another table of it, is kept"
                )
            elif not (self.root / path).is_file():
                self._note(State.GONE, f"{path} does not exist any more: its description is kept")
            resources.append(old)
        for path, new in self.news.items():
            if path not in self.olds:
                resources.append(self._added(path, new))
        descriptor = {**self.drafted.descriptor, **self.older, "resources": resources}
        descriptor["benchfmt"] = self._info()
        review = Review(self._all_notes(), self.drafted.review.tables)
        return Draft(descriptor, review)

    def _info(self) -> Object:
        """Return what is said of the package, with the prefixes that are new."""
        new = object_in(self.drafted.descriptor, "benchfmt")
        info = {**new, **object_in(self.older, "benchfmt")}
        used = {
            str(suite_of({"resources": [item]})) for item in (*self.all_olds, *self.news.values())
        }
        prefixes = object_in(info, "prefixes")
        for name, prefix in object_in(new, "prefixes").items():
            if any(suite.startswith(f"{name}:") for suite in used):
                prefixes.setdefault(name, prefix)
        if prefixes:
            info["prefixes"] = prefixes
        return info

    def _added(self, path: str, new: Object) -> Object:
        """Return the description of a table that is new: that of an older table of the same columns, if there is one."""
        new["name"] = unused(text_in(new, "name"), self.names)
        for old in self.olds.values():
            if _names(old) == _names(new):
                self._note(
                    State.NEW, f"{path} is new: it is described as {text_in(old, 'path')} is"
                )
                self._answer_table(path, new)
                added = {**new}
                for key in ("schema", "benchfmt"):
                    if key in old:
                        added[key] = copy.deepcopy(old[key])
                for pattern in _patterns_of_names(added):
                    if not _finds(pattern, path):
                        text = f"the name of {path} does not fit the pattern {pattern!r}, so nothing is read of it"
                        self._note(State.OPEN, text)
                return added
        self._note(State.NEW, f"{path} is new")
        return new

    def _update(self, path: str, old: Object, new: Object) -> None:
        """Add to an older description of a table what is new, and what a person says."""
        olds = {text_in(item, "name"): item for item in _fields(old)}
        news = {text_in(item, "name"): item for item in _fields(new)}
        if "benchfmt" not in old and not any("benchfmt" in item for item in olds.values()):
            _annotate(old, new)
            self._note(State.NEW, f"{path}: its columns are kept as written, and annotated")
            return
        self._keep_columns(path, olds, news)
        for name in self.said.columns() & olds.keys() & news.keys():
            self._say(name, olds[name], news[name])
        if self.said.primary is not None:
            _set_primary(olds.values(), self.said.primary)
        self._say_of_rows(old, new)
        known = {*olds, *_of_families(old, list(news))}
        for name, field in news.items():
            if name not in known:
                self._fit(path, field, list(olds.values()))
                _schema(old).append(field)
        for name in olds:
            if name not in news:
                text = "the table does not have it any more: its description is kept; take it out, or restore the column"
                self._note(State.GONE, text, name, path)

    def _keep_columns(
        self, path: str, olds: Mapping[str, Object], news: Mapping[str, Object]
    ) -> None:
        """Note the columns of which the older description stays as it is."""
        names = tuple(name for name in news if name in olds)
        self.kept_tables.setdefault(names, []).append(path)
        for name in names:
            old, new = olds[name].get("benchfmt"), news[name].get("benchfmt")
            if _without_primary(old) != _without_primary(new):
                self.answered.add((path, name))

    def _say(self, name: str, old: Object, new: Object) -> None:
        """Write what a person says of a column now into its older description."""
        annotation = object_in(old, "benchfmt")
        drafted = object_in(new, "benchfmt")
        anew = (self.said.fields, self.said.metrics, self.said.ignored, self.said.dates)
        is_anew = any(name in names for names in anew)
        if is_anew or not annotation:
            annotation = drafted
        elif name in self.said.units:
            doubts = doubts_without_unit(annotation)
            annotation.pop("caveats", None)
            if doubts:
                annotation["caveats"] = doubts
            annotation["unit"] = drafted.get("unit", self.said.units[name])
        if name in self.said.confirmed:
            annotation["confirmed"] = confirmation(annotation, self.said.confirmed[name])
        if annotation:
            old["benchfmt"] = annotation
        if name in {*self.said.decimals, *self.said.dates}:
            for key in ("type", "format", "decimalChar", "groupChar"):
                old.pop(key, None)
                if key in new:
                    old[key] = new[key]

    def _say_of_rows(self, old: Object, new: Object) -> None:
        """Write what a person says of all rows, and of the file names, into an older description."""
        table = object_in(old, "benchfmt")
        constant = {**object_in(table, "constant"), **self.said.constants}
        if constant:
            table["constant"] = constant
        if self.said.parts:
            drafted = list_in(object_in(new, "benchfmt"), "extract")
            others = [item for item in objects_in(table, "extract") if item.get("from") != "$path"]
            table["extract"] = [*drafted, *others]
        if table:
            old["benchfmt"] = table

    def _fit(self, path: str, field: Object, olds: Sequence[Object]) -> None:
        """Leave a new column open that an older one says already."""
        name = text_in(field, "name")
        annotation = object_in(field, "benchfmt")
        annotation.pop("primary", None)
        for old in olds:
            if annotation and _is_same(annotation, object_in(old, "benchfmt")):
                field.pop("benchfmt", None)
                text = f"is new: {text_in(old, 'name')!r} says the same already; it is kept as text under extensions"
                self._note(State.OPEN, text, name, path)
                return
        if annotation:
            field["benchfmt"] = annotation
            self._note(State.NEW, f"is new: {in_words(annotation)}", name, path)
        else:
            self._note(State.NEW, "is new", name, path)

    def _answer_table(self, path: str, new: Object) -> None:
        self.answered |= {(path, text_in(field, "name")) for field in _fields(new)}

    def _note(
        self, state: State, text: str, column: str | None = None, table: str | None = None
    ) -> None:
        self.notes.append(Note(state, text, column, table=table))

    def _all_notes(self) -> list[Note]:
        """Return the notes on what is kept, new and gone, and those of the draft that still hold."""
        kept = [Note(State.KEPT, _kept_line(*item)) for item in self.kept_tables.items()]
        names = {path: frozenset(_names(old)) for path, old in self.olds.items()}
        drafted = (note for note in self.drafted.review.notes if self._holds(note, names))
        return [*kept, *self.notes, *drafted]

    def _holds(self, note: Note, names: Mapping[str, AbstractSet[str]]) -> bool:
        """Say whether a note of the draft is about what is not kept, or about what is open still; `names` are the older columns."""
        paths = self.drafted.review.tables.get(note.table or "", [])
        olds = [path for path in paths if path in self.olds]
        if not olds and note.table is not None:
            return True
        if note.question is Question.PART:
            return not any(_patterns_of_names(self.olds[path]) for path in olds)
        if note.column is None:
            return False
        if any((path, note.column) in self.answered for path in paths):
            return False
        is_new = not any(note.column in names[path] for path in olds)
        return note.question in _STILL_OPEN or (is_new and note.state is not State.SURE)


def _closest(olds: Sequence[Object], news: Mapping[str, Object]) -> dict[str, Object]:
    """Return the older description of each file: of several tables in one file the one that shares most columns."""
    closest: dict[str, Object] = {}
    for old in olds:
        path = text_in(old, "path")
        other = closest.setdefault(path, old)
        names = set(_names(news.get(path, {})))
        if len(names.intersection(_names(old))) > len(names.intersection(_names(other))):
            closest[path] = old
    return closest


_STILL_OPEN = (Question.UNIT, Question.COLUMN, Question.DECIMAL, Question.DATE)
"""What is asked again where a column is kept as it was drafted."""


def _kept_line(names: Sequence[str], paths: Sequence[str]) -> str:
    return f"{_few(paths)}: kept as written: {_few(list(map(repr, names)))}"


def _few(words: Sequence[str]) -> str:
    """Return the first words of a list, and how many more there are."""
    shown = ", ".join(words[:_SHOWN])
    if len(words) > _SHOWN:
        return f"{shown} and {len(words) - _SHOWN} more"
    return shown


def _of_families(old: Object, columns: list[str]) -> set[str]:
    """Return the columns that the families of an older description describe."""
    try:
        resource = with_families(Resource.model_validate(old), columns)
    except (ValidationError, FamilyError):
        # What is wrong with it is told by the validation.
        return set()
    fields = resource.table.fields if resource.table else []
    return {field.name for field in fields}


def _patterns_of_names(resource: Object) -> list[str]:
    """Return the patterns by which the description of a table reads parts of the file's name."""
    extracts = objects_in(object_in(resource, "benchfmt"), "extract")
    return [text_in(item, "pattern") for item in extracts if item.get("from") == "$path"]


def _finds(pattern: str, path: str) -> bool:
    try:
        return bool(pl.Series([path]).str.contains(pattern).item())
    except pl.exceptions.ComputeError:
        return False


def _annotate(old: Object, new: Object) -> None:
    """Annotate a table of which a descriptor of another program says only the columns."""
    schema = old.get("schema")
    if isinstance(schema, dict):
        news = {text_in(item, "name"): item for item in _fields(new)}
        for field in _fields(old):
            drafted = news.pop(text_in(field, "name"), {})
            if "benchfmt" in drafted:
                field["benchfmt"] = drafted["benchfmt"]
        _schema(old).extend(news.values())
        schema.setdefault("missingValues", object_in(new, "schema").get("missingValues"))
    for key, value in new.items():
        old.setdefault(key, value)


def _set_primary(fields: Iterable[Object], wanted: str) -> None:
    """Make one column the headline number, and no other."""
    for field in fields:
        annotation = object_in(field, "benchfmt")
        annotation.pop("primary", None)
        if text_in(field, "name") == wanted:
            annotation["primary"] = True
        if annotation:
            field["benchfmt"] = annotation


def _is_same(one: Object, other: Object) -> bool:
    """Say whether two columns would be the same field, or the same measurement."""
    if "field" in one:
        return one["field"] == other.get("field")
    if "metric" in one:
        return all(one.get(key) == other.get(key) for key in _KEY)
    return False


def _without_primary(annotation: JsonValue) -> JsonValue:
    if not isinstance(annotation, dict):
        return annotation
    return {key: value for key, value in annotation.items() if key != "primary"}


def _names(resource: Object) -> list[str]:
    return [text_in(field, "name") for field in _fields(resource)]


def _fields(resource: Object) -> list[Object]:
    return objects_in(object_in(resource, "schema"), "fields")


def _schema(resource: Object) -> list[JsonValue]:
    """Return the list of the columns of a resource, which is made where there is none."""
    schema = resource.setdefault("schema", {})
    if not isinstance(schema, dict):
        raise BenchfmtError("`schema` of a resource is not an object; name its columns in place")
    fields = schema.setdefault("fields", [])
    if not isinstance(fields, list):
        raise BenchfmtError("`fields` of a schema is not a list")
    return fields
