"""How a table is written in its file, in the words of Table Dialect 2.0."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, PositiveInt, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

_DELIMITER = re.compile(r"[\t -!#-~]")
_RANGE = r"^[A-Za-z]{1,3}[1-9][0-9]{0,6}:[A-Za-z]{1,3}[1-9][0-9]{0,6}$"
_NOT_IMPLEMENTED = ("nullSequence", "itemKeys", "table")
"""Words of the standard that change what is read and that no reader here follows."""


class Dialect(BaseModel):
    """The words that a descriptor says of a table's form; a word that is not said has the standard's default.

    Rows are counted from 1 as they stand in the file (or in the range of a sheet), blank rows and comments included.
    """

    model_config = ConfigDict(
        extra="allow", frozen=True, populate_by_name=True, alias_generator=to_camel
    )

    header: bool = True
    header_rows: list[PositiveInt] | None = Field(
        None, description="The rows of the header; absent: the first row that is no comment."
    )
    header_join: str = Field(" ", description="What joins the cells of a header of several rows.")
    comment_rows: list[PositiveInt] = []
    comment_char: str | None = Field(None, min_length=1)
    delimiter: str = ","
    quote_char: str | None = Field('"', max_length=1)
    double_quote: bool = True
    escape_char: str | None = Field(None, min_length=1, max_length=1)
    skip_initial_space: bool = False
    rows_at: str | None = Field(
        None,
        alias="property",
        description="Where the rows stand in a JSON document: a key, or a JSON Pointer whose segment `*` is any.",
    )
    item_type: Literal["array", "object"] | None = None
    sheet_number: PositiveInt | None = Field(
        None,
        description="Which sheet of a workbook, table of a document, or block of lines of a text; 1 if absent.",
    )
    row_names: bool = Field(
        False, description="The first cell of each row names it, and all rows are one result."
    )
    sheet_name: str | None = None
    range: str | None = Field(
        None, pattern=_RANGE, description="The part of a sheet that is the table, such as B3:F20."
    )

    @model_validator(mode="after")
    def _readable(self) -> Dialect:
        if not _DELIMITER.fullmatch(self.delimiter):
            message = "`delimiter` {value} is not one ASCII character (and no quote)"
            raise PydanticCustomError("delimiter", message, {"value": repr(self.delimiter)})
        self._refuse_marks_of_two_meanings()
        for word in _NOT_IMPLEMENTED:
            if (self.model_extra or {}).get(word):
                message = (
                    "`{word}` is not implemented, and without it the table would be read wrongly"
                )
                raise PydanticCustomError("not_implemented", message, {"word": word})
        if self.header and self.header_rows == []:
            message = "`headerRows` names no row; a table without a header says `header: false`"
            raise PydanticCustomError("no_header", message)
        return self

    def _refuse_marks_of_two_meanings(self) -> None:
        """Refuse marks that end lines, and one mark that says two things: no reader takes them alike."""
        marks = {
            "delimiter": self.delimiter,
            "quoteChar": self.quote_char or "",
            "escapeChar": self.escape_char or "",
        }
        meanings: dict[str, str] = {}
        for name, mark in marks.items():
            if mark in ("\r", "\n", "\0"):
                message = "`{name}` is {value}, which no text has inside of a line"
                raise PydanticCustomError("mark", message, {"name": name, "value": repr(mark)})
            other = meanings.setdefault(mark, name)
            if mark and other != name:
                message = "`{name}` and `{other}` are both {value}"
                context = {"name": name, "other": other, "value": repr(mark)}
                raise PydanticCustomError("two_meanings", message, context)

    def words(self) -> dict[str, JsonValue]:
        """Return what differs from the standard's default, as a descriptor says it."""
        words: dict[str, JsonValue] = self.model_dump(
            mode="json", by_alias=True, exclude_defaults=True
        )
        return words

    @property
    def is_plain(self) -> bool:
        """Whether the text is read by columns: quoted as RFC 4180 wants it, and its first row is the header."""
        return (
            self.header
            and self.header_rows in (None, [1])
            and self.comment_char is None
            and self.sheet_number is None
            and not self.comment_rows
            and not self.skip_initial_space
            and self.quote_char == '"'
            and self.double_quote
            and self.escape_char is None
        )
