"""A log of trtexec whose last line stands without end is refused."""

from __future__ import annotations

import pytest

from benchfmt.limits import Limits
from benchfmt.readers.files import UnsafeError
from benchfmt.readers.trtexec.log import runs

_END = "&&&& PASSED TensorRT.trtexec [TensorRT v110000] # trtexec --loadEngine=city.engine\n"


def test_an_end_that_stands_many_times_in_a_row_is_refused() -> None:
    with pytest.raises(UnsafeError, match="more than 20 results stand in one log"):
        runs(_END * 21, Limits(log_results=20))
