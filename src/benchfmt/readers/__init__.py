"""Shared parsers and the safe opening of files."""
