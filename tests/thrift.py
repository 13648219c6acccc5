"""Numbers as Thrift's compact protocol writes them, in which a Parquet file describes itself."""

from __future__ import annotations


def unsigned(number: int) -> bytes:
    """Return a length: seven bits a byte, the lowest first, and a mark where more follow."""
    out = b""
    while number >= 128:
        out += bytes([number % 128 + 128])
        number //= 128
    return out + bytes([number])


def signed(number: int) -> bytes:
    """Return a number that is not negative where a negative one might stand, which takes one bit more."""
    return unsigned(2 * number)
