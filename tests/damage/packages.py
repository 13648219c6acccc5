"""Damage to a package: its files, its descriptor, and its zip."""

from __future__ import annotations

import csv
import io
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.damage.bases import Data
from tests.damage.damaging import DESCRIPTOR, Damage, Package, Spot
from tests.damage.tables import name_changed


def descriptor(
    change: Callable[[Data], Any], pointer: str | None = None
) -> Callable[[Package], Spot]:
    """Return what changes the descriptor."""

    def do(package: Package) -> Spot:
        data = package.descriptor
        change(data)
        package.write_descriptor(data)
        return Spot(DESCRIPTOR, None, pointer)

    return do


def descriptor_text(
    change: Callable[[str], str], row: int | str | None = None
) -> Callable[[Package], Spot]:
    """Return what changes the text of the descriptor."""

    def do(package: Package) -> Spot:
        path = package.folder / DESCRIPTOR
        path.write_text(change(path.read_text("utf-8")), "utf-8")
        return Spot(DESCRIPTOR, row, "*")

    return do


def resource(table: str, name: str, value: Any) -> Callable[[Data], None]:
    """Return what sets a member of the resource of a table."""

    def change(data: Data) -> None:
        item = next(item for item in data["resources"] if item["name"] == table)
        if value is None:
            item.pop(name, None)
        else:
            item[name] = value

    return change


def of_file(table: str, change: Callable[[Path], Any]) -> Callable[[Package], Spot]:
    """Return what changes the file of a table, which its descriptor then does not describe."""

    def do(package: Package) -> Spot:
        change(package.file(table))
        return Spot(package.name(table))

    return do


def _name_changed(package: Package) -> Spot | None:
    file = package.file("systems")
    changed = name_changed(file.read_bytes(), b"y")
    if changed is None:
        return None
    file.write_bytes(changed)
    return Spot(file.name)


def _row_added(package: Package) -> Spot | None:
    """Add a measurement, sound in itself, at the end of the table."""
    file = package.file("measurements")
    data = file.read_bytes()
    *_, last = csv.DictReader(io.StringIO(data.decode(), newline=""))
    if last["scope"] or not last["value"]:
        return None
    last |= {"scope": "run:again", "primary": ""}
    text = io.StringIO(newline="")
    csv.DictWriter(text, list(last)).writerow(last)
    file.write_bytes(data + text.getvalue().encode())
    return Spot(file.name)


def _twice(data: Data) -> None:
    data["resources"].append(dict(data["resources"][-1]))


def _escaped(package: Package) -> Spot:
    data = package.descriptor
    resource("records", "path", "../records.csv")(data)
    package.write_descriptor(data)
    return Spot(DESCRIPTOR, None, "/resources/1/path")


def of_package(about: str, name: str, code: str, do: Any, **options: Any) -> Damage:
    """Return damage to a package."""
    return Damage(name, about, code, "package", do, **options)


def _integrity() -> Iterator[Damage]:
    def damage(name: str, code: str, do: Any, **options: Any) -> Damage:
        return of_package("integrity", name, code, do, **options)

    yield damage(
        "byte-changed",
        "BF501",
        _name_changed,
        only=("csv", "zip"),
    )
    yield damage(
        "descriptor-row-added",
        "BF501",
        _row_added,
        only=("csv", "zip"),
    )
    yield damage(
        "table-cut",
        "BF501",
        of_file("measurements", lambda path: path.write_bytes(path.read_bytes()[:-30])),
        only=("csv", "zip"),
    )
    yield damage(
        "table-cut-in-half",
        "BF501",
        of_file(
            "measurements",
            lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        ),
        only=("csv", "zip"),
    )
    yield damage(
        "parquet-cut",
        "BF501",
        of_file("measurements", lambda path: path.write_bytes(path.read_bytes()[:-30])),
        only=("parquet",),
    )
    yield damage(
        "line-ends-changed",
        "BF501",
        of_file(
            "records", lambda path: path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n"))
        ),
        only=("csv", "zip"),
    )
    yield damage("table-missing", "BF119", _removed("measurements"))
    yield damage("systems-missing", "BF119", _removed("systems"))
    yield damage("file-empty", "BF501", of_file("measurements", lambda path: path.write_bytes(b"")))
    yield damage("is-a-folder", "BF119", _folder_instead)
    yield damage(
        "hash-other",
        "BF501",
        descriptor(resource("records", "hash", "sha256:" + "0" * 64)),
        places={form: Spot(f"records.{kind}") for form, kind in _KINDS.items()},
    )
    yield damage(
        "bytes-other",
        "BF501",
        descriptor(resource("records", "bytes", 3)),
        places={form: Spot(f"records.{kind}") for form, kind in _KINDS.items()},
    )
    yield damage(
        "hash-missing",
        "BF501",
        descriptor(resource("records", "hash", None)),
        places={form: Spot(f"records.{kind}") for form, kind in _KINDS.items()},
    )
    yield damage(
        "bytes-missing",
        "BF501",
        descriptor(resource("records", "bytes", None)),
        places={form: Spot(f"records.{kind}") for form, kind in _KINDS.items()},
    )


