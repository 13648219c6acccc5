"""Converters: one file or folder a family, found by the entry point `benchfmt.converters`."""
