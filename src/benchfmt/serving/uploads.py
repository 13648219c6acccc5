"""Uploads: the body of a request, written to a file as it comes, as far as it may go."""

from __future__ import annotations

import asyncio
from pathlib import Path

from starlette.requests import ClientDisconnect, Request

from benchfmt.serving.settings import MIB, Settings

_FORM = "multipart/"
_NO_FORM = (
    "the file is the body of the request, as it is, and not part of a form: "
    "curl --data-binary @FILE 'ADDRESS?name=FILE'"
)


class UploadError(Exception):
    """An upload that is not taken, with the status of the answer."""

    def __init__(self, status: int, message: str) -> None:
        """Keep the status beside the message."""
        super().__init__(message)
        self.status = status


def check_length(request: Request, settings: Settings) -> None:
    """Raise UploadError for a body that is announced to be too large, or to be a form; nothing of it is read."""
    if request.headers.get("content-type", "").lower().startswith(_FORM):
        raise UploadError(415, _NO_FORM)
    said = request.headers.get("content-length")
    if said is None:
        return
    if not (said.isascii() and said.isdigit()):
        raise UploadError(400, "Content-Length is not a number")
    if int(said) > settings.upload_bytes:
        raise _too_large(settings)


async def receive(request: Request, file: Path, settings: Settings) -> int:
    """Write the body of a request to a file and return how many bytes it has; raises UploadError."""
    check_length(request, settings)
    try:
        async with asyncio.timeout(settings.upload_seconds):
            number = await _write(request, file, settings)
    except TimeoutError as error:
        message = f"the upload took longer than {settings.upload_seconds:g} s"
        raise UploadError(408, message) from error
    except ClientDisconnect as error:
        raise UploadError(400, "the upload was broken off") from error
    if not number:
        raise UploadError(400, "the upload is empty: the file is the body of the request")
    return number


async def _write(request: Request, file: Path, settings: Settings) -> int:
    number = 0
    with file.open("xb") as target:
        async for block in request.stream():
            number += len(block)
            if number > settings.upload_bytes:
                raise _too_large(settings)
            target.write(block)
    return number


def _too_large(settings: Settings) -> UploadError:
    most = settings.upload_bytes // MIB
    if settings.upload_bytes < MIB:
        return UploadError(413, f"at most {settings.upload_bytes:,} bytes are taken")
    return UploadError(413, f"at most {most:,} MiB are taken")
