"""Kinds of damage that are not found as they should be, with the forms; each is to be mended."""

NOT_YET: dict[str, tuple[str, ...]] = {}