_KINDS = {"csv": "csv", "zip": "csv", "parquet": "parquet"}


def _removed(table: str) -> Callable[[Package], Spot]:
    def do(package: Package) -> Spot:
        package.file(table).unlink()
        return Spot(
            DESCRIPTOR,
            None,
            f"/resources/{['systems', 'records', 'measurements'].index(table)}/path",
        )

    return do


def _folder_instead(package: Package) -> Spot:
    package.file("systems").unlink()
    package.file("systems").mkdir()
    (package.file("systems") / "x").write_text("x")
    return Spot(DESCRIPTOR, None, "/resources/0/path")


def _set(*path: Any) -> Callable[[Data], None]:
    *parents, name, value = path

    def change(data: Data) -> None:
        owner: Any = data
        for part in parents:
            owner = owner[part]
        owner[name] = value

    return change


def _descriptors() -> Iterator[Damage]:
    def damage(name: str, code: str, do: Any, **options: Any) -> Damage:
        return of_package("descriptor", name, code, do, **options)

    yield damage(
        "resources-missing", "BF118", descriptor(lambda data: data.pop("resources"), "/resources")
    )
    yield damage("resources-empty", "BF118", descriptor(_set("resources", []), "/resources"))
    yield damage("resources-object", "BF118", descriptor(_set("resources", {}), "/resources"))
    yield damage("resources-null", "BF118", descriptor(_set("resources", None), "/resources"))
    yield damage(
        "resource-is-text", "BF118", descriptor(_set("resources", 0, "systems.csv"), "/resources/0")
    )
    yield damage(
        "path-of-resource-missing",
        "BF118",
        descriptor(resource("records", "path", None), "/resources/1/path"),
    )
    yield damage(
        "path-is-number", "BF118", descriptor(resource("records", "path", 5), "/resources/1/path")
    )
    yield damage(
        "path-is-empty", "BF118", descriptor(resource("records", "path", ""), "/resources/1/path")
    )
    yield damage(
        "path-of-nothing",
        "BF119",
        descriptor(resource("records", "path", "records2.csv"), "/resources/1/path"),
    )
    yield damage(
        "path-outside",
        "BF901",
        descriptor(resource("records", "path", "../records.csv"), "/resources/1/path"),
    )
    yield damage(
        "path-absolute",
        "BF901",
        descriptor(resource("records", "path", "/etc/passwd"), "/resources/1/path"),
    )
    yield damage(
        "path-of-windows",
        "BF901",
        descriptor(resource("records", "path", "C:\\a\\records.csv"), "/resources/1/path"),
    )
    yield damage(
        "path-remote",
        "BF903",
        descriptor(
            resource("records", "path", "https://example.org/records.csv"), "/resources/1/path"
        ),
    )
    yield damage(
        "path-of-file-url",
        "BF903",
        descriptor(resource("records", "path", "file:///etc/passwd"), "/resources/1/path"),
    )
    yield damage(
        "name-of-records-missing",
        "BF119",
        descriptor(resource("records", "name", None), "/resources"),
    )
    yield damage(
        "name-misspelt",
        "BF119",
        descriptor(resource("measurements", "name", "measurments"), "/resources"),
    )
    yield damage(
        "resource-left-out", "BF119", descriptor(lambda data: data["resources"].pop(), "/resources")
    )
    yield damage("resource-twice", "BF118", descriptor(_twice, "/resources"))
    yield damage(
        "bytes-is-text",
        "BF118",
        descriptor(resource("records", "bytes", "many"), "/resources/1/bytes"),
    )
    yield damage(
        "bytes-negative",
        "BF118",
        descriptor(resource("records", "bytes", -1), "/resources/1/bytes"),
    )
    yield damage(
        "hash-short",
        "BF118",
        descriptor(resource("records", "hash", "sha256:123"), "/resources/1/hash"),
    )
    yield damage(
        "hash-md5",
        "BF118",
        descriptor(resource("records", "hash", "md5:" + "0" * 32), "/resources/1/hash"),
    )
    yield damage(
        "hash-capitals",
        "BF118",
        descriptor(resource("records", "hash", "sha256:" + "A" * 64), "/resources/1/hash"),
    )
    yield damage(
        "schema-is-text",
        "BF118",
        descriptor(resource("records", "schema", "records"), "/resources/1/schema"),
    )
    yield damage(
        "dialect-is-text",
        "BF118",
        descriptor(resource("records", "dialect", "excel"), "/resources/1/dialect"),
    )
    yield damage(
        "descriptor-version-newer",
        "BF117",
        descriptor(_set("benchfmt", "version", "2.0"), "/benchfmt/version"),
    )
    yield damage(
        "descriptor-version-number",
        "BF118",
        descriptor(_set("benchfmt", "version", 1.0), "/benchfmt/version"),
    )
    yield damage(
        "version-word",
        "BF117",
        descriptor(_set("benchfmt", "version", "latest"), "/benchfmt/version"),
    )
    yield damage(
        "descriptor-version-null",
        "BF118",
        descriptor(_set("benchfmt", "version", None), "/benchfmt/version"),
    )
    yield damage("benchfmt-is-text", "BF118", descriptor(_set("benchfmt", "1.0"), "/benchfmt"))
    yield damage(
        "benchfmt-member-unknown",
        "BF118",
        descriptor(_set("benchfmt", "versoin", "1.0"), "/benchfmt/versoin"),
    )
    yield damage(
        "prefixes-is-list",
        "BF118",
        descriptor(_set("benchfmt", "prefixes", []), "/benchfmt/prefixes"),
    )
    yield damage(
        "prefix-is-text",
        "BF118",
        descriptor(_set("benchfmt", "prefixes", {"acme": "Acme"}), "/benchfmt/prefixes/acme"),
    )
    yield damage(
        "prefix-metric-without-unit",
        "BF118",
        descriptor(
            _set(
                "benchfmt",
                "prefixes",
                {"acme": {"metrics": {"a": {"definition": "x", "direction": "higher"}}}},
            ),
            "/benchfmt/prefixes/acme/metrics/a/unit",
        ),
    )
    yield damage(
        "prefix-metric-direction",
        "BF118",
        descriptor(
            _set(
                "benchfmt",
                "prefixes",
                {"acme": {"metrics": {"a": {"definition": "x", "unit": "1", "direction": "up"}}}},
            ),
            "/benchfmt/prefixes/acme/metrics/a/direction",
        ),
    )
    yield damage("profile", "BF118", descriptor(_set("profile", "data-package"), "/profile"))
    yield damage(
        "format-other",
        "BF119",
        descriptor(resource("records", "format", "xlsx"), "*"),
        places={form: Spot("records.csv", None, "*") for form in ("csv", "zip")},
        only=("csv", "zip"),
    )
    yield damage(
        "encoding-unknown",
        "BF118",
        descriptor(resource("records", "encoding", "utf-99"), "/resources/1/encoding"),
        places={form: Spot("records.csv") for form in ("csv", "zip")},
        only=("csv", "zip"),
    )
    yield damage("descriptor-cut", "BF115", descriptor_text(lambda text: text[:-40], "*"))
    yield damage("descriptor-empty", "BF115", descriptor_text(lambda text: "", "*"))
    yield damage("descriptor-list", "BF118", descriptor_text(lambda text: "[]"))
    yield damage("descriptor-text", "BF118", descriptor_text(lambda text: '"a"'))
    yield damage("descriptor-null", "BF118", descriptor_text(lambda text: "null"))
    yield damage(
        "descriptor-key-twice",
        "BF116",
        descriptor_text(lambda text: text.replace("{", '{"name": "a", "name": "a", ', 1), "*"),
    )
    yield damage(
        "descriptor-comma", "BF115", descriptor_text(lambda text: text.replace("}", ",}", 1), "*")
    )
    yield damage(
        "descriptor-comment", "BF115", descriptor_text(lambda text: "// mine\n" + text, "*")
    )
    yield damage(
        "descriptor-deep",
        "BF906",
        descriptor_text(
            lambda text: text.replace("{", '{"deep": ' + "[" * 200 + "]" * 200 + ", ", 1), "*"
        ),
    )
    yield damage(
        "descriptor-nan",
        "BF115",
        descriptor_text(lambda text: text.replace("{", '{"x": NaN, ', 1), "*"),
    )
    yield damage(
        "descriptor-yaml", "BF115", descriptor_text(lambda text: "name: x\nresources: []\n", "*")
    )


