"""Networks for images in JAX, channels last, layer for layer those of the other programs."""

import jax
import numpy as np
from jax import numpy as jnp
from workloads import BOTTLENECKS, BOXES, CLASSES, SIZES, anchors


class Pass:
    """One run through a network: the first makes parameters, later ones read them in the same order."""

    def __init__(self, params=None, state=None, training=False):
        self.making, self.training = params is None, training
        self.params, self.state, self.after = params or [], state or [], []
        self._params, self._state = iter(self.params), iter(self.state)

    def _next(self, make):
        if self.making:
            self.params.append({name: np.asarray(x, "float32") for name, x in make().items()})
            return self.params[-1]
        return next(self._params)

    def conv(self, x, channels, size, stride=1, pad=0, groups=1, bias=False):
        shape = (size, size, x.shape[-1] // groups, channels)

        def make():
            weight = np.random.randn(*shape) * (2 / np.prod(shape[:3])) ** 0.5
            return {"weight": weight, **({"bias": np.zeros(channels)} if bias else {})}

        found = self._next(make)
        y = jax.lax.conv_general_dilated(
            x, found["weight"], (stride, stride), ((pad, pad), (pad, pad)), feature_group_count=groups,
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )  # fmt: skip
        return y + found["bias"] if bias else y

    def norm(self, x):
        channels = x.shape[-1]
        found = self._next(lambda: {"gamma": np.ones(channels), "beta": np.zeros(channels)})
        mean, var = self._averages(channels)
        if self.training:
            batch_mean, batch_var = x.mean((0, 1, 2)), x.var((0, 1, 2))
            self.after.append((0.9 * mean + 0.1 * batch_mean, 0.9 * var + 0.1 * batch_var))
            mean, var = batch_mean, batch_var
        scale = found["gamma"] * jax.lax.rsqrt(var + 1e-5)
        return x * scale + (found["beta"] - mean * scale)

    def _averages(self, channels):
        if self.making:
            self.state.append((np.zeros(channels, "float32"), np.ones(channels, "float32")))
            return self.state[-1]
        return next(self._state)

    def dense(self, x, outputs):
        found = self._next(lambda: {"weight": np.random.randn(x.shape[-1], outputs) * 0.05, "bias": np.zeros(outputs)})
        return x @ found["weight"] + found["bias"]

    def unit(self, x, channels, size, stride=1, pad=0, act=jax.nn.relu, **options):
        y = self.norm(self.conv(x, channels, size, stride, pad, **options))
        return act(y) if act else y


def basic(f, x, channels, stride):
    before = x.shape[-1]
    y = f.unit(f.unit(x, channels, 3, stride, 1), channels, 3, 1, 1, act=None)
    other = stride != 1 or before != channels
    return jax.nn.relu(y + (f.unit(x, channels, 1, stride, act=None) if other else x))


def bottleneck(f, x, channels, stride):
    before = x.shape[-1]
    y = f.unit(f.unit(x, channels // 4, 1, stride, bias=True), channels // 4, 3, 1, 1)
    y = f.unit(y, channels, 1, act=None, bias=True)
    other = stride != 1 or before != channels
    return jax.nn.relu(y + (f.unit(x, channels, 1, stride, act=None) if other else x))


def stem(f, x):
    x = f.unit(x, 64, 7, 2, 3)
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 3, 3, 1), (1, 2, 2, 1), ((0, 0), (1, 1), (1, 1), (0, 0)))


def stage(f, x, block, channels, count, stride):
    for number in range(count):
        x = block(f, x, channels, stride if number == 0 else 1)
    return x


def resnet(f, x, block, widths, counts):
    x = stem(f, x)
    for number, (channels, count) in enumerate(zip(widths, counts)):
        x = stage(f, x, block, channels, count, 2 if number else 1)
    return f.dense(x.mean((1, 2)), 1000)


def mobilenet(f, x):
    x = f.unit(x, 32, 3, 2, 1, act=jax.nn.relu6)
    for channels, factor, stride in BOTTLENECKS:
        before = x.shape[-1]
        inner = before * factor
        y = f.unit(x, inner, 1, act=jax.nn.relu6)
        y = f.unit(y, inner, 3, stride, 1, act=jax.nn.relu6, groups=inner)
        y = f.unit(y, channels, 1, act=None)
        x = x + y if stride == 1 and before == channels else y
    x = f.unit(x, 1280, 1, act=jax.nn.relu6)
    return f.conv(x.mean((1, 2), keepdims=True), 1000, 1).reshape(len(x), -1)


def detector(f, x):
    x = stem(f, x)
    for channels, stride in ((64, 1), (128, 2), (256, 2)):
        x = stage(f, x, basic, channels, 2, stride)
    maps = [x, stage(f, x, basic, 512, 2, 2)]
    for _ in range(2):
        maps.append(f.unit(f.unit(maps[-1], 128, 1), 256, 3, 2, 1))
    scores = [f.conv(y, BOXES * (1 + CLASSES), 3, 1, 1, bias=True).reshape(len(x), -1) for y in maps]
    offsets = [f.conv(y, BOXES * 4, 3, 1, 1, bias=True).reshape(len(x), -1) for y in maps]
    return jnp.concatenate(scores, 1).reshape(len(x), -1, 1 + CLASSES), jnp.concatenate(offsets, 1)


NETWORKS = {
    "resnet18": lambda f, x: resnet(f, x, basic, (64, 128, 256, 512), (2, 2, 2, 2)),
    "resnet50": lambda f, x: resnet(f, x, bottleneck, (256, 512, 1024, 2048), (3, 4, 6, 3)),
    "mobilenet": mobilenet,
    "ssd": detector,
}


def network(name, images):
    """Return parameters, averages and `apply(params, state, x, training)`, which returns outputs and averages."""
    made = Pass()
    jax.eval_shape(lambda x: NETWORKS[name](made, x), images)

    def apply(params, state, x, training):
        f = Pass(params, state, training)
        return NETWORKS[name](f, x), f.after

    return jax.tree.map(jnp.asarray, made.params), jax.tree.map(jnp.asarray, made.state), apply


# -- losses ---------------------------------------------------------------------------------------------------------


def cross_entropy(scores, labels):
    return -jnp.take_along_axis(jax.nn.log_softmax(scores), labels[..., None], axis=-1).mean()


def matches(found):
    """Return the object of each box, -1 for none: the best box of each object, and boxes that overlap by half."""
    matched = jnp.where(found.max(0) >= 0.5, found.argmax(0), -1)
    for _ in range(found.shape[0]):
        thing, box = jnp.unravel_index(found.argmax(), found.shape)
        matched = matched.at[box].set(thing)
        found = found.at[thing].set(-1).at[:, box].set(-1)
    return matched


def targets(boxes, objects):
    """Return offsets, their mask and classes of one picture, as MultiBoxTarget makes them."""
    left, right = jnp.maximum(boxes[:, :2], objects[:, None, 1:3]), jnp.minimum(boxes[:, 2:], objects[:, None, 3:])
    shared = jnp.clip(right - left, 0).prod(-1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(-1), (objects[:, 3:] - objects[:, 1:3]).prod(-1)
    matched = matches(shared / (areas[0] + areas[1][:, None] - shared))
    mask, mine = matched >= 0, objects[jnp.maximum(matched, 0)]
    centers, extents = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    shift = ((mine[:, 1:3] + mine[:, 3:]) / 2 - centers) / extents / 0.1
    growth = jnp.log((mine[:, 3:] - mine[:, 1:3]) / extents) / 0.2
    offsets = jnp.concatenate([shift, growth], -1) * mask[:, None]
    return offsets.ravel(), jnp.repeat(mask, 4), jnp.where(mask, mine[:, 0].astype(int) + 1, 0)


def detection_loss(found, objects, size=256):
    scores, offsets = found
    boxes = anchors([size // 2 ** (4 + number) for number in range(len(SIZES))])
    goals, mask, kinds = jax.vmap(lambda mine: targets(boxes, mine))(objects)
    return cross_entropy(scores, kinds) + jnp.abs(offsets * mask - goals).mean()
