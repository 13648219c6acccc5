"""What networks cost by their layers, held against what others publish."""

from __future__ import annotations

import pytest

from benchfmt import registry
from benchfmt.finding import BenchfmtError
from benchfmt.networks import Cost, cost
from benchfmt.registry import Fact, Model

COMPUTED = [entry for entry in registry.models().by_id.values() if entry.rule]
EXACT = "torchvision"
"""Publishes whole counts of parameters, and multiply-accumulates in three digits after the point of 10^9."""


def test_each_rule_can_be_worked_out_for_its_input() -> None:
    assert len(COMPUTED) >= 40
    assert [entry.id for entry in COMPUTED if not registry.model_costs(entry, registry.size_of(entry.input))] == []  # fmt: skip


def published(fact: str) -> list[tuple[Model, Fact]]:
    return [(entry, said) for entry in COMPUTED for said in entry.facts if said.fact == fact]


@pytest.mark.parametrize(
    ("entry", "said"), published("parameters"), ids=lambda value: getattr(value, "id", value.source if isinstance(value, Fact) else None)
)  # fmt: skip
def test_parameters_are_those_that_others_publish(entry: Model, said: Fact) -> None:
    computed = cost(entry.rule, registry.size_of(entry.input))
    assert computed is not None
    if f"/{EXACT}/" in said.source:
        assert computed.parameters == said.value
    else:
        # The last digit that is printed may be rounded either way, and some count 1001 classes.
        assert abs(computed.parameters / int(said.value) - 1) < 0.05


@pytest.mark.parametrize("entry, said", published("macs"))
def test_multiply_accumulates_are_those_that_others_publish(entry: Model, said: Fact) -> None:
    computed = cost(entry.rule, registry.size_of(said.input or entry.input))
    assert computed is not None
    if f"/{EXACT}/" in said.source:
        assert abs(computed.macs - int(said.value)) <= 500_000
    else:
        assert abs(computed.macs / int(said.value) - 1) < 0.05


def test_lpdnn_prints_the_flop_that_its_networks_have() -> None:
    """Two operations for each multiply-accumulate, in 10^9, with one digit after the point."""
    printed = [
        (entry, said)
        for entry, said in published("flop")
        if "generalized-hada" in said.source and said.input == "x".join(map(str, registry.size_of(said.input)))
    ]  # fmt: skip
    assert len(printed) >= 8
    for entry, said in printed:
        computed = cost(entry.rule, registry.size_of(said.input))
        assert computed is not None
        assert round(computed.flop / 1e9, 1) == pytest.approx(int(said.value) / 1e9), entry.id


@pytest.mark.parametrize(
    ("rule", "size", "parameters", "macs"),
    [
        ("mobilenet_v1 width=1.0", (128, 128), 4_231_976, 186_400_768),
        ("mobilenet_v2 width=1.4", (224, 224), 6_108_776, 582_195_824),
        ("resnet depth=50 stride_in=1x1", (224, 224), 25_557_032, 3_857_973_248),
        ("alexnet grouped=yes", (227, 227), 60_965_224, 724_406_816),
        ("bert layers=24 hidden=1024", (384,), 334_094_338, 123_212_660_736),
        ("resnet_tiny", (32, 32), 77_706, 12_501_632),
        ("ds_cnn", (49, 10), 22_604, 2_656_768),
        ("autoencoder", (640,), 265_864, 264_192),
        # As they are counted in the graphs of ai-benchmark 0.1.2.
        ("srcnn", (512, 512), 69_249, 18_127_781_888),
        ("vdsr", (256, 256), 668_227, 43_713_036_288),
        ("dped", (256, 256), 401_475, 26_197_622_784),
        ("unet out=3", (512, 512), 31_043_651, 192_703_102_976),
        ("resnet_v2 depth=50 classes=1001", (346, 346), 25_570_409, 8_558_226_112),
        ("resnet_v2 depth=152 classes=1001", (256, 256), 60_238_953, 14_244_857_856),
        ("inception_v3 classes=1001", (346, 346), 23_836_617, 7_326_237_184),
        # As they are counted in the graphs of MLPerf Mobile, and in torchvision's layers.
        ("edsr filters=32 blocks=5", (540, 960), 106_092, 54_792_806_400),
        ("edsr filters=64 blocks=5", (540, 960), 414_924, 214_692_249_600),
        ("retinanet classes=91", (800, 800), 34_068_119, 151_540_437_248),
        ("retinanet classes=264 groups=32", (800, 800), 37_128_876, 201_208_394_752),
        ("mobilenet_v2 width=1.0 classes=1001", (224, 224), 3_506_153, 300_775_552),
        ("vgg depth=16", (224, 224), 138_357_544, 15_470_264_320),
    ],
)
def test_costs_stay_what_they_are(
    rule: str, size: tuple[int, ...], parameters: int, macs: int
) -> None:
    assert cost(rule, size) == Cost(parameters, macs)


def test_an_input_that_a_network_cannot_have_costs_nothing_known() -> None:
    assert cost("resnet depth=50", (384,)) is None
    assert cost("resnet depth=50", (0, 224)) is None
    assert cost("bert layers=24 hidden=1024", (224, 224)) is None
    assert cost("resnet depth=50", (224, 224, 3)) == cost("resnet depth=50", (224, 224))


def test_a_rule_that_does_not_exist_is_refused() -> None:
    with pytest.raises(BenchfmtError, match="no network family 'perceptron'"):
        cost("perceptron", (1,))
