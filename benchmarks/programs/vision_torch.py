"""Networks for images in PyTorch, layer for layer those of Gluon's model zoo, and a small detector on ResNet-18."""

import torch
from torch import nn
from torch.nn import functional
from workloads import BOTTLENECKS, BOXES, CLASSES, SIZES, anchors


def unit(before, channels, size, stride=1, pad=0, act=nn.ReLU, bias=False, groups=1):
    layers = [nn.Conv2d(before, channels, size, stride, pad, groups=groups, bias=bias), nn.BatchNorm2d(channels)]
    return nn.Sequential(*layers, act(inplace=True)) if act else nn.Sequential(*layers)


class Residual(nn.Module):
    def __init__(self, body, before, channels, stride):
        super().__init__()
        self.body = body
        other = stride != 1 or before != channels
        self.shortcut = unit(before, channels, 1, stride, act=None) if other else None

    def forward(self, x):
        return functional.relu(self.body(x) + (x if self.shortcut is None else self.shortcut(x)), inplace=True)


def basic(before, channels, stride):
    body = nn.Sequential(unit(before, channels, 3, stride, 1), unit(channels, channels, 3, 1, 1, act=None))
    return Residual(body, before, channels, stride)


def bottleneck(before, channels, stride):
    """The stride is in the first convolution, and those of 1x1 have a bias, as in Gluon's model zoo."""
    inner = channels // 4
    body = [unit(before, inner, 1, stride, bias=True), unit(inner, inner, 3, 1, 1)]
    body.append(unit(inner, channels, 1, act=None, bias=True))
    return Residual(nn.Sequential(*body), before, channels, stride)


def stem():
    return nn.Sequential(unit(3, 64, 7, 2, 3), nn.MaxPool2d(3, 2, 1))


def stages(block, channels, counts):
    before, found = 64, []
    for number, (wide, count) in enumerate(zip(channels, counts)):
        blocks = [block(before, wide, 2 if number else 1), *(block(wide, wide, 1) for _ in range(count - 1))]
        found.append(nn.Sequential(*blocks))
        before = wide
    return found


def classifier(width):
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 1000))


def resnet18():
    return nn.Sequential(stem(), *stages(basic, (64, 128, 256, 512), (2, 2, 2, 2)), classifier(512))


def resnet50():
    return nn.Sequential(stem(), *stages(bottleneck, (256, 512, 1024, 2048), (3, 4, 6, 3)), classifier(2048))


class Inverted(nn.Module):
    """The block of MobileNetV2; the first one, too, has a convolution before the grouped one, as in Gluon."""

    def __init__(self, before, channels, factor, stride):
        super().__init__()
        inner = before * factor
        self.body = nn.Sequential(
            unit(before, inner, 1, act=nn.ReLU6),
            unit(inner, inner, 3, stride, 1, act=nn.ReLU6, groups=inner),
            unit(inner, channels, 1, act=None),
        )
        self.added = stride == 1 and before == channels

    def forward(self, x):
        return x + self.body(x) if self.added else self.body(x)


def mobilenet():
    layers, before = [unit(3, 32, 3, 2, 1, act=nn.ReLU6)], 32
    for channels, factor, stride in BOTTLENECKS:
        layers.append(Inverted(before, channels, factor, stride))
        before = channels
    layers += [unit(before, 1280, 1, act=nn.ReLU6), nn.AdaptiveAvgPool2d(1)]
    return nn.Sequential(*layers, nn.Conv2d(1280, 1000, 1, bias=False), nn.Flatten())


class Detector(nn.Module):
    def __init__(self, size=256):
        super().__init__()
        one, two, three, four = stages(basic, (64, 128, 256, 512), (2, 2, 2, 2))
        more = [nn.Sequential(unit(before, 128, 1), unit(128, 256, 3, 2, 1)) for before in (512, 256)]
        self.stages = nn.ModuleList([nn.Sequential(stem(), one, two, three), four, *more])
        widths = (256, 512, 256, 256)
        self.scores = nn.ModuleList(nn.Conv2d(width, BOXES * (1 + CLASSES), 3, padding=1) for width in widths)
        self.offsets = nn.ModuleList(nn.Conv2d(width, BOXES * 4, 3, padding=1) for width in widths)
        grids = [size // 2 ** (4 + number) for number in range(len(SIZES))]
        self.register_buffer("anchors", torch.from_numpy(anchors(grids)), persistent=False)

    def forward(self, x):
        scores, offsets = [], []
        for stage, score, offset in zip(self.stages, self.scores, self.offsets):
            x = stage(x)
            scores.append(score(x).permute(0, 2, 3, 1).flatten(1))
            offsets.append(offset(x).permute(0, 2, 3, 1).flatten(1))
        return torch.cat(scores, 1).unflatten(1, (-1, 1 + CLASSES)), torch.cat(offsets, 1)


NETWORKS = {"resnet18": resnet18, "resnet50": resnet50, "mobilenet": mobilenet, "ssd": Detector}


# -- the detector's loss --------------------------------------------------------------------------------------------


def overlaps(boxes, others):
    """Return intersection over union, (batch, others, boxes), of boxes (boxes, 4) and others (batch, others, 4)."""
    both = torch.minimum(boxes[:, 2:], others[:, :, None, 2:]) - torch.maximum(boxes[:, :2], others[:, :, None, :2])
    shared = both.clamp(min=0).prod(-1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(-1), (others[..., 2:] - others[..., :2]).prod(-1)
    return shared / (areas[0] + areas[1][..., None] - shared)


def matches(found):
    """Return the object of each box, -1 for none: the best box of each object, and boxes that overlap by half."""
    best, matched = found.max(1)
    matched = torch.where(best >= 0.5, matched, -1)
    rows, left = torch.arange(len(found)), found.clone()
    for _ in range(found.shape[1]):
        place = left.flatten(1).argmax(1)
        thing, box = place // found.shape[2], place % found.shape[2]
        matched[rows, box] = thing
        left[rows, thing] = -1
        left[rows, :, box] = -1
    return matched


def targets(boxes, objects):
    """Return offsets (batch, 4 * boxes), their mask and classes (batch, boxes), as MultiBoxTarget makes them."""
    matched = matches(overlaps(boxes, objects[..., 1:]))
    mask = matched >= 0
    mine = objects.gather(1, matched.clamp(min=0)[..., None].expand(-1, -1, 5))
    centers, extents = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    shift = ((mine[..., 1:3] + mine[..., 3:]) / 2 - centers) / extents / 0.1
    growth = torch.log((mine[..., 3:] - mine[..., 1:3]) / extents) / 0.2
    offsets = torch.cat([shift, growth], -1) * mask[..., None]
    kinds = torch.where(mask, mine[..., 0].long() + 1, 0)
    return offsets.flatten(1), mask.repeat_interleave(4, 1), kinds


def detection_loss(boxes, found, objects):
    scores, offsets = found
    with torch.no_grad():
        goals, mask, kinds = targets(boxes, objects)
    return functional.cross_entropy(scores.flatten(0, 1), kinds.flatten()) + functional.l1_loss(offsets * mask, goals)
