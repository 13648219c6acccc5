"""Packages in object stores and on servers: any URL that fsspec knows, read file by file and written descriptor last.

A connection that breaks, and a server that is busy, is asked again, a file from where it broke off.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from time import monotonic
from types import ModuleType
from typing import IO, TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin, urlsplit

from benchfmt.descriptor import FILE_NAME
from benchfmt.finding import BenchfmtError
from benchfmt.oserrors import in_words
from benchfmt.package.companions import CROISSANT, is_untouched
from benchfmt.package.errors import PackageError
from benchfmt.readers.files import UnsafeError, file_sha256

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

TRIES = 3
"""So often is a file asked for, or sent; the library of a store may ask more often by itself."""
_BLOCK = 2**20
UNSTATED_BYTES = 2**30
"""So many bytes a server may send of a file of which it does not say how long it is."""
_CONNECT, _SILENCE = 10, 20
"""So many seconds a server of the web has to take a connection, and to send something."""
_SLOW_SECONDS, _SLOW_RATE = 30, 2**10
"""After so many seconds a server must have sent so many bytes for each of them."""
_WEB = ("http://", "https://")
_SERVER_FAULT = 500
"""From this status on it is the server that is at fault."""
_DATA = PurePosixPath("data")
"""The folder of the files of a package, under its address."""
_SHOWN_DIGITS = 12
"""So many digits of a hash are part of a file's name."""
_LASTING = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)
"""What asking again does not change."""
T = TypeVar("T")
Plain = dict[str, Any]
"""A descriptor as plain data."""


def is_url(path: str | Path) -> bool:
    """Whether a path is an address elsewhere."""
    return "://" in str(path)


def is_web(url: str) -> bool:
    """Whether an address is one of the web, below which nothing can be listed."""
    return url.startswith(_WEB)


def fetch(url: str, target: Path, most: int) -> None:
    """Copy a file from an address; raises PackageError where it cannot be had, UnsafeError for more bytes than allowed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with _telling(url, "fetched"), target.open("wb") as file:
        system, path = _system(url)
        _again(lambda: _copy(system, path, file, url, most))


@dataclass(frozen=True)
class RemoteFile:
    """A file at an address, of which ranges can be asked for."""

    url: str
    size: int
    _system: AbstractFileSystem
    _path: str

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from `start` to `end`; raises PackageError."""
        with _telling(self.url, "read"):
            data = _again(lambda: self._range(start, end))
        if data is None:
            raise PackageError(f"{self.url}: its server gives no ranges")
        if len(data) != end - start:
            raise PackageError(
                f"{self.url}: of {end - start:,} bytes {len(data):,} came: it was changed meanwhile"
            )
        return data

    def gives_ranges(self) -> bool:
        """Whether the server gives a part of the file, and not all of it."""
        if self.size <= 1:
            return False
        with _telling(self.url, "read"):
            # What begins at the first byte comes from any server.
            return _again(lambda: self._range(1, 2)) is not None

    def _range(self, start: int, end: int) -> bytes | None:
        """Return a range; None from a server that gives more, of which no more is taken."""
        if not is_web(self.url):
            return bytes(self._system.cat_file(self._path, start=start, end=end))
        try:
            with self._system.open(self._path, "rb", cache_type="none", size=self.size) as file:
                file.seek(start)
                return bytes(file.read(end - start))
        except ValueError:
            return None


def remote_file(url: str) -> RemoteFile:
    """Return what is known of a file at an address; raises PackageError where there is none."""
    with _telling(url, "read"):
        system, path = _system(url)
        info = _again(lambda: system.info(path))
    return RemoteFile(url, info.get("size") or 0, system, path)


@dataclass(frozen=True)
class RemoteTree:
    """All files below an address of an object store, or the one that is there, whose name is then empty."""

    url: str
    sizes: dict[str, int]
    """How many bytes each file has, by its path below the address."""
    _system: AbstractFileSystem
    _path: str

    def fetch(self, name: str, target: Path) -> None:
        """Copy one of the files; raises PackageError where it cannot be had, or has grown meanwhile."""
        target.parent.mkdir(parents=True, exist_ok=True)
        path = self._path
        if name:
            path = f"{path}/{name}"
        size = self.sizes[name]
        with _telling(f"{self.url}/{name}".rstrip("/"), "fetched"), target.open("wb") as file:
            try:
                # Not by an address made of the name: fsspec takes `::` and what follows it for another file system.
                _again(lambda: _copy(self._system, path, file, self.url, size))
            except UnsafeError as error:
                raise PackageError(f"{path} has changed while it was fetched") from error
        if target.stat().st_size != size:
            raise PackageError(f"{path} has changed while it was fetched")


