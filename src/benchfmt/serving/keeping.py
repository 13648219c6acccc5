"""The store: uploads and their answers, kept where the server was told to keep them."""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from benchfmt.serving.tasks import Answer

_ID_LENGTH = 16


def keep(store: Path, upload: Path, answer: Answer) -> str:
    """Keep an upload and its answer in a folder named by the SHA-256 of the upload, and return that name.

    What is there already is the same upload, and stays.
    """
    name = str(answer["sha256"])[:_ID_LENGTH]
    place = store / name
    if place.exists():
        return name
    store.mkdir(parents=True, exist_ok=True)
    growing = Path(tempfile.mkdtemp(prefix=".incoming-", dir=store))
    try:
        shutil.copyfile(upload, growing / upload.name)
        text = json.dumps(answer, indent=2, allow_nan=False)
        (growing / f"{upload.name}.answer.json").write_text(f"{text}\n", "utf-8")
        growing.chmod(0o755)
        with suppress(FileExistsError, OSError):
            # Two of the same at once: the first stays.
            growing.rename(place)
    finally:
        shutil.rmtree(growing, ignore_errors=True)
    return name
