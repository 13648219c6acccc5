"""Networks for text, sound and images of other kinds, by the tables of their layers."""

from __future__ import annotations

from benchfmt.networks.classifiers import basic_block, resnet_stages
from benchfmt.networks.layers import TRAINED, Cost, Input, Layers


def bert(size: Input, *, layers: int, hidden: int) -> Cost:
    """Return the cost of BERT (arXiv 1810.04805) with two outputs for each token, which mark an answer's span."""
    (tokens,) = size
    norm = 2 * hidden
    embeddings = (_BERT_WORDS + _BERT_POSITIONS + 2) * hidden + norm
    weights = 12 * hidden * hidden
    biases = 9 * hidden
    parameters = embeddings + layers * (weights + biases + 2 * norm) + 2 * hidden + 2
    attention = 2 * tokens * hidden
    macs = tokens * (layers * (weights + attention) + 2 * hidden)
    return Cost(parameters, macs)


_BERT_WORDS, _BERT_POSITIONS = 30522, 512


def lstm(size: Input, *, units: int, classes: int) -> Cost:
    """Return the cost of one LSTM layer over so many steps, and a linear layer after the last."""
    steps, features = size
    gates = 4 * (features + units) * units
    head = units * classes
    return Cost(gates + 4 * units + head + classes, steps * gates + head)


def resnet_tiny(size: Input) -> Cost:
    """Return the cost of the ResNet of MLPerf Tiny as deployed: normalisation is folded into biases."""
    net = Layers(*size)
    net.conv(16, 3, after="bias")
    for out, stride in ((16, 1), (32, 2), (64, 2)):
        basic_block(net, out, stride, after="bias")
    net.average()
    net.linear(10)
    return net.cost()


def ds_cnn(size: Input) -> Cost:
    """Return the cost of the keyword spotter of MLPerf Tiny as deployed: normalisation is folded into biases."""
    net = Layers(*size)
    net.conv(64, (10, 4), 2, after="bias")
    for _ in range(4):
        net.depthwise(3, after="bias")
        net.conv(64, 1, after="bias")
    net.average()
    net.linear(12)
    return net.cost()


def srcnn(size: Input) -> Cost:
    """Return the cost of SRCNN 9-5-5 (arXiv 1501.00092) in three colours; its last layer has one bias for all of them."""
    net = Layers(*size)
    net.conv(64, 9, after="bias")
    net.conv(32, 5, after="bias")
    net.conv(3, 5, after="nothing")
    return Cost(net.parameters + 1, net.macs)


def edsr(size: Input, *, filters: int, blocks: int) -> Cost:
    """Return the cost of EDSR (arXiv 1707.02921) that doubles an image by one convolution to 12 channels, as MLPerf Mobile has it."""
    net = Layers(*size)
    for _ in range(2 * blocks + 2):
        net.conv(filters, 3, after="bias")
    net.conv(12, 3, after="bias")
    return net.cost()


def retinanet(size: Input, *, classes: int, groups: int = 1) -> Cost:
    """Return the cost of RetinaNet (arXiv 1708.02002) on a ResNet-50 or, with groups, a ResNeXt-50, as torchvision has it."""
    net = Layers(*size)
    stages = resnet_stages(net, depth=50, groups=groups)
    pyramid = []
    for stage in stages[1:]:
        stage.conv(256, 1, after="bias")
        stage.conv(256, 3, after="bias")
        pyramid.append(stage)
    for _ in range(2):
        above = pyramid[-1].beside()
        above.conv(256, 3, 2, after="bias")
        pyramid.append(above)
    parameters = net.parameters + sum(level.parameters for level in pyramid)
    macs = net.macs + sum(level.macs for level in pyramid)
    for number, level in enumerate(pyramid):
        for out in (9 * classes, 9 * 4):
            head = level.beside()
            for _ in range(4):
                head.conv(256, 3, after="bias")
            head.conv(out, 3, after="bias")
            macs += head.macs
            if number == 0:
                parameters += head.parameters  # all levels share the heads
    return Cost(parameters, macs)


def vdsr(size: Input) -> Cost:
    """Return the cost of VDSR (arXiv 1511.04587), 20 layers, in three colours."""
    net = Layers(*size)
    for _ in range(19):
        net.conv(64, 3, after="bias")
    net.conv(3, 3, after="bias")
    return net.cost()


def dped(size: Input) -> Cost:
    """Return the cost of the generator of DPED (arXiv 1704.02470), whose residual blocks are normalised and biased."""
    net = Layers(*size)
    net.conv(64, 9, after="bias")
    for _ in range(8):
        net.conv(64, 3, after="bias")
        net.parameters += TRAINED["norm"] * 64
    net.conv(64, 3, after="bias")
    net.conv(64, 3, after="bias")
    net.conv(3, 9, after="bias")
    return net.cost()


def unet(size: Input, *, out: int) -> Cost:
    """Return the cost of U-Net (arXiv 1505.04597, figure 1), padded so that the image keeps its size, and normalised."""
    net = Layers(*size)
    levels = (64, 128, 256, 512)
    sizes = []
    for channels in levels:
        _two_layers(net, channels)
        sizes.append((net.height, net.width))
        net.pool(2, 2, 0)
    _two_layers(net, 1024)
    for channels in reversed(levels):
        net.widen(channels, *sizes.pop())
        net.channels = 2 * channels  # beside what the way down gave at this size
        _two_layers(net, channels)
    net.conv(out, 1, after="bias")
    return net.cost()


def _two_layers(net: Layers, channels: int) -> None:
    for _ in range(2):
        net.conv(channels, 3, after="bias")
        net.parameters += TRAINED["norm"] * channels


def autoencoder(size: Input) -> Cost:
    """Return the cost of the autoencoder of MLPerf Tiny as deployed: normalisation is folded into biases."""
    (features,) = size
    net = Layers(1, 1, features)
    for out in (128, 128, 128, 128, 8, 128, 128, 128, 128, features):
        net.linear(out)
    return net.cost()