def _rewritten(
    change: Callable[[list[tuple[zipfile.ZipInfo, bytes]]], Any],
) -> Callable[[Path], Path]:
    def do(path: Path) -> Path:
        with zipfile.ZipFile(path) as archive:
            entries = [(info, archive.read(info)) for info in archive.infolist()]
        change(entries)
        with zipfile.ZipFile(path, "w") as archive:
            for info, data in entries:
                archive.writestr(info, data)
        return path

    return do


def _with_spot(
    do: Callable[[Path], Path], spot: Spot | None = None
) -> Callable[[Path], tuple[Path, Spot]]:
    def damage(path: Path) -> tuple[Path, Spot]:
        changed = do(path)
        return changed, spot or Spot(str(changed), None, "*")

    return damage


def raw(change: Callable[[bytes], bytes]) -> Callable[[Path], Path]:
    """Return what changes the bytes of a zip."""

    def do(path: Path) -> Path:
        path.write_bytes(change(path.read_bytes()))
        return path

    return do


def _entry(name: str, data: bytes = b"evil") -> Callable[[Path], Path]:
    return _rewritten(lambda entries: entries.append((zipfile.ZipInfo(name), data)))


def _link(entries: list[tuple[zipfile.ZipInfo, bytes]]) -> None:
    info = zipfile.ZipInfo("link.csv")
    info.create_system = 3
    info.external_attr = 0o120777 << 16
    entries.append((info, b"/etc/passwd"))


