"""What trtexec exports beside its log: layers and profiles, with numbers that nobody can use."""

from __future__ import annotations

import pytest

from benchfmt.finding import BenchfmtError
from benchfmt.readers.trtexec.exports import layers, profile

HUGE = "9" * 5_000


@pytest.mark.parametrize("count", ["12", 12, HUGE, "x", None, -3])
def test_only_a_count_of_weights_that_is_one_counts(count: str | int | None) -> None:
    found = layers({"Layers": [{"LayerType": "Conv", "Weights": {"Type": "Half", "Count": count}}]})
    assert found.weights == {"Half": 12 if count in ("12", 12) else 0}


@pytest.mark.parametrize("count", [HUGE, "0"])
@pytest.mark.parametrize("name", ["conv", 'a "b"'])
def test_a_profile_needs_a_count_of_iterations(count: str, name: str) -> None:
    layer = f'{{ "name" : "{name}", "timeMs" : 1.5, "averageMs" : 0.1, "percentage" : 100 }}'
    text = f'[\n  {{ "count" : {count} }}\n, {layer}\n]\n'
    with pytest.raises(BenchfmtError):
        profile(text)
