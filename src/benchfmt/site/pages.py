"""Writes the pages of a site; links are relative, so that it can lie anywhere."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

from benchfmt._version import __version__
from benchfmt.reports.counting import counted, number
from benchfmt.reports.extra import needs_extra
from benchfmt.site.facts import Facts

if TYPE_CHECKING:
    from jinja2 import Environment

MARKER = "benchfmt-site.json"
"""The file by which a site of ours is known."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'"
)
_SHARED = (
    ("benchfmt.reports", "html/report.css"),
    ("benchfmt.reports", "html/theme.js"),
    ("benchfmt.serving", "static/app.css"),
)
_OWN = ("site.css", "index.js", "package.js")


def write_shared(root: Path) -> None:
    """Write what all pages share: styles, scripts, and the reader of Parquet with its licence."""
    static = root / "static"
    static.mkdir()
    for package, name in _SHARED:
        text = files(package).joinpath(name).read_text("utf-8")
        (static / Path(name).name).write_text(text, "utf-8")
    for name in _OWN:
        text = files("benchfmt.site").joinpath("static", name).read_text("utf-8")
        (static / name).write_text(text, "utf-8")
    with as_file(files("benchfmt.site") / "vendor" / "hyparquet") as folder:
        shutil.copytree(folder, static / "hyparquet")
    # GitHub would have Jekyll look at the files otherwise.
    (root / ".nojekyll").write_text("", "utf-8")
    (root / MARKER).write_text(json.dumps({"benchfmt": __version__}) + "\n", "utf-8")


def write_index(
    root: Path, shown: Sequence[Facts], refused: Sequence[tuple[str, str]], *, is_whole: bool
) -> None:
    """Write the first page, and the index that it searches."""
    index = [facts.to_dict() for facts in shown]
    text = json.dumps({"packages": index}, allow_nan=False, separators=(",", ":"))
    (root / "index.json").write_text(text, "utf-8")
    _write(root / "index.html", "index", packages=shown, refused=refused, is_whole=is_whole, up="")


def write_package_page(below: Path, facts: Facts, rows: int) -> None:
    """Write the page of a package, from which its report and its results are reached."""
    _write(below / "index.html", "package", facts=facts, rows=rows, up="../../")


def _write(file: Path, name: str, **facts: object) -> None:
    template = _environment().get_template(f"{name}.html.jinja")
    file.write_text(template.render(version=__version__, policy=POLICY, **facts), "utf-8")


@lru_cache(1)
def _environment() -> Environment:
    with needs_extra("a site"):
        from jinja2 import Environment, PackageLoader, StrictUndefined
    environment = Environment(
        loader=PackageLoader("benchfmt.site", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    environment.filters["counted"] = counted
    return environment
