"""Networks that classify images, by the tables of their layers."""

from __future__ import annotations

import math

from benchfmt.networks.layers import TRAINED, After, Cost, Input, Layers, divisible


def mobilenet_v1(size: Input, *, width: float = 1.0, classes: int = 1000) -> Cost:
    """Return the cost of MobileNet v1 (arXiv 1704.04861, table 1)."""
    net = Layers(*size)
    net.conv(max(8, int(32 * width)), 3, 2)
    for out, stride in _MOBILENET_V1:
        net.depthwise(3, stride)
        net.conv(max(8, int(out * width)), 1)
    net.average()
    net.linear(classes)
    return net.cost()


_MOBILENET_V1 = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    *((512, 1),) * 5,
    (1024, 2),
    (1024, 1),
)


def mobilenet_v2(size: Input, *, width: float = 1.0, classes: int = 1000) -> Cost:
    """Return the cost of MobileNet v2 (arXiv 1801.04381, table 2)."""
    net = Layers(*size)
    net.conv(divisible(32 * width), 3, 2)
    for expansion, out, repeats, first_stride in _MOBILENET_V2:
        for number in range(repeats):
            stride = first_stride if number == 0 else 1
            _inverted(net, net.channels * expansion, divisible(out * width), 3, stride)
    net.conv(divisible(1280 * max(1.0, width)), 1)
    net.average()
    net.linear(classes)
    return net.cost()


_MOBILENET_V2 = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def _inverted(
    net: Layers, expanded: int, out: int, kernel: int, stride: int, squeezed: int = 0
) -> None:
    """Add an inverted residual block: widen, convolve each channel, weigh the channels, narrow."""
    if expanded != net.channels:
        net.conv(expanded, 1)
    net.depthwise(kernel, stride)
    if squeezed:
        net.squeeze_and_excite(squeezed)
    net.conv(out, 1)


def mobilenet_v3(
    size: Input, *, variant: str = "large", last: int = 1280, classes: int = 1000
) -> Cost:
    """Return the cost of MobileNet v3 (arXiv 1905.02244, tables 1 and 2); `last` is its last hidden layer."""
    net = Layers(*size)
    net.conv(16, 3, 2)
    for kernel, expanded, out, weighed, stride in _MOBILENET_V3[variant]:
        squeezed = divisible(expanded / 4) if weighed else 0
        _inverted(net, expanded, out, kernel, stride, squeezed)
    net.conv(6 * net.channels, 1)
    net.average()
    net.linear(last)
    net.linear(classes)
    return net.cost()


_MOBILENET_V3: dict[str, tuple[tuple[int, int, int, bool, int], ...]] = {
    "large": (
        (3, 16, 16, False, 1),
        (3, 64, 24, False, 2),
        (3, 72, 24, False, 1),
        (5, 72, 40, True, 2),
        (5, 120, 40, True, 1),
        (5, 120, 40, True, 1),
        (3, 240, 80, False, 2),
        (3, 200, 80, False, 1),
        (3, 184, 80, False, 1),
        (3, 184, 80, False, 1),
        (3, 480, 112, True, 1),
        (3, 672, 112, True, 1),
        (5, 672, 160, True, 2),
        (5, 960, 160, True, 1),
        (5, 960, 160, True, 1),
    ),
    "small": (
        (3, 16, 16, True, 2),
        (3, 72, 24, False, 2),
        (3, 88, 24, False, 1),
        (5, 96, 40, True, 2),
        (5, 240, 40, True, 1),
        (5, 240, 40, True, 1),
        (5, 120, 48, True, 1),
        (5, 144, 48, True, 1),
        (5, 288, 96, True, 2),
        (5, 576, 96, True, 1),
        (5, 576, 96, True, 1),
    ),
}


def efficientnet(
    size: Input, *, width: float = 1.0, depth: float = 1.0, lite: bool = False
) -> Cost:
    """Return the cost of EfficientNet (arXiv 1905.11946, table 1), or of its lite variant.

    The lite variant has no squeeze-and-excite, and neither scales its stem and head nor repeats its first and
    last stage more often.
    """
    scale = 1.0 if lite else width
    net = Layers(*size)
    net.conv(divisible(32 * scale), 3, 2)
    for number, (expansion, kernel, first_stride, out, repeats) in enumerate(_EFFICIENTNET):
        fixed = lite and number in (0, len(_EFFICIENTNET) - 1)
        for block in range(repeats if fixed else math.ceil(repeats * depth)):
            squeezed = 0 if lite else max(1, net.channels // 4)
            stride = first_stride if block == 0 else 1
            narrowed = divisible(out * width)
            _inverted(net, net.channels * expansion, narrowed, kernel, stride, squeezed)
    net.conv(divisible(1280 * scale), 1)
    net.average()
    net.linear(1000)
    return net.cost()


_EFFICIENTNET = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)


def resnet(size: Input, *, depth: int, stride_in: str = "3x3", groups: int = 1) -> Cost:
    """Return the cost of a ResNet (arXiv 1512.03385, table 1), or ResNeXt with groups of 4 channels.

    `stride_in` tells v1 (the first 1x1 convolution of a block strides) from v1.5 (the 3x3 one does).
    """
    net = Layers(*size)
    resnet_stages(net, depth=depth, stride_in=stride_in, groups=groups)
    net.average()
    net.linear(1000)
    return net.cost()


