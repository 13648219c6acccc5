"""The data of suites, which stand in TOML files beside their sources."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def read(name: str) -> dict[str, Any]:
    """Return the tables of a file in `data/`; they are our own, so nobody checks them."""
    file = files("benchfmt.suites").joinpath(f"data/{name}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))
