"""Entry points: how other distributions add converters, checks, report formats and exports to benchfmt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar

from benchfmt.finding import BenchfmtError
from benchfmt.spelling import no_such

Kind = TypeVar("Kind")


def distribution_of(point: EntryPoint) -> str:
    """Return the name and version of the distribution that an entry point belongs to, as `acme-checks 0.1`."""
    if point.dist is None:
        return "an unknown distribution"
    return f"{point.dist.name} {point.dist.version}"


@dataclass
class Plugins(Generic[Kind]):
    """Objects of one kind: those of benchfmt, and those that other distributions add by entry points of one group.

    Those of benchfmt are a table, so that they are known without an installation. Each is loaded when it is used.
    `protocol` is what an object must be, `word` what a person calls one.
    """

    group: str
    word: str
    protocol: type[Kind]
    own: Mapping[str, str]
    """The objects of benchfmt by their names, as `module:attribute`."""
    _others: dict[str, EntryPoint] | None = field(default=None, init=False)

    def names(self) -> tuple[str, ...]:
        """Return the names of all: those of benchfmt, then those of others; raises BenchfmtError for two of one name."""
        return (*self.own, *sorted(self._points()))

    def load(self, name: str) -> Kind:
        """Return an object by its name; raises BenchfmtError where there is none, or where it cannot be loaded."""
        if name in self.own:
            module, _, attribute = self.own[name].partition(":")
            return self._checked(name, getattr(import_module(module), attribute))
        points = self._points()
        if name not in points:
            raise BenchfmtError(no_such(self.word, name, self.names()))
        point = points[name]
        try:
            named = point.load()
        except Exception as error:
            raise BenchfmtError(
                f"the {self.word} {name!r} cannot be loaded: {type(error).__name__}: {error}; "
                f"update or uninstall {distribution_of(point)}"
            ) from error
        return self._checked(name, named)

    def forget(self) -> None:
        """Look again, at the next question, for what is installed."""
        self._others = None

    def _checked(self, name: str, named: object) -> Kind:
        if not isinstance(named, self.protocol):
            members = " and ".join(f"`{member}`" for member in _members(self.protocol))
            raise BenchfmtError(
                f"the entry point {name!r} in {self.group!r} names no {self.word}: it has no {members}"
            )
        return named

    def _points(self) -> dict[str, EntryPoint]:
        if self._others is None:
            found: dict[str, EntryPoint] = {}
            for point in entry_points(group=self.group):
                if point.name in self.own or point.name in found:
                    raise BenchfmtError(
                        f"{distribution_of(point)} adds a {self.word} {point.name!r}, which exists already: uninstall it"
                    )
                found[point.name] = point
            self._others = found
        return self._others


def _members(protocol: type) -> list[str]:
    """Return the names that a protocol asks for."""
    return sorted(name for name in vars(protocol) if not name.startswith("_"))