def resnet_stages(
    net: Layers, *, depth: int, stride_in: str = "3x3", groups: int = 1
) -> list[Layers]:
    """Add all of a ResNet but its head, and return what each of the four stages gives."""
    given = []
    net.conv(64, 7, 2)
    net.pool(3, 2)
    for stage, repeats in enumerate(_RESNET[depth]):
        for block in range(repeats):
            stride = 2 if stage > 0 and block == 0 else 1
            if depth < 50:
                basic_block(net, 64 * 2**stage, stride)
            else:
                _bottleneck(net, 64 * 2**stage, stride, groups, early=stride_in == "1x1")
        given.append(net.beside())
    return given


_RESNET = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}  # fmt: skip


def basic_block(net: Layers, out: int, stride: int, after: After = "norm") -> None:
    """Add a residual block of two 3x3 convolutions, with a shortcut of its own where the size changes."""
    main, shortcut = net.beside(), net.beside()
    main.conv(out, 3, stride, after=after)
    main.conv(out, 3, after=after)
    if stride != 1 or net.channels != out:
        shortcut.conv(out, 1, stride, after=after)
    net.join(main, shortcut, channels=out)


def _bottleneck(net: Layers, planes: int, stride: int, groups: int, *, early: bool) -> None:
    inner = planes if groups == 1 else planes * 4 // 64 * groups
    main, shortcut = net.beside(), net.beside()
    main.conv(inner, 1, stride if early else 1)
    main.conv(inner, 3, 1 if early else stride, groups=groups)
    main.conv(4 * planes, 1)
    if stride != 1 or net.channels != 4 * planes:
        shortcut.conv(4 * planes, 1, stride)
    net.join(main, shortcut, channels=4 * planes)


def resnet_v2(size: Input, *, depth: int, classes: int = 1000) -> Cost:
    """Return the cost of a ResNet v2 (arXiv 1603.05027), which normalises first and shrinks in the last block of a stage."""
    net = Layers(*size)
    net.conv(64, 7, 2, after="bias")
    net.pool(3, 2)
    for stage, repeats in enumerate(_RESNET[depth]):
        for block in range(repeats):
            last = block == repeats - 1 and stage < 3
            _bottleneck_v2(net, 64 * 2**stage, 2 if last else 1)
    net.parameters += TRAINED["norm"] * net.channels
    net.average()
    net.linear(classes)
    return net.cost()


def _bottleneck_v2(net: Layers, planes: int, stride: int) -> None:
    net.parameters += TRAINED["norm"] * net.channels
    main, shortcut = net.beside(), net.beside()
    main.conv(planes, 1)
    main.conv(planes, 3, stride)
    main.conv(4 * planes, 1, after="bias")
    if net.channels != 4 * planes:
        shortcut.conv(4 * planes, 1, stride, after="bias")
    net.join(main, shortcut, channels=4 * planes)


def vgg(size: Input, *, depth: int) -> Cost:
    """Return the cost of VGG (arXiv 1409.1556, table 1, columns D and E)."""
    net = Layers(*size)
    for out, repeats in zip((64, 128, 256, 512, 512), _VGG[depth], strict=True):
        for _ in range(repeats):
            net.conv(out, 3, after="bias")
        net.pool(2, 2, 0)
    for out in (4096, 4096, 1000):
        net.linear(out)
    return net.cost()


_VGG = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}


def alexnet(size: Input, *, grouped: bool = False) -> Cost:
    """Return the cost of AlexNet: of one GPU (arXiv 1404.5997), or grouped for two as Caffe has it."""
    net = Layers(*size)
    groups = 2 if grouped else 1
    net.conv(96 if grouped else 64, 11, 4, after="bias", padding=0 if grouped else 2)
    net.pool(3, 2, 0)
    net.conv(256 if grouped else 192, 5, groups=groups, after="bias")
    net.pool(3, 2, 0)
    net.conv(384, 3, after="bias")
    net.conv(384 if grouped else 256, 3, groups=groups, after="bias")
    net.conv(256, 3, groups=groups, after="bias")
    net.pool(3, 2, 0)
    for out in (4096, 4096, 1000):
        net.linear(out)
    return net.cost()


def squeezenet(size: Input, *, version: str) -> Cost:
    """Return the cost of SqueezeNet 1.0 (arXiv 1602.07360, table 1) or 1.1, whose pools come earlier."""
    first = version == "v1.0"
    net = Layers(*size)
    net.conv(96 if first else 64, 7 if first else 3, 2, after="bias", padding=0)
    pools = (0, 3, 7) if first else (0, 2, 4)
    for number, (squeezed, expanded) in enumerate(_SQUEEZENET):
        if number in pools:
            # These pools round a size up, others down.
            net.height, net.width = (math.ceil((side - 3) / 2) + 1 for side in (net.height, net.width))  # fmt: skip
        net.conv(squeezed, 1, after="bias")
        small, large = net.beside(), net.beside()
        small.conv(expanded, 1, after="bias")
        large.conv(expanded, 3, after="bias")
        net.join(small, large, channels=2 * expanded)
    net.conv(1000, 1, after="bias")
    return net.cost()


