"""XML that cannot be read is told as such, whatever Python says of it."""

from __future__ import annotations

import io

import pytest

from benchfmt.readers import xmls


@pytest.mark.parametrize("encoding", ["utf1e999", "shift_jis", "utf-7", "rot13", "\u0130"])
def test_an_encoding_that_is_not_known(encoding: str) -> None:
    text = f"<?xml version='1.0' encoding='{encoding}'?><a><b/></a>".encode()
    with pytest.raises(xmls.XmlError):
        xmls.parse(text)
    with pytest.raises(xmls.XmlError):
        list(xmls.children(io.BytesIO(text)))


def test_a_namespace_that_one_parser_refuses_is_told() -> None:
    """ElementTree puts names together with a brace, which a namespace must not hold; expat alone takes it."""
    text = b'<a xmlns="urn:{x}"><b/></a>'
    with pytest.raises(xmls.XmlError, match="not XML: syntax error"):
        list(xmls.passing(io.BytesIO(text), lambda _: True))
