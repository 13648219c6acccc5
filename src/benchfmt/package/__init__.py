"""Packages: three tables and a descriptor, in a folder or a zip, opened and read, or written whole or not at all."""

from benchfmt.package.errors import PackageError, ParquetError
from benchfmt.package.fetching import Downloads, Fetched
from benchfmt.package.growing import Elsewhere, PartWork, TableFile, write_part
from benchfmt.package.opening import Folder, descriptor_data, load_descriptor, open_folder
from benchfmt.package.parquet import parquet_frames
from benchfmt.package.reading import Package, open_package
from benchfmt.package.remote import check_remote, is_url, is_web, placed, put_package, sending
from benchfmt.package.replacing import check_new, check_replaceable, check_unrelated
from benchfmt.package.targets import Target, TargetBusyError, clear, held
from benchfmt.package.writing import PackageWriter, write_package

__all__ = [
    "Downloads",
    "Elsewhere",
    "Fetched",
    "Folder",
    "Package",
    "PackageError",
    "PackageWriter",
    "ParquetError",
    "PartWork",
    "TableFile",
    "Target",
    "TargetBusyError",
    "check_new",
    "check_remote",
    "check_replaceable",
    "check_unrelated",
    "clear",
    "descriptor_data",
    "held",
    "is_url",
    "is_web",
    "load_descriptor",
    "open_folder",
    "open_package",
    "parquet_frames",
    "placed",
    "put_package",
    "sending",
    "write_package",
    "write_part",
]
