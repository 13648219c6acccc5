"""Tables in the files people keep them in: text with separators, JSON, Parquet, workbooks, Markdown and HTML.

Every form gives the same: a header of names and frames of text, in which a number stands in its own characters.
"""

from benchfmt.readers.sheets.dialect import Dialect
from benchfmt.readers.sheets.opening import open_table
from benchfmt.readers.sheets.sniffed import Sniffed
from benchfmt.readers.sheets.sniffing import sniff
from benchfmt.readers.sheets.storage import Storage
from benchfmt.readers.sheets.table import Table

__all__ = ["Dialect", "Sniffed", "Storage", "Table", "open_table", "sniff"]
