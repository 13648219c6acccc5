"""What the columns of a table are, by their headers and cells: a grammar of headers, never a guess by one word.

Every word of a header must be understood, or the column is left open with the reason. See `read_headers`.
"""

from benchfmt.headers.grammar import read_headers
from benchfmt.headers.meaning import Beside, Column, FieldOf, Ignored, Meaning, Measured, Open

__all__ = ["Beside", "Column", "FieldOf", "Ignored", "Meaning", "Measured", "Open", "read_headers"]
