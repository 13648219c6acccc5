"""What is wrong with an annotation: all of it in one error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import polars as pl

from benchfmt.finding import BenchfmtError


class AnnotationError(BenchfmtError):
    """An annotation that contradicts itself or the standard; each of its faults names the place."""

    def __init__(self, *faults: str) -> None:
        """Take what is wrong, one sentence a fault."""
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass
class Faults:
    """Collects what is wrong, so that a person hears of all of it at once."""

    messages: list[str] = field(default_factory=list)

    @contextmanager
    def collected(self, where: str = "") -> Iterator[None]:
        """Keep what is wrong in a step, each fault behind the place that is given, and go on."""
        try:
            yield
        except AnnotationError as error:
            self.messages += [f"{where}{fault}" for fault in error.faults]
        except pl.exceptions.ComputeError as error:
            self.messages.append(f"{where}{error}")

    def raise_all(self) -> None:
        """Raise AnnotationError if anything is wrong."""
        if self.messages:
            raise AnnotationError(*dict.fromkeys(self.messages))
