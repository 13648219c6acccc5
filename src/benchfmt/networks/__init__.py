"""How many parameters and multiply-accumulates known networks have, computed from the tables of their layers.

Counted are convolutions and linear layers; what normalises, activates or pools costs no multiply-accumulate here, as in
the papers. Parameters are those that are trained: weights, biases, and the scale and shift of batch normalisation; its
running statistics are none. One multiply-accumulate is two floating-point operations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from benchfmt.finding import BenchfmtError
from benchfmt.networks.classifiers import (
    alexnet,
    efficientnet,
    googlenet,
    inception_v3,
    mobilenet_v1,
    mobilenet_v2,
    mobilenet_v3,
    resnet,
    resnet_v2,
    squeezenet,
    vgg,
)
from benchfmt.networks.layers import Cost, Input
from benchfmt.networks.others import (
    autoencoder,
    bert,
    dped,
    ds_cnn,
    edsr,
    lstm,
    resnet_tiny,
    retinanet,
    srcnn,
    unet,
    vdsr,
)

__all__ = ["Cost", "cost"]

_FAMILIES: dict[str, Callable[..., Cost]] = {
    "mobilenet_v1": mobilenet_v1,
    "mobilenet_v2": mobilenet_v2,
    "mobilenet_v3": mobilenet_v3,
    "efficientnet": efficientnet,
    "resnet": resnet,
    "vgg": vgg,
    "alexnet": alexnet,
    "squeezenet": squeezenet,
    "googlenet": googlenet,
    "bert": bert,
    "lstm": lstm,
    "resnet_tiny": resnet_tiny,
    "ds_cnn": ds_cnn,
    "autoencoder": autoencoder,
    "srcnn": srcnn,
    "vdsr": vdsr,
    "dped": dped,
    "unet": unet,
    "resnet_v2": resnet_v2,
    "inception_v3": inception_v3,
    "edsr": edsr,
    "retinanet": retinanet,
}


def cost(rule: str, size: Sequence[int]) -> Cost | None:
    """Return what a network costs by its rule, such as `mobilenet_v1 width=0.75`; None for a size that it cannot have.

    Of an image, height and width are enough. Raises BenchfmtError for a rule that does not exist.
    """
    return _cost(rule, tuple(size))


@cache
def _cost(rule: str, size: Input) -> Cost | None:
    name, *words = rule.split()
    family = _FAMILIES.get(name)
    if family is None:
        raise BenchfmtError(f"there is no network family {name!r}")
    settings = dict(word.split("=") for word in words)
    fitting = _fitting(name, size)
    if fitting is None:
        return None
    return family(fitting, **{key: _setting(value) for key, value in settings.items()})


_DIMENSIONS = {"bert": 1, "autoencoder": 1, "lstm": 2}


def _fitting(name: str, size: Input) -> Input | None:
    """Return a size as a family wants it; None where it has other dimensions, or a dimension of nothing."""
    if any(side < 1 for side in size):
        return None
    wanted = _DIMENSIONS.get(name)
    if wanted is not None:
        return size if len(size) == wanted else None
    channels = 1 if name == "ds_cnn" else 3
    if len(size) == 2:
        return (*size, channels)
    if len(size) == 3 and size[2] == channels:
        return size
    return None


def _setting(value: str) -> int | float | str | bool:
    if value in ("yes", "no"):
        return value == "yes"
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value