def _encrypted(data: bytes) -> bytes:
    """Return a zip whose entries say that they are encrypted."""
    changed = bytearray(data)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            flags = struct.unpack_from("<H", changed, at + offset)[0] | 1
            struct.pack_into("<H", changed, at + offset, flags)
            at = data.find(mark, at + 4)
    return bytes(changed)


def _moved(entries: list[tuple[zipfile.ZipInfo, bytes]]) -> None:
    entries[:] = [(info, data) for info, data in entries if info.filename != DESCRIPTOR]


def _bomb(path: Path) -> Path:
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.bin", b"\0" * 300_000_000)
    return path


def _twice_in_zip(path: Path) -> Path:
    import warnings

    with zipfile.ZipFile(path, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("records.csv", archive.read("records.csv"))
    return path


def _archives() -> Iterator[Damage]:
    def damage(name: str, code: str, do: Any, **options: Any) -> Damage:
        return Damage(name, "zip", code, "archive", _with_spot(do), **options)

    yield damage("entry-outside", "BF901", _entry("../../evil.txt"))
    yield damage("entry-absolute", "BF901", _entry("/etc/evil.txt"))
    yield damage("entry-of-windows", "BF901", _entry("C:\\evil.txt"))
    yield damage("entry-with-backslashes", "BF901", _entry("..\\evil.txt"))
    yield damage("entry-twice", "BF119", _twice_in_zip)
    yield damage("entry-link", "BF902", _rewritten(_link))
    yield damage("zip-cut", "BF119", raw(lambda data: data[: len(data) // 2]))
    yield damage("zip-without-end", "BF119", raw(lambda data: data[:-10]))
    yield damage("zip-encrypted", "BF119", raw(_encrypted))
    yield damage("zip-is-text", "BF119", raw(lambda data: b"not a zip"))
    yield damage("zip-is-empty", "BF119", raw(lambda data: b""))
    yield damage("zip-of-html", "BF119", raw(lambda data: b"<html>404</html>"))
    yield damage("zip-without-descriptor", "BF119", _rewritten(_moved))
    yield damage("zip-without-entries", "BF119", _rewritten(lambda entries: entries.clear()))
    yield damage(
        "zip-with-wrong-checksum",
        "BF119",
        raw(lambda data: data.replace(b"record_id,metric", b"record_id,mEtric", 1)),
    )
    yield damage("zip-bomb", "BF904", _bomb)


KINDS = (*_integrity(), *_descriptors(), *_archives())
