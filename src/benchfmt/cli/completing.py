"""What the shell completes values with; each is asked for when a person presses the key, and nothing is loaded before."""

from __future__ import annotations

from collections.abc import Iterable


def rule_sets(incomplete: str) -> list[str]:
    """Return what `--rules` may be."""
    from benchfmt.checks.catalogue import all_rule_sets

    return _beginning(incomplete, all_rule_sets())


def report_formats(incomplete: str) -> list[str]:
    """Return what `--format` of `validate` may be."""
    from benchfmt.reports.formats import format_names

    return _beginning(incomplete, format_names())


def export_formats(incomplete: str) -> list[str]:
    """Return what `--to` of `export` may be."""
    from benchfmt.exports.base import FORMATS

    return _beginning(incomplete, FORMATS.names())


def families(incomplete: str) -> list[str]:
    """Return what `--from` may be: the converters that are installed."""
    from benchfmt.converters.base import names

    return _beginning(incomplete, names())


def codes(incomplete: str) -> list[str]:
    """Return the codes of findings."""
    from benchfmt.checks.catalogue import all_checks

    return _beginning(incomplete, all_checks())


def kinds_of_terms(incomplete: str) -> list[str]:
    """Return the kinds of terms of the vocabulary."""
    from benchfmt.vocabulary import vocabulary

    return _beginning(incomplete, vocabulary().kinds())


def schema_files(incomplete: str) -> list[str]:
    """Return the names of the files of the standard."""
    from benchfmt.vocabulary import schema_folder

    return _beginning(incomplete, sorted(item.name for item in schema_folder().iterdir()))


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