_SQUEEZENET = ((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256))


def googlenet(size: Input, *, kernel: int = 5) -> Cost:
    """Return the cost of GoogLeNet (arXiv 1409.4842, table 1), without its auxiliary heads.

    Its authors' has 5x5 convolutions with biases; torchvision's has 3x3 ones in their place, normalised.
    """
    after: After = "bias" if kernel == 5 else "norm"
    net = Layers(*size)
    net.conv(64, 7, 2, after=after)
    net.pool(3, 2)
    net.conv(64, 1, after=after)
    net.conv(192, 3, after=after)
    for stage in _GOOGLENET:
        net.pool(3, 2)
        for one, small_in, small, large_in, large, pooled in stage:
            branches = [net.beside() for _ in range(4)]
            branches[0].conv(one, 1, after=after)
            branches[1].conv(small_in, 1, after=after)
            branches[1].conv(small, 3, after=after)
            branches[2].conv(large_in, 1, after=after)
            branches[2].conv(large, kernel, after=after)
            branches[3].conv(pooled, 1, after=after)
            net.join(*branches, channels=one + small + large + pooled)
    net.average()
    net.linear(1000)
    return net.cost()


_GOOGLENET = (
    ((64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64)),
    (
        (192, 96, 208, 16, 48, 64),
        (160, 112, 224, 24, 64, 64),
        (128, 128, 256, 24, 64, 64),
        (112, 144, 288, 32, 64, 64),
        (256, 160, 320, 32, 128, 128),
    ),
    ((256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128)),
)


def inception_v3(size: Input, *, classes: int = 1000) -> Cost:
    """Return the cost of Inception v3 (arXiv 1512.00567, table 1), without its auxiliary head."""
    net = Layers(*size)
    net.conv(32, 3, 2, padding=0)
    net.conv(32, 3, padding=0)
    net.conv(64, 3)
    net.pool(3, 2, 0)
    net.conv(80, 1)
    net.conv(192, 3, padding=0)
    net.pool(3, 2, 0)
    for stage in _INCEPTION_V3:
        for mixed in stage:
            _mix(net, mixed)
    for _ in range(2):
        _spread(net)
    net.average()
    net.linear(classes)
    return net.cost()


_Step = tuple[int, int | tuple[int, int], int]
"""Channels, kernel and stride of a convolution in a branch."""
_Branch = tuple[_Step, ...]


def _mix(net: Layers, branches: tuple[_Branch, ...]) -> None:
    """Add branches side by side; those that stride are not padded, and an empty one only pools."""
    strided = any(step[2] == 2 for branch in branches for step in branch)
    sides, channels = [], 0
    for branch in branches:
        side = net.beside()
        for out, kernel, stride in branch:
            side.conv(out, kernel, stride, padding=0 if stride == 2 else None)
        if not branch:
            side.pool(3, 2 if strided else 1, 0)
        channels += side.channels
        sides.append(side)
    net.join(*sides, channels=channels)


def _small(pooled: int) -> tuple[_Branch, ...]:
    return (
        ((64, 1, 1),),
        ((48, 1, 1), (64, 5, 1)),
        ((64, 1, 1), (96, 3, 1), (96, 3, 1)),
        ((pooled, 1, 1),),
    )


def _asymmetric(inner: int) -> tuple[_Branch, ...]:
    wide, tall = (1, 7), (7, 1)
    return (
        ((192, 1, 1),),
        ((inner, 1, 1), (inner, wide, 1), (192, tall, 1)),
        ((inner, 1, 1), (inner, tall, 1), (inner, wide, 1), (inner, tall, 1), (192, wide, 1)),
        ((192, 1, 1),),
    )


def _spread(net: Layers) -> None:
    """Add the last kind of block, two branches of which end in a 1x3 and a 3x1 convolution side by side."""
    one, two, three, pooled = (net.beside() for _ in range(4))
    one.conv(320, 1)
    two.conv(384, 1)
    three.conv(448, 1)
    three.conv(384, 3)
    for branch in (two, three):
        wide, tall = branch.beside(), branch.beside()
        wide.conv(384, (1, 3))
        tall.conv(384, (3, 1))
        branch.join(wide, tall, channels=768)
    pooled.conv(192, 1)
    net.join(one, two, three, pooled, channels=2048)


_INCEPTION_V3: tuple[tuple[tuple[_Branch, ...], ...], ...] = (
    (_small(32), _small(64), _small(64)),
    ((((384, 3, 2),), ((64, 1, 1), (96, 3, 1), (96, 3, 2)), ()),),
    (_asymmetric(128), _asymmetric(160), _asymmetric(160), _asymmetric(192)),
    (
        (
            ((192, 1, 1), (320, 3, 2)),
            ((192, 1, 1), (192, (1, 7), 1), (192, (7, 1), 1), (192, 3, 2)),
            (),
        ),
    ),
)
