"""What a document of a package, its descriptor or its heading, mentions of people and machines."""

from __future__ import annotations

from dataclasses import replace

from pydantic import JsonValue

from benchfmt.checks import personal
from benchfmt.validation.places import Place
from benchfmt.validation.reporting import Reporter


def report_personal(data: JsonValue, document: Place, reporter: Reporter) -> None:
    """Report what a document mentions, if the rule set asks for that; each finding has the place of the member."""
    if reporter.judged.isdisjoint(personal.CODES):
        return
    for told in personal.in_document(data):
        place = replace(document, field=told.pointer)
        reporter.report(told.code, place, told.message, value=told.value, hint=told.hint)
