"""Converters: one file or folder a family, found by the entry point `benchfmt.converters`."""

from benchfmt.converters.draft import Draft, DraftError

__all__ = ["Draft", "DraftError"]
