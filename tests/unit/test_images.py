"""Images: what random operators draw, their gradients, and that both ways to interpolate agree."""

from __future__ import annotations

import colorsys
import itertools
from collections import Counter

import numpy as np
import pytest
import torch
from scipy import stats

import mxnet as mx
from mxnet._ops import image_color, image_files, image_resize
from mxnet._ops.registry import get
from tests.laws.calls import eager
from tests.laws.differences import check_gradient

DRAWS = 1500
COLOURS = torch.tensor([[[200.0, 100.0, 50.0], [20.0, 90.0, 120.0]]], dtype=torch.float64)


@pytest.fixture
def generator():
    seed = int(np.random.default_rng().integers(2**31))
    print("seed", seed)  # shown when the test fails
    return torch.Generator().manual_seed(seed)


def drawn(name, image, generator, count=DRAWS, **attributes):
    call = get(f"_image_{name}").function
    return torch.stack([call(image, generator=generator, **attributes) for _ in range(count)])


def fits(values, low, high):
    assert low <= values.min() <= values.max() <= high
    assert stats.kstest(values.numpy(), stats.uniform(low, high - low).cdf).pvalue > 1e-6


# -- what is drawn: the factor is found from the results, which then equal those by the factor -----------------------
def amount_of(name, results):
    """The factor of each result, from the colours that it made of COLOURS."""
    pixels, given = results.squeeze(1), COLOURS[0]
    if name == "brightness":
        return pixels[:, 0, 0] / given[0, 0]
    if name in ("contrast", "saturation"):  # differences of colours are scaled
        return (pixels[:, 0, 0] - pixels[:, 0, 1]) / (given[0, 0] - given[0, 1])
    hues = [colorsys.rgb_to_hls(*pixel)[0] for pixel in (pixels[:, 0] / 255).tolist()]
    turns = torch.tensor(hues, dtype=torch.float64) - colorsys.rgb_to_hls(*(given[0] / 255).tolist())[0]
    return (turns + 0.5) % 1 - 0.5


@pytest.mark.parametrize("name", ["brightness", "contrast", "saturation"])
def test_factors(name, generator):
    results = drawn(f"random_{name}", COLOURS, generator, min_factor=0.5, max_factor=2.25)
    factors = amount_of(name, results)
    fits(factors, 0.5, 2.25)
    for factor, result in zip(factors[:5].tolist(), results):
        expected = drawn(f"random_{name}", COLOURS, generator, 1, min_factor=factor, max_factor=factor)[0]
        torch.testing.assert_close(result, expected)


def test_factors_in_reverse(generator):
    results = drawn("random_brightness", COLOURS, generator, min_factor=2, max_factor=1)
    fits(amount_of("brightness", results), 1, 2)


def test_hues(generator):
    results = drawn("random_hue", COLOURS, generator, min_factor=0.75, max_factor=1.25)
    levels = results.amax(3), results.amin(3)
    for level, expected in zip(levels, (COLOURS.amax(2), COLOURS.amin(2))):
        torch.testing.assert_close(level, expected.expand_as(level))
    fits(amount_of("hue", results), -0.25, 0.25)
    for factor in (0.8, 1.1):
        again = drawn("random_hue", COLOURS, generator, 1, min_factor=factor, max_factor=factor)[0]
        back = drawn("random_hue", again, generator, 1, min_factor=2 - factor, max_factor=2 - factor)[0]
        torch.testing.assert_close(back, COLOURS)


@pytest.mark.parametrize("name", ["brightness", "contrast", "saturation", "hue"])
def test_jitter_of_one_kind(name, generator):
    amounts = {**dict.fromkeys(("brightness", "contrast", "saturation", "hue"), 0.0), name: 0.05}
    results = drawn("random_color_jitter", COLOURS, generator, **amounts)
    fits(amount_of(name, results), *((-0.05, 0.05) if name == "hue" else (0.95, 1.05)))


def test_jitter_takes_every_order(generator):
    counts = Counter(tuple(image_color._order(3, generator)) for _ in range(DRAWS))
    assert set(counts) == set(itertools.permutations(range(3)))
    assert stats.chisquare(list(counts.values())).pvalue > 1e-6


def test_light(generator):
    axes = [drawn("random_lighting", COLOURS, generator, 1, alpha_std=0.0)[0]]
    axes += [get("_image_adjust_lighting").function(COLOURS, alpha=tuple(row)) for row in torch.eye(3).tolist()]
    torch.testing.assert_close(axes[0], COLOURS)
    base = torch.stack([(axis - COLOURS)[0, 0] for axis in axes[1:]])
    results = drawn("random_lighting", COLOURS, generator, alpha_std=0.25) - COLOURS
    amounts = torch.linalg.solve(base.T, results[:, 0, 0].T).flatten()
    assert stats.kstest(amounts.numpy(), stats.norm(scale=0.25).cdf).pvalue > 1e-6


