"""Bodies of requests for the catalogue of the AI-on-demand platform (https://aiod.eu): a package is one data set of it.

The catalogue keeps descriptions and no measurements: these are in the files of the package, which the data set names with
their hashes. `requests.json` says in which order the bodies are sent, and which of them refer to others: the platform gives
each its identifier only when it comes. `benchfmt publish --to aiod` does so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

from benchfmt.exports import publication
from benchfmt.exports.aiod import parts, rules
from benchfmt.exports.aiod.dataset import TAXONOMIES, dataset
from benchfmt.exports.aiod.rules import Body
from benchfmt.exports.base import Account, Exported, Shape
from benchfmt.exports.facts import archive_of, facts_of, package_files
from benchfmt.exports.profiles import profiles
from benchfmt.finding import BenchfmtError
from benchfmt.package import Package

__all__ = ["AIOD", "DATASET", "REQUESTS"]

DATASET = "dataset.json"
REQUESTS = "requests.json"
_AREA = "terms of the platform for it, separated by semicolons"
_PARTS = ("all", "none")


class Aiod:
    """The bodies of requests."""

    about = "bodies of requests for the catalogue of the AI-on-demand platform"
    why_in_one = "its requests describe the package as a whole"
    shape: Shape = "folder"
    options: Mapping[str, str] = {
        **publication.OPTIONS,
        "files": "the URL of the folder in which the files of the package, or its zip, are found",
        "parts": "`none` writes the data set alone, without its systems and profiles; else `all`",
        **dict.fromkeys(TAXONOMIES, _AREA),
        "platform": "the platform that the data comes from, which only its connector may name",
        "platform_resource_identifier": "the identifier on that platform",
    }

    def write(self, package: Package, place: Path, options: Mapping[str, str]) -> Exported:
        """Write the bodies, and say what was written."""
        if options.get("parts", "all") not in _PARTS:
            raise BenchfmtError(f"parts: {options['parts']!r} is neither `all` nor `none`")
        account = Account()
        cited = publication.publication(package.descriptor, options)
        facts = facts_of(package)
        whole = archive_of(package)
        files = package_files(package) if whole is None else [whole]
        body = dataset(facts, cited, files, options, account)
        requests = []
        if options.get("parts", "all") == "all":
            requests = _write_parts(package, place, account)
        members: list[JsonValue] = [request["file"] for request in requests]
        main: Body = {"file": DATASET, "path": "datasets"}
        if members:
            main["has_part"] = members
        requests.append(main)
        _write(place, DATASET, body, account)
        _write(place, REQUESTS, {"requests": [*requests]}, account)
        account.records = facts.records
        if cited.title is None:
            account.note(
                f"the package has no title, so its name {cited.name!r} stands for one: --option title=TEXT"
            )
        account.note(
            f"the catalogue has no place for measurements: {facts.measurements:,} are in the files that the data set names"
        )
        if len(requests) > rules.MOST_AN_HOUR:
            account.note(
                f"{len(requests):,} requests, and the platform takes {rules.MOST_AN_HOUR} of a user in an hour: "
                "--option parts=none writes the data set alone"
            )
        return account.exported()


AIOD = Aiod()


def _write_parts(package: Package, place: Path, account: Account) -> list[Body]:
    """Write the bodies of systems and profiles, and return their requests, in order."""
    names = parts.FileNames()
    requests: list[Body] = []
    file_of_system: dict[str | None, str] = {}
    for identifier, system in package.systems.items():
        body = parts.asset(system)
        if parts.fits(f"the system {identifier!r}", body, account):
            file = names.new("computational_assets", identifier)
            file_of_system[identifier] = file
            _write(place, file, body, account)
            requests.append({"file": file, "path": "computational_assets"})
    for identifier, profile in profiles(package):
        body = parts.experiment(profile)
        if not parts.fits(f"the profile {identifier!r}", body, account):
            continue
        file = names.new("experiments", identifier)
        _write(place, file, body, account)
        request: Body = {"file": file, "path": "experiments"}
        if profile.system_id in file_of_system:
            request["relevant_resource"] = [file_of_system[profile.system_id]]
        requests.append(request)
    return requests


def _write(place: Path, name: str, body: Body, account: Account) -> None:
    target = place / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(body, indent=2, ensure_ascii=False) + "\n", "utf-8")
    account.files.append(name)
