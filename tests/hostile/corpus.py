"""The hostile corpus: every input that a stranger could wear the program down with, made when it is asked for."""

from tests.hostile import (
    archives,
    commands,
    described,
    descriptors,
    documents,
    footers,
    headers,
    parquets,
    places,
    printed,
    repeated,
    results,
    schemas,
    sheets,
    sources,
    streams,
    systems,
    tables,
)
from tests.hostile.specimens import SPECIMENS, Specimen

__all__ = ["SPECIMENS", "Specimen"]
MODULES = (
    archives,
    commands,
    described,
    descriptors,
    documents,
    footers,
    headers,
    parquets,
    places,
    printed,
    repeated,
    results,
    schemas,
    sheets,
    sources,
    streams,
    systems,
    tables,
)
