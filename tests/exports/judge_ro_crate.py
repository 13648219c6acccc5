"""Judges RO-Crates by roc-validator; run by the Python of an environment of its own, which has it and `rocrate`.

roc-validator asks for a version of rich that is older than ours. It fetches the context of a crate from the web; here it is
given the one that the package `rocrate` (below 0.14: RO-Crate 1.1) brings, so that no network is needed.

    python judge_ro_crate.py PROFILE CRATE...

prints for each crate a line of JSON: the messages of what it must and does not have.
"""

import io
import json
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

import requests
from requests_cache import CachedSession
from rocrate_validator import models, services
from urllib3 import HTTPResponse

CONTEXT = "https://w3id.org/ro/crate/1.1/context"


def cached(path: Path) -> None:
    """Write a cache that holds the context of RO-Crate."""
    text = files("rocrate").joinpath("data/ro-crate.jsonld").read_text("utf-8")
    if json.loads(text)["@id"] != CONTEXT:
        sys.exit(f"the installed rocrate does not bring {CONTEXT}; install rocrate<0.14")
    session = CachedSession(str(path), backend="sqlite", expire_after=-1)
    session.mount("https://", Given(text.encode()))
    session.get(CONTEXT)


class Given(requests.adapters.HTTPAdapter):
    """Answers every request with the same text."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:
        answer = HTTPResponse(
            io.BytesIO(self.content),
            headers={"Content-Type": "application/ld+json"},
            status=200,
            preload_content=False,
            request_url=request.url,
        )
        return self.build_response(request, answer)


def main() -> None:
    profile, *crates = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "cache"
        cached(cache)
        for crate in crates:
            settings = services.ValidationSettings(
                rocrate_uri=models.URI(crate),
                profile_identifier=profile,
                requirement_severity=models.Severity.REQUIRED,
                cache_path=cache,
                offline=True,
            )
            result = services.validate(settings)
            messages = sorted({issue.message or "" for issue in result.get_issues()})
            sys.stdout.write(json.dumps({"passed": result.passed(), "messages": messages}) + "\n")


main()
