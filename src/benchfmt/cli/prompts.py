"""Questions on a terminal."""

from __future__ import annotations

import sys

import typer

from benchfmt.cli.printing import say
from benchfmt.describing.asking import Asked
from benchfmt.finding import BenchfmtError

_MANY = 6


class Terminal:
    """A person at a terminal; questions go to stderr, so that stdout holds nothing but data."""

    def answer(self, question: Asked) -> str | None:
        """Return the answer to a question; None where it is skipped with Enter."""
        say(f"\n{question.text}", err=True)
        for line in _numbered(question.answers):
            say(f"  {line}", err=True)
        which = "answer"
        if question.answers:
            which = "number or another answer"
        prompt = f"  {which} (Enter: {question.skipped})"
        try:
            typed = typer.prompt(prompt, default="", show_default=False, err=True).strip()
        except typer.Abort:
            # Whoever stops here is told that nothing was written.
            raise KeyboardInterrupt from None
        if not typed:
            return None
        if typed.isdecimal() and 0 < int(typed) <= len(question.answers):
            return question.answers[int(typed) - 1]
        return str(typed)

    def refuse(self, reason: str) -> None:
        """Say why an answer cannot be taken."""
        say(f"  {reason}", err=True)


def refuse_without_terminal() -> None:
    """Raise BenchfmtError where nobody can be asked."""
    if sys.stdin.isatty() and sys.stderr.isatty():
        return
    raise BenchfmtError(
        "--ask needs a terminal; in a script say what is open by --constant, --unit, --field and the other options"
    )


def _numbered(answers: tuple[str, ...]) -> list[str]:
    """Return answers with their numbers, short ones of a long list beside each other."""
    numbered = [f"{number} {answer}" for number, answer in enumerate(answers, 1)]
    if len(answers) <= _MANY:
        return numbered
    wide = max(map(len, numbered)) + 2
    each = max(1, 96 // wide)
    rows = [numbered[start : start + each] for start in range(0, len(numbered), each)]
    return ["".join(cell.ljust(wide) for cell in row).rstrip() for row in rows]