@pytest.mark.parametrize(("name", "axis"), [("left_right", 1), ("top_bottom", 0)])
def test_flips(name, axis, generator):
    image = torch.arange(24).view(2, 4, 3)
    results = drawn(f"random_flip_{name}", image, generator)
    flipped = (results == image.flip(axis)).flatten(1).all(1)
    kept = (results == image).flatten(1).all(1)
    assert (flipped ^ kept).all()
    assert abs(flipped.double().mean() - 0.5) < 0.1


RANDOM = {
    "random_brightness": {"min_factor": 0.5, "max_factor": 2.0},
    "random_contrast": {"min_factor": 0.5, "max_factor": 2.0},
    "random_saturation": {"min_factor": 0.5, "max_factor": 2.0},
    "random_hue": {"min_factor": 0.5, "max_factor": 1.5},
    "random_color_jitter": {"brightness": 0.3, "contrast": 0.3, "saturation": 0.3, "hue": 0.3},
    "random_lighting": {},
    "random_flip_left_right": {},
    "random_flip_top_bottom": {},
}


@pytest.mark.parametrize("name", RANDOM)
def test_gradient(name):
    image = np.random.default_rng(5).uniform(20, 200, (2, 3, 3))
    check_gradient(lambda values: eager(f"_image_{name}", values, RANDOM[name]), [image], name)


@pytest.mark.parametrize("name", RANDOM)
def test_only_the_given_generator_counts(name):
    before = torch.get_rng_state()
    image = torch.rand(4, 4, 3) * 255 if name.startswith("random_f") else COLOURS
    torch.set_rng_state(before)
    one, two = (drawn(name, image, torch.Generator().manual_seed(3), 8, **RANDOM[name]) for _ in range(2))
    assert torch.equal(one, two)
    assert not (one == one[0]).all()
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", [*RANDOM, "to_tensor", "normalize", "flip_left_right", "adjust_lighting"])
def test_bfloat16(name):
    attributes = {"normalize": {"mean": 2, "std": 4}, "adjust_lighting": {"alpha": (0.1, 0.2, 0.3)}}
    image = mx.nd.array(np.random.default_rng(5).uniform(20, 200, (3, 3, 3)))
    call = getattr(mx.nd.image, name)
    results = []
    for given in (image, image.astype("bfloat16")):
        mx.random.seed(5)
        results.append(call(given, **(RANDOM | attributes).get(name, {})))
    assert results[1].dtype == (np.float32 if name == "to_tensor" else image.astype("bfloat16").dtype)
    np.testing.assert_allclose(results[1].asnumpy(), results[0].asnumpy(), rtol=0.03, atol=4)


def test_gradient_of_to_tensor():
    x = mx.nd.ones((2, 3, 3))
    x.attach_grad()
    with mx.autograd.record():
        y = mx.nd.image.to_tensor(x)
    y.backward(mx.nd.arange(18).reshape((3, 2, 3)))
    expected = np.arange(18).reshape(3, 2, 3).transpose(1, 2, 0) / 255
    np.testing.assert_allclose(x.grad.asnumpy(), expected, rtol=1e-6)


# -- two ways to the same result -------------------------------------------------------------------------------------
SIZES = [(1, 1), (3, 5), (23, 45), (37, 20)]
WANTED = [(1, 1), (2, 9), (10, 7), (37, 45), (80, 70)]


@pytest.mark.parametrize("interp", range(6))
def test_weights_give_what_opencv_gives(interp):
    draw = np.random.default_rng()
    for size, wanted, channels in itertools.product(SIZES, WANTED, (1, 3)):
        bytes_ = torch.from_numpy(draw.integers(0, 256, (2, *size, channels), dtype=np.uint8))
        for images, limit in ((bytes_, 1), (bytes_.float(), 3e-3)):
            ways = [way(images, *wanted, interp) for way in (image_resize._by_opencv, image_resize._by_weights)]
            assert ways[0].dtype is ways[1].dtype
            assert (ways[0].double() - ways[1].double()).abs().max() <= limit, (size, wanted, channels)


def test_a_bad_pixel_stays_where_it_is():
    x = torch.zeros(1, 8, 8, 1)
    x[0, 0, 0] = float("nan")
    for interp in range(6):
        bad = image_resize._by_weights(x, 4, 4, interp).isnan()
        assert bad.any()
        assert not bad[0, 2:].any()


@pytest.mark.parametrize("kind", range(5))
def test_borders_with_and_without_opencv(kind):
    draw = np.random.default_rng()
    border = {"top": 7, "bot": 3, "left": 0, "right": 9, "type": kind, "value": 6.5}
    for shape in ((1, 1, 3), (4, 3, 1), (2, 6, 4)):
        image = torch.from_numpy(draw.integers(0, 256, shape, dtype=np.uint8))
        call = image_files.copy_make_border
        assert torch.equal(call(image, **border).int(), call(image.int(), **border))
