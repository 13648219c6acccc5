"""Build the site: `python docs/build.py` gathers all pages in out/site-source, and zensical makes site/ of them.

Pages that are made (checks, vocabulary, rules, facts of converters, the gallery) are written before the site is built, so
that any generator could build it. Where the repository and the site are is taken from the variables that GitHub's and
GitLab's pipelines set; without them the site has no such links.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

import facts
import gallery
import hooks

DOCS = Path(__file__).parent
ROOT = DOCS.parent
SOURCE = ROOT / "out" / "site-source"
NOT_PAGES = shutil.ignore_patterns("*.py", "__pycache__", "overrides")


def main() -> None:
    """Gather the pages and build the site; a warning of the generator is a failure."""
    parser = argparse.ArgumentParser(description="Build the site.")
    parser.add_argument("--site", type=Path, default=ROOT / "site", help="where the site goes")
    parser.add_argument(
        "--samples", type=Path, help="real results, for the gallery: a folder a family"
    )
    told = parser.parse_args()
    shutil.rmtree(SOURCE, ignore_errors=True)
    pages = SOURCE / "pages"
    shutil.copytree(DOCS, pages, ignore=NOT_PAGES)
    shutil.copytree(DOCS / "overrides", SOURCE / "overrides")
    for name, text in hooks.generated_pages():
        target = pages / name
        target.parent.mkdir(exist_ok=True)
        target.write_text(text, "utf-8")
    gallery.write(pages / "gallery", told.samples)
    for path in pages.rglob("*.md"):
        path.write_text(facts.with_facts(hooks.linked(path.read_text("utf-8"))), "utf-8")
    (SOURCE / "zensical.toml").write_text(configuration(), "utf-8")
    build = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    subprocess.run(build, cwd=SOURCE, check=True)
    shutil.rmtree(told.site, ignore_errors=True)
    shutil.copytree(SOURCE / "site", told.site)


def configuration() -> str:
    """Return the generator's configuration, with the version of the program and the addresses that are known."""
    from benchfmt import __version__

    known = {"copyright": f"benchfmt {__version__}, Apache-2.0"}
    if repository := _repository():
        known["repo_url"] = repository
    if site := os.environ.get("BENCHFMT_SITE_URL") or os.environ.get("CI_PAGES_URL"):
        known["site_url"] = site.rstrip("/") + "/"
    told = "".join(f"{name} = {_toml(value)}\n" for name, value in known.items())
    return (
        (ROOT / "zensical.toml").read_text("utf-8").replace("[project]\n", f"[project]\n{told}", 1)
    )


def _repository() -> str | None:
    """Return where the repository is, by the variables of a pipeline."""
    server, name = os.environ.get("GITHUB_SERVER_URL"), os.environ.get("GITHUB_REPOSITORY")
    if server and name:
        return f"{server}/{name}"
    return os.environ.get("CI_PROJECT_URL")


def _toml(text: str) -> str:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'


if __name__ == "__main__":
    main()
