"""Names of models from the paths that command lines and logs write."""

from __future__ import annotations

import re

from benchfmt.converters import texts

_SUBSTITUTED = re.compile(r"\$\{[^}]*\}?|\$\([^)]*\)?|`[^`]*`?")
"""What a shell replaces, which may hold slashes: `${DIR/a/b}`, `$(basename x)`, `` `ls` ``."""
_VARIABLE = re.compile(r"\$|%[A-Za-z_]\w*%|%[~*0-9]|!\w+!|\*|^[<{\[].*[>}\]]$|\{\{?\s*\w*\s*\}\}?")
"""A variable of a shell (`$MODEL`, `%MODEL%`, `*.onnx`), or a gap to fill in (`<model>`, `{model}`)."""


def model_of(path: str | None) -> str | None:
    """Return the name of the file that a path ends with; None where that is no name but a variable of a shell.

    A folder may be one: `$HOME/models/net.onnx` names net.onnx.
    """
    if not path:
        return None
    last = _SUBSTITUTED.sub("$", path).replace("\\", "/").rpartition("/")[2]
    name = texts.one_line(last).strip("\"'")
    return None if not name or _VARIABLE.search(name) else name