def remote_tree(url: str) -> RemoteTree:
    """Return what lies below an address of an object store; raises PackageError where nothing does."""
    place = url.rstrip("/")
    with _telling(url, "listed"):
        system, path = _system(place)
        found: dict[str, Plain] = _again(lambda: system.find(path, detail=True))
    sizes = {}
    for name, info in found.items():
        inner = name.removeprefix(path).removeprefix("/")
        if info["type"] == "file" and not name.endswith("/"):
            sizes[inner] = int(info["size"] or 0)
    if not sizes:
        raise PackageError(f"{url}: there are no files")
    return RemoteTree(place, sizes, system, path)


def _copy(system: AbstractFileSystem, path: str, file: IO[bytes], url: str, most: int) -> None:
    """Append to a file what it does not hold yet."""
    with system.open(path, "rb") as source:
        size = getattr(source, "size", None)
        refusal = f"{url} has more than {most} bytes"
        if size is None and most > UNSTATED_BYTES:
            most = UNSTATED_BYTES
            refusal = f"{url} has more than {most} bytes, and its server does not say how many"
        if size is not None and size > most:
            raise UnsafeError("BF904", refusal)
        _go_on(source, file)
        begin = monotonic()
        start = file.tell()
        while block := source.read(_BLOCK):
            if file.tell() + len(block) > most:
                raise UnsafeError("BF904", refusal)
            file.write(block)
            _refuse_slow(url, file.tell() - start, monotonic() - begin)


def _go_on(source: IO[bytes], file: IO[bytes]) -> None:
    """Have a source go on where a file ends, which begins anew where the source cannot."""
    if not file.tell():
        return
    try:
        source.seek(file.tell())
    except ValueError:
        file.seek(0)
        file.truncate()


def _refuse_slow(url: str, count: int, seconds: float) -> None:
    """Raise PackageError for a server that sends byte by byte, which would take for ever."""
    if seconds > _SLOW_SECONDS and count < seconds * _SLOW_RATE:
        raise PackageError(f"{url}: it comes too slowly: {count:,} bytes in {seconds:.0f} s")


def check_remote(url: str, *, replace: bool) -> None:
    """Raise PackageError where something is at an address that a package would replace unasked."""
    place = url if url.endswith(".zip") else f"{url.rstrip('/')}/{FILE_NAME}"
    with _telling(url, "reached"):
        system, path = _system(place)
        is_there = _again(lambda: system.exists(path))
    if is_there and not replace:
        raise PackageError(
            f"a package is at {url} already; name another, or replace it (--replace)"
        )


@contextmanager
def placed(target: str | Path, *, replace: bool = False) -> Iterator[Path]:
    """Give the place where a package is to be written: the target, or for an address a folder whose package goes there.

    It goes when the block has ended, if a package was written. Raises PackageError.
    """
    with sending(target, replace=replace) as there:
        yield there.place


