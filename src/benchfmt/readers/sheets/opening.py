"""Opens a table by the form that its descriptor, or the name of its file, says."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path, PurePath

from benchfmt.limits import LIMITS, Limits
from benchfmt.readers.sheets.delimited import open_delimited, open_delimited_grid
from benchfmt.readers.sheets.dialect import Dialect
from benchfmt.readers.sheets.storage import SUFFIXES, Storage
from benchfmt.readers.sheets.table import RowTable, Table
from benchfmt.readers.tables import TableError

Opener = Callable[[Path, Storage, Dialect, Limits], Table]
_ENCODINGS_OF_NO_FILE = {
    "idna": "the names of hosts",
    "punycode": "the names of hosts",
    "utf-7": "letters for mail of 1994",
    "unicode-escape": "texts of programs",
    "raw-unicode-escape": "texts of programs",
}
"""Encodings whose decoders keep all that was read until a name, a run or an escape ends, each with what it writes."""


def _open_json(path: Path, storage: Storage, dialect: Dialect, limits: Limits) -> Table:
    from benchfmt.readers.sheets.documents import open_document

    return open_document(path, storage, dialect, limits)


def _open_json_lines(path: Path, storage: Storage, dialect: Dialect, limits: Limits) -> Table:
    from benchfmt.readers.sheets.documents import open_lines

    return open_lines(path, storage, dialect, limits)


def _open_text(path: Path, storage: Storage, dialect: Dialect, limits: Limits) -> Table:
    if not dialect.row_names:
        return open_delimited(path, storage, dialect, limits)
    from benchfmt.readers.sheets.named_rows import open_named_rows

    return open_named_rows(path, storage, dialect, limits)


def _open_parquet(path: Path, storage: Storage, dialect: Dialect, limits: Limits) -> Table:
    from benchfmt.readers.sheets.parquet import open_parquet

    return open_parquet(path, storage, dialect, limits)


def _open_workbook(path: Path, storage: Storage, dialect: Dialect, limits: Limits) -> Table:
    from benchfmt.readers.sheets.workbook import open_workbook

    return open_workbook(path, storage, dialect, limits)


def _open_markup(path: Path, storage: Storage, dialect: Dialect, limits: Limits) -> Table:
    from benchfmt.readers.sheets.markup import open_markup

    return open_markup(path, storage, dialect, limits)


OPENERS: dict[str, Opener] = {
    "csv": _open_text,
    "tsv": _open_text,
    "json": _open_json,
    "jsonl": _open_json_lines,
    "ndjson": _open_json_lines,
    "parquet": _open_parquet,
    "xlsx": _open_workbook,
    "ods": _open_workbook,
    "markdown": _open_markup,
    "html": _open_markup,
}
"""What opens each form, by the `format` of a resource; the libraries of a form are loaded where it is opened."""
FORMATS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".txt": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".ods": "ods",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
}


def storage_of(
    name: str,
    *,
    format_: str | None = None,
    encoding: str | None = None,
    compression: str | None = None,
    inner_path: str | None = None,
) -> Storage:
    """Return how a file lies on the disk: what is said of it, and what its name says where nothing is."""
    pure = PurePath(name)
    by_name = SUFFIXES.get(pure.suffix.lower())
    packing = compression or by_name
    if by_name is not None and inner_path is None:
        pure = pure.with_suffix("")
    suffix = PurePath(inner_path or pure.name).suffix.lower()
    form = (format_ or FORMATS.get(suffix, "csv")).lower()
    return Storage(form, encoding or "utf-8", packing, inner_path)


def open_table(path: Path, storage: Storage, dialect: Dialect, limits: Limits = LIMITS) -> Table:
    """Return the table in a file; raises TableError for a form that is not read. It is read when it is asked."""
    opener = OPENERS.get(storage.format)
    if opener is None:
        known = ", ".join(OPENERS)
        message = f"format {storage.format!r} is not read; it is one of {known}"
        raise TableError("BF118", f"{path.name}: {message}")
    _refuse_encodings_of_no_file(path, storage.encoding)
    return opener(path, storage, _with_delimiter(storage, dialect), limits)


def _refuse_encodings_of_no_file(path: Path, encoding: str) -> None:
    """Raise TableError for an encoding of something else, which may take as long as the square of a text."""
    try:
        known = codecs.lookup(encoding).name.replace("_", "-")
    except LookupError:
        return
    except ValueError as error:
        message = f"{encoding!r} is no name of an encoding; write that of the file, such as utf-8"
        raise TableError("BF118", f"{path.name}: {message}") from error
    what = _ENCODINGS_OF_NO_FILE.get(known)
    if what is not None:
        message = f"{known} writes {what}, and no tables; save it as UTF-8"
        raise TableError("BF118", f"{path.name}: {message}, and say no `encoding`")


def _with_delimiter(storage: Storage, dialect: Dialect) -> Dialect:
    if storage.format == "tsv" and "delimiter" not in dialect.model_fields_set:
        return dialect.model_copy(update={"delimiter": "\t"})
    return dialect


def open_grid(path: Path, storage: Storage, dialect: Dialect, limits: Limits) -> RowTable | None:
    """Return the table in a file whose rows are those of a spreadsheet, None for a file of another form."""
    if storage.format in ("csv", "tsv"):
        return open_delimited_grid(path, storage, _with_delimiter(storage, dialect), limits)
    if storage.format in ("xlsx", "ods"):
        from benchfmt.readers.sheets.workbook import open_workbook

        return open_workbook(path, storage, dialect, limits)
    return None
