"""XML of strangers: no document type, so no entities, and bounded in size, depth and number of elements.

Python's expat expands entities that a document declares, a thousand million times if told to. They can be declared only in
a DOCTYPE, which stands before the first element; a document that has one is refused before it is expanded.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, cast
from xml.parsers import expat

from pydantic import JsonValue

from benchfmt.finding import BenchfmtError
from benchfmt.limits import LIMITS, Limits
from benchfmt.readers import jsons
from benchfmt.readers.files import UnsafeError

Element = ET.Element
_IN_ONE = 200_000
"""So many elements one may have where a document is read one by one; a row of a spreadsheet has at most 16,384 cells."""
_PASSING = 1_000_000
"""So many elements such a document may have in all: some commands read it three times."""
ELEMENTS = 2_000_000
"""At most so many elements are held in memory at once; a large run has some 10,000."""
_BLOCK = 1 << 20
_LONGEST_TAG = 4 * _BLOCK


class XmlError(BenchfmtError):
    """Text that is not well-formed XML, or has what is refused; `line` counts from 1."""

    def __init__(self, message: str, line: int | None = None) -> None:
        """Keep the line beside the message."""
        super().__init__(message)
        self.line = line


def read(path: Path, limits: Limits = LIMITS) -> Element:
    """Return the root of an XML file; raises XmlError, UnsafeError or OSError."""
    return parse(jsons.whole(path, limits, "document"), limits)


def parse(text: bytes, limits: Limits = LIMITS) -> Element:
    """Return the root of an XML document; raises XmlError or UnsafeError."""
    guard = Guard(limits)
    guard.feed(text)
    guard.close()
    try:
        return ET.fromstring(text)  # noqa: S314 - guarded
    except ET.ParseError as error:
        raise XmlError(f"not XML: {error}") from error


def children(file: BinaryIO, limits: Limits = LIMITS) -> Iterator[Element]:
    """Yield the children of the root one by one, each bounded in size; the file is never whole in memory, and closed at the end.

    What stands before a fault is yielded before it is raised (XmlError, UnsafeError).
    """
    guard = Guard(limits, each_child=True)
    parser: ET.XMLPullParser[Element] = ET.XMLPullParser(("start", "end"))
    growing = _Growing()
    with file:
        while block := file.read(_BLOCK):
            fault = _fault(guard, block)
            sound = len(block) if fault is None else guard.at
            parser.feed(block[:sound])
            try:
                yield from growing.children(_events(parser))
            except XmlError as error:
                raise fault or error from error.__cause__
            if fault is not None:
                raise fault
    guard.close()


def passing(
    file: BinaryIO, is_wanted: Callable[[str], bool], whole: str = "", limits: Limits = LIMITS
) -> Iterator[tuple[str, Element]]:
    """Yield the elements whose names are wanted as they `start` and `end`; only one of `whole` has its children.

    So no more of the document is in memory than one such element. Raises XmlError and UnsafeError.
    """
    guard = Guard(limits, most=_PASSING)
    parser: ET.XMLPullParser[Element] = ET.XMLPullParser(("start", "end"))
    above: list[Element] = []
    inside = held = 0
    with file:
        while block := file.read(_BLOCK):
            guard.feed(block)
            parser.feed(block)
            for event, element in _events(parser):
                if event == "start":
                    inside += element.tag == whole
                    held += inside > 0
                    if held > _IN_ONE:
                        message = f"an element of more than {_IN_ONE:,} elements"
                        raise UnsafeError("BF907", f"the XML has {message}")
                    above.append(element)
                    if is_wanted(element.tag):
                        yield event, element
                    continue
                above.pop()
                inside -= element.tag == whole
                if is_wanted(element.tag):
                    yield event, element
                if inside == 0 and above:
                    above[-1].clear()
                    held = 0
    guard.close()


def _events(parser: ET.XMLPullParser[Element]) -> Iterator[tuple[str, Element]]:
    """Yield what was met; raises XmlError for what one parser refuses and the guard's does not."""
    # Its type has other events too, which nobody has asked for.
    events = cast("Iterator[tuple[str, Element]]", parser.read_events())
    try:
        yield from events
    except ET.ParseError as error:
        raise XmlError(f"not XML: {error}") from error


class _Growing:
    """A document whose root is emptied as it grows."""

    def __init__(self) -> None:
        self._depth = 0
        self._root: Element | None = None

    def children(self, events: Iterator[tuple[str, Element]]) -> Iterator[Element]:
        """Yield the children of the root that end in some more events."""
        for event, element in events:
            if event == "start":
                if self._root is None:
                    self._root = element
                self._depth += 1
                continue
            self._depth -= 1
            if self._depth == 1 and self._root is not None:
                yield element
                self._root.clear()


