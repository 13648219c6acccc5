"""Finds out how a table is written, and says why: what is in doubt is asked, never decided in silence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchfmt.limits import LIMITS, Limits
from benchfmt.readers import encodings, heads
from benchfmt.readers.sheets import storage as stored
from benchfmt.readers.sheets import structured
from benchfmt.readers.sheets.opening import FORMATS, storage_of
from benchfmt.readers.sheets.sniffed import Sniffed
from benchfmt.readers.sheets.storage import Storage, compression_of, members, open_bytes
from benchfmt.readers.sheets.text_form import TextForm
from benchfmt.readers.tables import WINDOWS, TableError, encoding_of_blocks

_HEAD = 2**20
_BLOCK = 2**20


def sniff(path: Path, limits: Limits = LIMITS) -> Sniffed:
    """Return how a table is written; raises TableError for a file that is none, UnsafeError for a hostile one."""
    storage = _packing(path, limits)
    head = stored.head(path, storage, _HEAD, limits)
    _refuse(path, head)
    if head.startswith(b"PAR1"):
        return Sniffed(_as(storage, "parquet", "utf-8"))
    if storage.format in ("xlsx", "ods"):
        return structured.sniff_workbook(path, storage, limits)
    storage, notes = _encoding(path, storage, limits)
    text = _decoded(head, storage.encoding)
    found = structured.sniff_documents(path, storage, text, limits)
    if found is None:
        found = _delimited(path, storage, text, len(head) < _HEAD)
    found.notes[:0] = notes
    return found


def _packing(path: Path, limits: Limits) -> Storage:
    """Return how a file is packed, and its form where that is a zip of its own."""
    head = heads.head(path, 16)
    packing = compression_of(head)
    if packing != "zip":
        named = storage_of(path.name)
        inner_format = named.format if packing else FORMATS.get(path.suffix.lower(), "csv")
        return Storage(inner_format, compression=packing)
    names = members(path, limits)
    if "xl/workbook.xml" in names:
        return Storage("xlsx")
    if "content.xml" in names and "mimetype" in names:
        return Storage("ods")
    tables = [name for name in names if not name.rpartition("/")[2].startswith((".", "_"))]
    tables = [name for name in tables if not name.startswith("__MACOSX/")]
    if len(tables) != 1:
        shown = ", ".join(map(repr, tables[:5])) or "nothing"
        message = f"the zip holds {len(tables)} files ({shown}); unpack it and describe one of them"
        raise TableError("BF103", f"{path.name}: {message}")
    return storage_of(path.name, compression="zip", inner_path=tables[0])


def _refuse(path: Path, head: bytes) -> None:
    advice = stored.foreign(head)
    if advice is not None:
        raise TableError("BF103", f"{path.name} is {advice}")
    if not head.strip():
        raise TableError(
            "BF101", f"{path.name} is empty: a table begins with a row of column names"
        )
    if compression_of(head) == "zip":
        return
    if compression_of(head) is not None:
        raise TableError("BF103", f"{path.name} is packed twice; unpack it once")
    if not head.startswith(b"PAR1") and encodings.is_binary(head):
        raise TableError("BF103", f"{path.name} is a binary file; save the table as CSV")


def _encoding(path: Path, storage: Storage, limits: Limits) -> tuple[Storage, list[str]]:
    def blocks() -> Iterator[bytes]:
        with open_bytes(path, storage, limits) as file:
            while block := file.read(_BLOCK):
                yield block

    encoding = encoding_of_blocks(path.name, blocks)
    if encoding == WINDOWS:
        note = (
            "the file is not UTF-8; it is taken for Windows-1252, of which Latin-1 is a part: "
            "look at its letters beyond A to Z, and correct `encoding` if they are wrong"
        )
        return _as(storage, storage.format, "windows-1252"), [note]
    if encoding != "utf-8":
        return _as(storage, storage.format, encoding), [f"the file is {encoding.upper()} text"]
    return storage, []


def _as(storage: Storage, form: str, encoding: str) -> Storage:
    return Storage(form, encoding, storage.compression, storage.inner_path)


def _decoded(head: bytes, encoding: str) -> str:
    return head.decode(encoding, "ignore").removeprefix("\ufeff")


def _delimited(path: Path, storage: Storage, text: str, is_whole: bool) -> Sniffed:
    form = TextForm.of(path.name, text, is_whole)
    kind = "tsv" if form.dialect.delimiter == "\t" else "csv"
    return Sniffed(_as(storage, kind, storage.encoding), form.dialect, form.notes)
