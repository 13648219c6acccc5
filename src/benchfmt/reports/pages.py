"""What the HTML pages have in common: templates that escape, the style that they bring, and a policy that loads nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING

from benchfmt.reports.extra import needs_extra

if TYPE_CHECKING:
    from jinja2 import Template


def template(name: str, what: str, package: str = "benchfmt.reports") -> Template:
    """Return a template of the folder `html` of a package; raises BenchfmtError where what it is for needs a package that is not there."""
    with needs_extra(what):
        from jinja2 import Environment, PackageLoader, StrictUndefined
    environment = Environment(
        loader=PackageLoader(package, "html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def own_file(name: str, package: str = "benchfmt.reports") -> str:
    """Return a file of the folder `html` of a package as text."""
    return (files(package) / "html" / name).read_text("utf-8")


def policy(style: str, script: str | None = None) -> str:
    """Return the policy of a page: it loads nothing, and only the style and the script that it brings have an effect."""
    scripts = []
    if script is not None:
        scripts.append(script)
    return allowed([style], scripts)


def allowed(styles: Sequence[str], scripts: Sequence[str]) -> str:
    """Return the policy of a page that may bring any of some styles and scripts."""
    rules = [f"style-src {' '.join(map(_digest, styles))}"]
    if scripts:
        rules.append(f"script-src {' '.join(map(_digest, scripts))}")
    return f"default-src 'none'; {'; '.join(rules)}; base-uri 'none'; form-action 'none'"


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
