"""What the numbers of a page open, as its script puts it together."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def results_of(file: Path) -> list[dict[str, Any]]:
    """Return what each number of a page opens."""
    found = re.search(
        r'<script type="application/json" id="data">(.*?)</script>', file.read_text("utf-8")
    )
    assert found
    return opened_by(json.loads(found[1]))


def opened_by(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the results of the data of a page, with their facts by name."""
    names = data["names"]
    return [
        {**result, "facts": {names[place]: words for place, words in result["facts"]}}
        for result in data["results"]
    ]
