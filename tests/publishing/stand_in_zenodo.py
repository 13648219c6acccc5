"""A server that behaves as Zenodo's documentation of its programming interface says (https://developers.zenodo.org)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from tests.publishing.serving import Serving

ASKED = ("title", "upload_type", "description", "creators")
LICENCES = ("cc-by-4.0", "cc0-1.0")


class StandIn(Serving):
    """Depositions with their files, drafts until they are published."""

    def __init__(self) -> None:
        super().__init__()
        self.failing = ("POST", "PUT", "DELETE")
        self.depositions: dict[int, dict[str, Any]] = {}
        self.files: dict[int, dict[str, bytes]] = {}
        self.lose: Callable[[dict[str, Any]], object] = lambda _: None
        self.spoil: Callable[[bytes], bytes] = lambda content: content

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        bucket = re.fullmatch(r"/files/bucket-(\d+)/(.+)", path)
        if bucket:
            return self._file(method, int(bucket[1]), bucket[2], body)
        match = re.fullmatch(
            r"/deposit/depositions(?:/(\d+)(?:/actions/(\w+)|/files/(.+))?)?", path
        )
        if match is None:
            return 404, {"status": 404, "message": "not found"}
        number, action, file = match.groups()
        if number is None:
            return 201, self._new()
        deposition = self.depositions.get(int(number))
        if deposition is None:
            return 404, {"status": 404, "message": "PID does not exist."}
        if action:
            return self._action(action, deposition)
        if file:
            del self.files[int(number)][file]
            return 204, None
        if method == "PUT":
            return self._describe(deposition, json.loads(body)["metadata"])
        return 200, self._shown(deposition)

    def _new(self, **more: Any) -> dict[str, Any]:
        number = 1000 + len(self.depositions)
        self.depositions[number] = {
            "id": number,
            "submitted": False,
            "state": "unsubmitted",
            "metadata": {"prereserve_doi": {"doi": f"10.5072/zenodo.{number}", "recid": number}},
            **more,
        }
        self.files[number] = {}
        return self._shown(self.depositions[number])

    def _shown(self, deposition: dict[str, Any]) -> dict[str, Any]:
        number = deposition["id"]
        shown = json.loads(json.dumps(deposition))
        shown["links"] = {
            "bucket": f"{self.url}/files/bucket-{number}",
            "html": f"https://sandbox.zenodo.org/deposit/{number}",
            "publish": f"{self.url}/deposit/depositions/{number}/actions/publish",
        }
        if deposition["submitted"]:
            shown["record_url"] = f"https://sandbox.zenodo.org/records/{number}"
        if "latest_draft" in deposition:
            draft = deposition["latest_draft"]
            shown["links"]["latest_draft"] = f"{self.url}/deposit/depositions/{draft}"
        shown["files"] = [{"id": name, "filename": name} for name in self.files[number]]
        self.lose(shown["metadata"])
        return shown

    def _file(self, method: str, number: int, name: str, body: bytes) -> tuple[int, Any]:
        if self.depositions[number]["submitted"]:
            return 403, {"status": 403, "message": "Bucket is locked for modifications."}
        if method == "DELETE":
            del self.files[number][name]
            return 204, None
        content = self.spoil(body)
        self.files[number][name] = content
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        return 201, {"key": name, "checksum": f"md5:{md5}", "size": len(content)}

    def _describe(self, deposition: dict[str, Any], metadata: dict[str, Any]) -> tuple[int, Any]:
        errors = []
        for field in ASKED:
            if not metadata.get(field):
                errors.append({"field": f"metadata.{field}", "message": "Field is required."})
        if metadata.get("license", LICENCES[0]) not in LICENCES:
            errors.append({"field": "metadata.license", "message": "Invalid license."})
        if errors:
            return 400, {"status": 400, "message": "Validation error.", "errors": errors}
        if deposition["state"] == "done":
            return 403, {"status": 403, "message": "Deposition is published."}
        deposition["metadata"] = {**deposition["metadata"], **metadata}
        return 200, self._shown(deposition)

    def _action(self, action: str, deposition: dict[str, Any]) -> tuple[int, Any]:
        number = deposition["id"]
        if action == "publish":
            if not self.files[number]:
                return 400, {"status": 400, "message": "Minimum one file must be provided."}
            doi = deposition["metadata"]["prereserve_doi"]["doi"]
            deposition.update(submitted=True, state="done", doi=doi)
            return 202, self._shown(deposition)
        if action == "edit":
            deposition["state"] = "inprogress"
            return 201, self._shown(deposition)
        if "latest_draft" not in deposition:
            draft = self._new()["id"]
            self.files[draft] = dict(self.files[number])
            deposition["latest_draft"] = draft
        return 201, self._shown(deposition)
