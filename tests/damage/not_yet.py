"""Kinds of damage that are not found as they should be, with the forms; each is to be mended."""

NOT_YET: dict[str, tuple[str, ...]] = {
    "value-is-text": ("parquet",),
    "value-with-unit": ("parquet",),
    "value-with-comma": ("parquet",),
    "value-with-blank": ("parquet",),
    "value-is-true": ("parquet",),
    "primary-is-word": ("parquet",),
    "threads-is-word": ("parquet",),
    "nodes-is-word": ("parquet",),
    "quote-missing": ("json",),
    "column-metric-missing": (
        "csv",
        "zip",
    ),
    "column-record-id-missing": (
        "csv",
        "zip",
    ),
    "column-misspelt": (
        "csv",
        "zip",
    ),
    "column-capital": (
        "csv",
        "zip",
    ),
    "column-with-blank": (
        "csv",
        "zip",
    ),
    "required-column-misspelt": (
        "csv",
        "zip",
    ),
    "value-column-misspelt": (
        "csv",
        "zip",
    ),
    "column-without-name": (
        "csv",
        "zip",
    ),
    "column-twice": (
        "csv",
        "zip",
    ),
    "header-missing": (
        "csv",
        "zip",
    ),
    "header-twice": (
        "csv",
        "zip",
    ),
    "semicolons": (
        "csv",
        "zip",
    ),
    "tabs": (
        "csv",
        "zip",
    ),
    "nul-in-table": (
        "csv",
        "zip",
    ),
    "html-instead": (
        "csv",
        "zip",
    ),
    "json-instead": (
        "csv",
        "zip",
    ),
    "json-cell-key-twice": (
        "csv",
        "zip",
    ),
    "table-cut": (
        "csv",
        "zip",
    ),
    "table-cut-in-half": (
        "csv",
        "zip",
    ),
    "parquet-cut": ("parquet",),
    "table-missing": (
        "csv",
        "parquet",
        "zip",
    ),
    "systems-missing": (
        "csv",
        "parquet",
        "zip",
    ),
    "file-empty": (
        "csv",
        "parquet",
        "zip",
    ),
    "is-a-folder": (
        "csv",
        "parquet",
        "zip",
    ),
    "path-is-empty": (
        "csv",
        "parquet",
        "zip",
    ),
    "path-of-nothing": (
        "csv",
        "parquet",
        "zip",
    ),
    "path-outside": (
        "csv",
        "parquet",
        "zip",
    ),
    "path-absolute": (
        "csv",
        "parquet",
        "zip",
    ),
    "path-of-windows": (
        "csv",
        "parquet",
        "zip",
    ),
    "path-remote": (
        "csv",
        "parquet",
        "zip",
    ),
    "path-of-file-url": (
        "csv",
        "parquet",
        "zip",
    ),
    "name-of-records-missing": (
        "csv",
        "parquet",
        "zip",
    ),
    "name-misspelt": (
        "csv",
        "parquet",
        "zip",
    ),
    "resource-left-out": (
        "csv",
        "parquet",
        "zip",
    ),
    "bytes-is-text": (
        "csv",
        "parquet",
        "zip",
    ),
    "bytes-negative": (
        "csv",
        "parquet",
        "zip",
    ),
    "hash-short": (
        "csv",
        "parquet",
        "zip",
    ),
    "hash-md5": (
        "csv",
        "parquet",
        "zip",
    ),
    "hash-capitals": (
        "csv",
        "parquet",
        "zip",
    ),
    "profile": (
        "csv",
        "parquet",
        "zip",
    ),
    "format-other": ("parquet",),
    "encoding-unknown": (
        "csv",
        "zip",
    ),
    "descriptor-deep": ("zip",),
    "entry-twice": ("zip",),
}
