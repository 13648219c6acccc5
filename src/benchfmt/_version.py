"""The version of the program (the standard has its own, `record.SCHEMA_VERSION`)."""

__version__ = "0.1.0"
