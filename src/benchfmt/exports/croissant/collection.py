"""How the data of a package was collected, as far as its records say it: for the extension of Croissant for responsible AI."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pydantic import JsonValue

from benchfmt.exports.facts import Facts
from benchfmt.package import Package

_OF_RECORDS = ("source_sha256", "converter", "converter_version")


def collection(package: Package, facts: Facts) -> dict[str, JsonValue]:
    """Return what the extension asks of the collection of data; a batch of rows is in memory at a time."""
    fields: dict[str, JsonValue] = {}
    sources, converters = _sources_and_converters(package)
    if sources:
        fields["rai:dataCollectionRawData"] = (
            f"{sources:,} files of results; each record names its file by path, SHA-256 and place in it "
            "(source_path, source_sha256, source_locator)."
        )
    missing = Counter(_reasons(package))
    if missing:
        reasons = [f"{reason} {count:,}" for reason, count in sorted(missing.items())]
        fields["rai:dataCollectionMissingData"] = (
            f"{missing.total():,} of {facts.measurements:,} measurements have no value, and the reason in its place: "
            f"{', '.join(reasons)}."
        )
    if facts.first and facts.last:
        fields["rai:dataCollectionTimeframe"] = [facts.first, facts.last]
    if converters:
        fields["rai:dataPreprocessingProtocol"] = (
            f"Converted from the files of their tools by {', '.join(converters)}; numbers are in the standard unit of "
            "their metric, and reported_value holds the characters of the source."
        )
    return fields


def _sources_and_converters(package: Package) -> tuple[int, list[str]]:
    """Return of how many files the records were read, and by which converters."""
    sources: set[str] = set()
    converters: set[str] = set()
    for frame in package.frames("records", _OF_RECORDS):
        sources.update(frame["source_sha256"].drop_nulls().unique().to_list())
        names = frame.select("converter", "converter_version").drop_nulls("converter").unique()
        for name, version in names.iter_rows():
            converters.add(f"{name} {version or ''}".strip())
    return len(sources), sorted(converters)


def _reasons(package: Package) -> Iterator[str]:
    for frame in package.frames("measurements", ("missing",)):
        yield from frame["missing"].drop_nulls().to_list()
