"""The hashes of the files of a package, compared with those that its descriptor gives."""

from __future__ import annotations

from typing import Self

from benchfmt.package.parts import Part
from benchfmt.readers.files import file_sha256
from benchfmt.turns import Turns
from benchfmt.validation.places import Place
from benchfmt.validation.reporting import Reporter

AGAIN = "the file was changed after the package was written; write the package again"


class Hashing:
    """Hashes files one after the other, in a thread of its own where it may: their cells need not wait for it."""

    def __init__(self, reporter: Reporter, *, is_beside: bool) -> None:
        """Take who reports, and whether a thread may hash while this one goes on."""
        self._reporter = reporter
        self._turns = Turns[str | OSError](int(is_beside))
        self._parts: list[Part] = []

    def __enter__(self) -> Self:
        """Begin without any file."""
        return self

    def __exit__(self, *_: object) -> None:
        """Report the files that are others than those that were described."""
        try:
            for part in self._parts:
                self._judge(part, self._turns.take())
        finally:
            self._turns.close()

    def add(self, part: Part) -> None:
        """Have a file hashed whose hash is given."""
        self._parts.append(part)
        self._turns.give(lambda: _hash_of(part))

    def _judge(self, part: Part, digest: str | OSError) -> None:
        if isinstance(digest, OSError):
            self._reporter.report_unreadable(part.path, digest)
        elif f"sha256:{digest}" != part.hash:
            message = "the file's SHA-256 is not the one in the descriptor"
            self._reporter.report("BF501", Place(part.name), message, hint=AGAIN)


def _hash_of(part: Part) -> str | OSError:
    """Return the SHA-256 of a file in hex, or the error of the system that keeps it from being read."""
    try:
        return file_sha256(part.path)
    except OSError as error:
        return error
