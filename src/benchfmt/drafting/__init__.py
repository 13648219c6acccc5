"""Drafts of descriptors: from the headers of tables, and from AI4Europe companions."""

from benchfmt.drafting.companions import Companion, CompanionColumn, companion_table, own_metric
from benchfmt.drafting.draft import Draft, draft, draft_tables
from benchfmt.drafting.heads import Head, read_head
from benchfmt.drafting.review import Note, Question, Review, State
from benchfmt.drafting.said import Said
from benchfmt.drafting.tables import DraftedColumn, DraftedTable

__all__ = [
    "Companion",
    "CompanionColumn",
    "Draft",
    "DraftedColumn",
    "DraftedTable",
    "Head",
    "Note",
    "Question",
    "Review",
    "Said",
    "State",
    "companion_table",
    "draft",
    "draft_tables",
    "own_metric",
    "read_head",
]