@contextmanager
def sending(target: str | Path, *, replace: bool = False) -> Iterator[Destination]:
    """Give the place where a package is to be written, as `placed`, with what sends its files as they become whole."""
    if not is_url(target):
        yield Destination(Path(target))
        return
    url = str(target).rstrip("/")
    check_remote(url, replace=replace)
    with TemporaryDirectory(prefix="benchfmt-") as folder:
        local = Path(folder, url.rpartition("/")[2] or "package")
        if url.endswith(".zip"):
            yield Destination(local)
            if local.exists():
                put_package(local, url, replace=replace)
            return
        sender = Sender(url)
        with sender.undone_on_error():
            yield Destination(local, sender)
            if local.exists():
                sender.finish(local, replace=replace)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a package is to be written, and what sends its files elsewhere, if anything does."""

    place: Path
    sender: Sender | None = None


def put_package(package: Path, url: str, *, replace: bool = False) -> None:
    """Copy a package, a folder or a zip that is whole, to an address: its files first, then its descriptor.

    The names of its files say what is in them, so that a package that is replaced stays whole until the descriptor is
    the new one; then files that it alone has go. Raises PackageError, and then nothing has changed but for files that
    nobody names.
    """
    check_remote(url, replace=replace)
    if not package.is_file():
        sender = Sender(url.rstrip("/"))
        with sender.undone_on_error():
            sender.finish(package, replace=replace)
        return
    with _telling(url, "written"):
        system, path = _system(url)
        _again(lambda: system.put_file(str(package), path))


class Sender:
    """Sends the files of a package to an address, any time after they are whole, and its descriptor last."""

    def __init__(self, url: str) -> None:
        """Take the address of the package; raises PackageError where nothing reads such ones."""
        self._url = url
        with _telling(url, "written"):
            self._system, self._base = _system(url)
            self._old = _old_files(self._system, self._base)
        self._sent: dict[str, str] = {}
        """Where each file lies under the address, by its path in the package."""
        self._description = f"{self._base}/{CROISSANT}"
        self._old_description = _content(self._system, self._description)
        """A description that lies beside the package which is there; empty where none does."""
        self._describe: Callable[[Path], None] | None = None

    def describe(self, write: Callable[[Path], None]) -> None:
        """Have a description sent too, which `write` writes into a folder with the package as it will lie there.

        The files of the package are moved for that. Raises PackageError where a description is there that is not ours.
        """
        if self._old_description and not is_untouched(self._old_description):
            raise PackageError(
                f"{self._url}/{CROISSANT} is not as benchfmt wrote it, and would be lost; name another address, or remove it"
            )
        self._describe = write

    def send(self, folder: Path, name: str) -> None:
        """Send a file of a package that lies in a folder; several threads may. Raises PackageError."""
        path = PurePosixPath(name)
        digest = file_sha256(folder / name)[:_SHOWN_DIGITS]
        remote = str(_DATA / path.with_name(f"{path.stem}-{digest}{path.suffix}"))
        self._sent[name] = remote
        with _telling(self._url, "written"):
            _put(self._system, folder / name, f"{self._base}/{remote}")

    def finish(self, package: Path, *, replace: bool) -> None:
        """Send the files that are not sent yet, then the descriptor that names them all. Raises PackageError."""
        descriptor = json.loads((package / FILE_NAME).read_text("utf-8"))
        names = list(_files(descriptor))
        for name in names:
            if name not in self._sent:
                self.send(package, name)
        check_remote(self._url, replace=replace)
        _rename(descriptor, self._sent)
        content = (json.dumps(descriptor, indent=2, ensure_ascii=False) + "\n").encode()
        stale = set(self._old)
        if self._describe is not None:
            self._put(self._description, self._described(self._describe, package, content))
        elif is_untouched(self._old_description):
            stale.add(self._description)
        self._put(f"{self._base}/{FILE_NAME}", content)
        named = {f"{self._base}/{self._sent[name]}" for name in names}
        _remove(self._system, sorted(stale - named))

    def _put(self, place: str, content: bytes) -> None:
        """Write a small file; object stores replace an object as a whole."""
        with _telling(self._url, "written"):
            _again(lambda: self._system.pipe_file(place, content))

    def _described(self, write: Callable[[Path], None], package: Path, descriptor: bytes) -> bytes:
        """Return the description of a package whose files lie where they have been sent to."""
        with TemporaryDirectory(prefix="benchfmt-") as folder:
            for name, remote in self._sent.items():
                place = Path(folder, remote)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(package / name, place)
            Path(folder, FILE_NAME).write_bytes(descriptor)
            write(Path(folder))
            return Path(folder, CROISSANT).read_bytes()

    @contextmanager
    def undone_on_error(self) -> Iterator[None]:
        """Remove what was sent where something goes wrong in the block, a stop too."""
        try:
            yield
        except BaseException:
            sent = [f"{self._base}/{name}" for name in self._sent.values()]
            _remove(self._system, [name for name in sent if name not in self._old])
            if self._describe is not None:
                self._restore_description()
            raise

    def _restore_description(self) -> None:
        """Put back the description of the package that is still there, or remove that of the one which is not."""
        if not self._old_description:
            _remove(self._system, [self._description])
            return
        with suppress(Exception):  # whatever a store raises, beside the error that is being raised
            self._put(self._description, self._old_description)


def _put(system: AbstractFileSystem, local: Path, remote: str) -> None:
    system.makedirs(remote.rpartition("/")[0], exist_ok=True)
    _again(lambda: system.put_file(str(local), remote))


def _files(descriptor: Plain) -> Iterator[str]:
    """Yield the paths of all files of a descriptor."""
    for resource in descriptor["resources"]:
        path = resource["path"]
        yield from [path] if isinstance(path, str) else path


def _rename(descriptor: Plain, sent: Mapping[str, str]) -> None:
    """Put where files lie in place of their paths."""
    for resource in descriptor["resources"]:
        if isinstance(resource["path"], str):
            resource["path"] = sent[resource["path"]]
            continue
        resource["path"] = [sent[path] for path in resource["path"]]
        for part in resource.get("parts", []):
            part["path"] = sent[part["path"]]


def _old_files(system: AbstractFileSystem, base: str) -> list[str]:
    """Return the files that the package at an address names; none where there is none that can be read."""
    try:
        descriptor = json.loads(_again(lambda: system.cat_file(f"{base}/{FILE_NAME}")))
        return [f"{base}/{name}" for name in _files(descriptor) if ".." not in name.split("/")]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _content(system: AbstractFileSystem, name: str) -> bytes:
    """Return what is in a file; nothing for one that is not there."""
    try:
        return bytes(_again(lambda: system.cat_file(name)))
    except FileNotFoundError:
        return b""


def _remove(system: AbstractFileSystem, names: list[str]) -> None:
    """Remove files that nobody names any more; one that stays does no harm."""
    for name in names:
        try:
            system.rm_file(name)
        except Exception:  # noqa: BLE001, S112 - whatever a store raises: the package is whole without it
            continue


def _system(url: str) -> tuple[AbstractFileSystem, str]:
    """Return the file system of an address, and the path in it; raises PackageError where nothing reads such ones."""
    fsspec = _fsspec()
    options: Plain = {"use_listings_cache": False}
    if is_web(url):
        options["client_kwargs"] = {"trace_configs": [_redirects()], "timeout": _timeout()}
    try:
        system, path = fsspec.core.url_to_fs(url, **options)
    except ImportError as error:
        raise PackageError(f"{url}: {error}") from error
    except ValueError as error:
        raise PackageError(f"{url}: {error}") from error
    return system, path


@cache
def _timeout() -> Any:
    """Return how long a server of the web is waited for."""
    import aiohttp  # `_redirects` says what is missing where it is

    return aiohttp.ClientTimeout(total=300, sock_connect=_CONNECT, sock_read=_SILENCE)


@cache
def _redirects() -> Any:
    """Return what refuses to be led to another host, or from https to http: an address says who is trusted."""
    try:
        import aiohttp
    except ImportError as error:
        raise PackageError("addresses of the web need: pip install 'benchfmt[remote]'") from error

    async def refuse(_session: Any, _context: Any, redirect: Any) -> None:
        response = redirect.response
        place = response.headers.get("Location") or response.headers.get("URI") or ""
        old = urlsplit(str(redirect.url))
        new = urlsplit(urljoin(str(redirect.url), place))
        is_downgrade = (old.scheme, new.scheme) == ("https", "http")
        if new.scheme not in ("http", "https") or new.hostname != old.hostname or is_downgrade:
            raise UnsafeError(
                "BF903",
                f"{redirect.url} leads to {place}, which is elsewhere; name that address if it is trusted",
            )

    config = aiohttp.TraceConfig()
    config.on_request_redirect.append(refuse)
    return config


def _fsspec() -> ModuleType:
    try:
        import fsspec
    except ImportError as error:
        raise PackageError("remote packages need: pip install 'benchfmt[remote]'") from error
    module: ModuleType = fsspec
    return module


def _again(work: Callable[[], T]) -> T:
    """Return what some work returns, which is tried again, after longer and longer times, where a server fails."""
    for attempt in range(1, TRIES):
        try:
            return work()
        except UnsafeError:
            raise
        except Exception as error:
            if _is_lasting(error):
                raise
            time.sleep(0.1 * 2**attempt)
    return work()


def _is_lasting(error: Exception) -> bool:
    """Whether asking again would change nothing. For fsspec, each failing server of the web lacks the file."""
    if _own(error) is not None:
        return True
    status = getattr(error.__cause__, "status", None)
    return isinstance(error, _LASTING) and not (isinstance(status, int) and status >= _SERVER_FAULT)


def _own(error: BaseException | None) -> BenchfmtError | None:
    """Return the error of ours for which a library raised another one, None where there is none."""
    while error is not None and not isinstance(error, BenchfmtError):
        error = error.__cause__
    return error


@contextmanager
def _telling(url: str, what: str) -> Iterator[None]:
    """Say which address an error is about, whatever kind of error the store has."""
    try:
        yield
    except (BenchfmtError, KeyboardInterrupt):
        raise
    except Exception as error:
        own = _own(error)
        if own is not None:
            raise own from error
        raise PackageError(f"{url}: it cannot be {what}: {_reason(error, url)}") from error


def _reason(error: Exception, url: str) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        return in_words(error, url)
    text = str(error)
    if text in ("", url) and isinstance(error.__cause__, Exception):
        # For fsspec each file is not there that it cannot have.
        return _reason(error.__cause__, url)
    if text in ("", url):
        return type(error).__name__
    return text
