"""Networks for images in Gluon: those of the model zoo, and a small detector on ResNet-18."""

from workloads import BOXES, CLASSES, RATIOS, SIZES

from mxnet import gluon, init
from mxnet.gluon import nn
from mxnet.gluon.model_zoo import vision


def unit(channels, size, stride=1, pad=0):
    layers = nn.HybridSequential()
    layers.add(nn.Conv2D(channels, size, stride, pad, use_bias=False), nn.BatchNorm(), nn.Activation("relu"))
    return layers


class Detector(gluon.HybridBlock):
    """Boxes and their scores on four grids: two of ResNet-18 and two smaller ones.

    It gives anchors (1, boxes, 4), scores (batch, boxes, 1 + classes) and offsets (batch, 4 * boxes).
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            layers = vision.resnet18_v1().features
            self.stages = nn.HybridSequential()
            for part in (layers[:7], layers[7:8]):
                self.stages.add(part)
            for _ in range(2):
                more = nn.HybridSequential()
                more.add(unit(128, 1), unit(256, 3, 2, 1))
                self.stages.add(more)
            self.scores, self.offsets = nn.HybridSequential(), nn.HybridSequential()
            for _ in SIZES:
                self.scores.add(nn.Conv2D(BOXES * (1 + CLASSES), 3, padding=1))
                self.offsets.add(nn.Conv2D(BOXES * 4, 3, padding=1))

    def hybrid_forward(self, F, x):
        anchors, scores, offsets = [], [], []
        for stage, sizes, score, offset in zip(self.stages, SIZES, self.scores, self.offsets):
            x = stage(x)
            anchors.append(F.contrib.MultiBoxPrior(x, sizes=sizes, ratios=RATIOS))
            scores.append(F.flatten(F.transpose(score(x), axes=(0, 2, 3, 1))))
            offsets.append(F.flatten(F.transpose(offset(x), axes=(0, 2, 3, 1))))
        scores = F.reshape(F.concat(*scores, dim=1), shape=(0, -1, 1 + CLASSES))
        return F.concat(*anchors, dim=1), scores, F.concat(*offsets, dim=1)


class DetectionLoss(gluon.HybridBlock):
    """Cross-entropy of the scores and the absolute error of the matched offsets."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.of_scores, self.of_offsets = gluon.loss.SoftmaxCrossEntropyLoss(), gluon.loss.L1Loss()

    def hybrid_forward(self, F, anchors, scores, offsets, objects):
        goals, mask, kinds = F.contrib.MultiBoxTarget(anchors, objects, F.transpose(scores, axes=(0, 2, 1)))
        return self.of_scores(scores, kinds) + self.of_offsets(offsets * mask, goals * mask)


NETWORKS = {
    "resnet18": vision.resnet18_v1,
    "resnet50": vision.resnet50_v1,
    "mobilenet": vision.mobilenet_v2_1_0,
    "ssd": Detector,
}


def network(name):
    net = NETWORKS[name]()
    net.initialize(init.Xavier())
    return net
