"""Layers one after the other, and what they cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

After = Literal["norm", "bias", "nothing"]
"""What follows the weights of a convolution: batch normalisation (scale and shift), a bias, or nothing."""
TRAINED = {"norm": 2, "bias": 1, "nothing": 0}
Input = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one sample of an input costs, and what is trained."""

    parameters: int
    macs: int

    @property
    def flop(self) -> int:
        """The floating-point operations: two for each multiply-accumulate."""
        return 2 * self.macs


class Layers:
    """Layers one after the other: the size that the last one gives, and the sums so far."""

    def __init__(self, height: int, width: int, channels: int = 3) -> None:
        """Start with an image of so many channels."""
        self.height, self.width, self.channels = height, width, channels
        self.parameters = 0
        self.macs = 0

    def conv(
        self,
        out: int,
        kernel: int | tuple[int, int],
        stride: int = 1,
        *,
        groups: int = 1,
        after: After = "norm",
        padding: int | None = None,
    ) -> None:
        """Add a convolution; without a padding, the output is the input divided by the stride, rounded up."""
        tall, wide = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        self.height = _size(self.height, tall, stride, padding)
        self.width = _size(self.width, wide, stride, padding)
        weights = tall * wide * (self.channels // groups) * out
        self.parameters += weights + TRAINED[after] * out
        self.macs += weights * self.height * self.width
        self.channels = out

    def depthwise(self, kernel: int, stride: int = 1, after: After = "norm") -> None:
        """Add a convolution that treats each channel alone."""
        self.conv(self.channels, kernel, stride, groups=self.channels, after=after)

    def pool(self, kernel: int, stride: int, padding: int | None = None) -> None:
        """Shrink the image as pooling does."""
        self.height = _size(self.height, kernel, stride, padding)
        self.width = _size(self.width, kernel, stride, padding)

    def widen(self, out: int, height: int, width: int) -> None:
        """Add a transposed convolution of 2x2 pixels that doubles an image to a given size."""
        weights = 4 * self.channels * out
        self.parameters += weights + out
        self.macs += weights * self.height * self.width
        self.height, self.width, self.channels = height, width, out

    def squeeze_and_excite(self, squeezed: int) -> None:
        """Add the two small layers that weigh the channels of an image."""
        weights = 2 * self.channels * squeezed
        self.parameters += weights + squeezed + self.channels
        self.macs += weights

    def average(self) -> None:
        """Reduce the image to one pixel."""
        self.height, self.width = 1, 1

    def linear(self, out: int) -> None:
        """Add a fully connected layer with a bias over all that there is."""
        inputs = self.height * self.width * self.channels
        self.parameters += inputs * out + out
        self.macs += inputs * out
        self.height, self.width, self.channels = 1, 1, out

    def beside(self) -> Layers:
        """Return a branch that starts where these layers are."""
        return Layers(self.height, self.width, self.channels)

    def join(self, *branches: Layers, channels: int) -> None:
        """Add branches, and go on with so many channels of the size that the first one has."""
        for branch in branches:
            self.parameters += branch.parameters
            self.macs += branch.macs
        self.height, self.width = branches[0].height, branches[0].width
        self.channels = channels

    def cost(self) -> Cost:
        """Return the sums."""
        return Cost(self.parameters, self.macs)


def _size(size: int, kernel: int, stride: int, padding: int | None) -> int:
    if padding is None:
        return math.ceil(size / stride)
    return (size + 2 * padding - kernel) // stride + 1


def divisible(channels: float, by: int = 8) -> int:
    """Return a number of channels that is a multiple of 8 and not more than a tenth below what was asked."""
    rounded = max(by, int(channels + by / 2) // by * by)
    if rounded < 0.9 * channels:
        rounded += by
    return rounded