class Guard:
    """Looks at a document before anything is built of it."""

    def __init__(
        self, limits: Limits = LIMITS, *, each_child: bool = False, most: int = ELEMENTS
    ) -> None:
        """Begin at the start of a document of at most so many elements; `each_child` bounds the children of the root one by one."""
        self._limits = limits
        self._most = most
        self._each = each_child
        self._depth = 0
        self._elements = 0
        self._begin = 0
        self._bytes = 0
        self.at = 0
        # With a separator it knows namespaces, and finds a prefix that nobody declares.
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def feed(self, text: bytes) -> None:
        """Look at some more of the document; raises XmlError or UnsafeError."""
        for start in range(0, len(text), _BLOCK):
            self._parse(text[start : start + _BLOCK], final=False)
            begun = self._bytes - max(self._parser.CurrentByteIndex, 0)
            if begun > _LONGEST_TAG:
                message = f"a tag or a comment longer than {_LONGEST_TAG} bytes"
                raise UnsafeError("BF907", f"the XML has {message}")
        if self._depth > 1:
            self._check_length()

    def close(self) -> None:
        """Say that the document ends here; raises XmlError where it does not."""
        self._parse(b"", final=True)

    def _parse(self, text: bytes, *, final: bool) -> None:
        try:
            self._parser.Parse(text, final)
        except expat.ExpatError as error:
            self.at = max(self._parser.ErrorByteIndex - self._bytes, 0)
            words = expat.errors.messages[error.code]
            raise XmlError(
                f"not XML: {words} at line {error.lineno} column {error.offset + 1}", error.lineno
            ) from error
        except (LookupError, ValueError) as error:  # of an encoding that Python does not know
            self.at = 0
            raise XmlError(f"not XML that can be read: {error}") from error
        except BenchfmtError:
            self.at = max(self._parser.CurrentByteIndex - self._bytes, 0)
            raise
        self._bytes += len(text)

    def _doctype(self, name: str, system: str | None, *_: object) -> None:
        what = f"the document type {name!r}"
        if system:
            what += f" of {system!r}"
        raise XmlError(f"the XML declares {what}: a DOCTYPE can declare entities, and is refused")

    def _start(self, _name: str, attributes: Mapping[str, str]) -> None:
        if len(attributes) > self._limits.columns:
            message = f"an element of {len(attributes):,} attributes"
            raise UnsafeError("BF907", f"{message}; at most {self._limits.columns:,} are read")
        self._depth += 1
        self._elements += 1
        if self._depth > self._limits.json_depth:
            raise UnsafeError(
                "BF906", f"XML is nested deeper than {self._limits.json_depth} levels"
            )
        if self._elements > self._most:
            raise UnsafeError("BF907", f"the XML has more than {self._most} elements")
        if self._each and self._depth == 2:
            self._begin = self._parser.CurrentByteIndex
            self._elements = 0

    def _end(self, *_: object) -> None:
        if self._depth == 2:
            self._check_length()
        self._depth -= 1

    def _check_length(self) -> None:
        """Refuse a child of the root that is too long."""
        length = self._parser.CurrentByteIndex - self._begin
        if self._each and length > self._limits.row_bytes:
            raise UnsafeError("BF907", f"an element is longer than {self._limits.row_bytes} bytes")


def _fault(guard: Guard, block: bytes) -> BenchfmtError | None:
    """Return what is wrong with a block, so that what stands before it can be read."""
    try:
        guard.feed(block)
    except BenchfmtError as error:
        return error
    return None


def plain(element: Element) -> JsonValue:
    """Return an element as plain data, as OpenML's own server makes JSON of it.

    Text is a string; children are a dict, those of one name that stand twice or more a list; attributes are keys like
    children, and text beside attributes is `value`; names are without their namespace; an empty element is None.
    """
    if len(element) == 0 and not element.attrib:
        return (element.text or "").strip() or None
    data: dict[str, JsonValue] = dict(element.attrib)
    for child in element:
        tag = child.tag
        name = ""
        if isinstance(tag, str):
            name = tag.rpartition("}")[2]
        value = plain(child)
        before = data.get(name)
        if name not in data:
            data[name] = value
        elif isinstance(before, list):
            before.append(value)
        else:
            data[name] = [before, value]
    if len(element) == 0 and element.text and element.text.strip():
        data.setdefault("value", element.text.strip())
    return data
