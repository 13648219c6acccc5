"""Options of the command line that converters and exports take."""

from __future__ import annotations

from benchfmt.finding import BenchfmtError

_NAMES = ("source", "converter", "jobs", "executor", "seconds", "tell", "limits", "remote")
"""What `conversion.convert` takes by other names, or from other options."""


def options_of(pairs: list[str]) -> dict[str, str]:
    """Return the options of a converter or an export, given as KEY=VALUE; raises BenchfmtError for what is none."""
    split = [pair.partition("=") for pair in pairs]
    for key, equals, _ in split:
        if not equals or not key.isidentifier():
            raise BenchfmtError(f"--option takes KEY=VALUE, not {key!r}")
        if key in _NAMES:
            raise BenchfmtError(
                f"{key!r} is not an option of converters; use the option of the command"
            )
    return {key: value for key, _, value in split}
