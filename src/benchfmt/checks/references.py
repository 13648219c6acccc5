"""Addresses and licences, as records and descriptors give them."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from urllib.parse import urlsplit

from benchfmt.checks.frames import Verdict
from benchfmt.spelling import nearest

_WEB = ("http", "https")
_SCHEME = re.compile("[A-Za-z][A-Za-z0-9+.-]*:")
_NOT_IN_ADDRESSES = re.compile(r"[<>\"\\^`{|}\x00-\x1f\x7f]")
"""A blank, which belongs in none either, is what browsers write otherwise by themselves."""
_OF_ONE_MACHINE = re.compile(r"(?i)(/|~|\\|[a-z]:|file:)|(^|.*[/\\])\.\.([/\\]|$)")
_WRITE_ADDRESS = "write where it can be found, as in https://example.org/results, or leave it out"
_WRITE_LICENCE = "write an id of https://spdx.org/licenses, an expression such as `MIT OR Apache-2.0`, or LicenseRef-NAME"
_LONGEST_LICENCE = 500
"""A longer text is a licence's own words, and no id."""
_SHOWN = 60
_REMEMBERED = 1_024
"""For so many texts of strangers what is wrong with them is remembered."""
_NOT_IN_IDS = re.compile("[^a-z0-9]+")


@lru_cache(maxsize=_REMEMBERED)
def address_fault(text: str) -> Verdict | None:
    """Return what is wrong with an address of the web, None for a sound one."""
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return Verdict(f"{text!r} is not an address of the web", _WRITE_ADDRESS)
    if parts.scheme.lower() not in _WEB:
        return _of_other_scheme(text)
    if not host or " " in host or _NOT_IN_ADDRESSES.search(text):
        return Verdict(f"{text!r} is not an address of the web", _WRITE_ADDRESS)
    return None


def _of_other_scheme(text: str) -> Verdict:
    scheme = _SCHEME.match(text)
    if scheme is None or " " in text:
        return Verdict(f"{text!r} is not an address of the web", _WRITE_ADDRESS)
    if scheme[0].lower() == "doi:":
        return Verdict(
            f"{text!r} is a DOI, and no address of the web",
            f"write https://doi.org/{text[len(scheme[0]) :].strip()}",
        )
    return Verdict(f"{text!r} begins with {scheme[0]!r}, and not with https://", _WRITE_ADDRESS)


def place_fault(text: str) -> Verdict | None:
    """Return what is wrong with an address of the web or a path within the package, None for a sound one."""
    if _OF_ONE_MACHINE.match(text):
        return Verdict(
            f"{text!r} is a path of one machine, not of the package",
            "write an address of the web, or a path relative to the descriptor",
        )
    if _SCHEME.match(text):
        return address_fault(text)
    return None


@lru_cache(maxsize=_REMEMBERED)
def licence_fault(text: str) -> Verdict | None:
    """Return what is wrong with a licence, None for an id or an expression of SPDX."""
    # The list of SPDX comes with the package that Python's own build tools judge licences by.
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    if len(text) > _LONGEST_LICENCE:
        return Verdict(f"{text[:_SHOWN]!r}... is no licence of SPDX", _WRITE_LICENCE)
    try:
        canonicalize_license_expression(text)
    except InvalidLicenseExpression:
        return Verdict(f"{text!r} is no licence of SPDX", _meant(text))
    return None


def _meant(text: str) -> str:
    """Return which licence is likely meant, or how one is written."""
    by_letters = _licences_by_letters()
    plain = _letters(text)
    if plain in by_letters:
        return f"did you mean {by_letters[plain]!r}?"
    near = nearest(plain, by_letters, 0.85)
    if near is not None:
        return f"did you mean {by_letters[near]!r}?"
    return _WRITE_LICENCE


@cache
def _licences_by_letters() -> dict[str, str]:
    from packaging.licenses._spdx import LICENSES  # only for did-you-mean

    return {_letters(item["id"]): item["id"] for item in LICENSES.values()}


def _letters(text: str) -> str:
    words = text.lower().replace("licence", "").replace("license", "").replace("version", "")
    return _NOT_IN_IDS.sub("", words)
