"""Random operators draw from the distributions that they promise, and from their own generator only.

Every run takes a new seed, which a failure prints. By chance alone, one run in 50,000 fails; a parameter that is 5%
off never passes.
"""

from __future__ import annotations

import secrets

import numpy as np
import pytest
import torch
from scipy import stats

from mxnet._ops.multisampling import by_inverse
from mxnet._ops.registry import get

DRAWS = 200_000
LIMIT = 5.5  # standard deviations
CPU = torch.device("cpu")


def generalized(mu, alpha):
    """Mean mu, variance mu + alpha mu^2."""
    return stats.nbinom(1 / alpha, 1 / (1 + alpha * mu))


#: name -> parameters of two distributions, and the SciPy distribution for parameters.
DISTRIBUTIONS = {
    "uniform": (
        [{"low": -1.0, "high": 3.0}, {"low": 10.0, "high": 12.0}],
        lambda low, high: stats.uniform(low, high - low),
    ),
    "normal": ([{"loc": 3.0, "scale": 0.5}, {"loc": -10.0, "scale": 20.0}], stats.norm),
    "gamma": (
        [{"alpha": 0.5, "beta": 3.0}, {"alpha": 9.0, "beta": 0.25}],
        lambda alpha, beta: stats.gamma(alpha, scale=beta),
    ),
    "exponential": ([{"lam": 4.0}, {"lam": 0.25}], lambda lam: stats.expon(scale=1 / lam)),
    "poisson": ([{"lam": 3.5}, {"lam": 60.0}], lambda lam: stats.poisson(lam)),
    "negative_binomial": ([{"k": 3, "p": 0.3}, {"k": 20, "p": 0.75}], lambda k, p: stats.nbinom(k, p)),
    "generalized_negative_binomial": ([{"mu": 4.0, "alpha": 0.5}, {"mu": 30.0, "alpha": 0.05}], generalized),
}

CASES = [
    pytest.param(name, parameters, make, id=f"{name}-{i}")
    for name, (both, make) in DISTRIBUTIONS.items()
    for i, parameters in enumerate(both)
]


@pytest.fixture
def seed():
    return secrets.randbits(40)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def distance(values, expected):
    """How far values are from a distribution, in standard deviations: the worst of mean, variance and shape."""
    values = np.asarray(values, dtype="float64").ravel()
    mean, variance, kurtosis = map(float, expected.stats(moments="mvk"))
    root = values.size**0.5
    of_mean = abs(values.mean() - mean) / variance**0.5 * root
    of_variance = abs(((values - mean) ** 2).mean() / variance - 1) / (kurtosis + 2) ** 0.5 * root
    if hasattr(expected.dist, "pmf"):
        assert (values == np.floor(values)).all(), "a count is not whole"
        low, high = expected.ppf([1e-3, 1 - 1e-3]).astype(int)
        edges = np.arange(low, high + 1)  # one cell for each count, the tails in the first and the last
        probabilities = np.diff(np.concatenate(([0], expected.cdf(edges[:-1]), [1])))
        counts = np.bincount(np.clip(values, low, high).astype(int) - low, minlength=edges.size)
        p_value = stats.chisquare(counts, probabilities * values.size).pvalue
    else:
        p_value = stats.kstest(values, expected.cdf).pvalue
    return max(of_mean, of_variance, -stats.norm.ppf(max(p_value, 1e-300)))


def assert_drawn_from(values, expected, seed, what):
    found = distance(values, expected)
    assert found < LIMIT, f"{what}, seed {seed}: {found:.1f} standard deviations off"


@pytest.mark.parametrize(("name", "parameters", "make"), CASES)
class TestDistributions:
    def test_numbers(self, name, parameters, make, seed):
        entry = get(f"_random_{name}")
        drawn = entry.function(
            **entry.parse({"shape": DRAWS, "dtype": "float64", **parameters}), generator=seeded(seed), device=CPU
        )
        assert_drawn_from(drawn, make(**parameters), seed, name)

    def test_like(self, name, parameters, make, seed):
        drawn = get(f"_random_{name}_like").function(torch.empty(DRAWS), **parameters, generator=seeded(seed))
        assert_drawn_from(drawn, make(**parameters), seed, name)

    def test_arrays(self, name, parameters, make, seed):
        """Each element of the parameter arrays has a block of its own, in order."""
        every = DISTRIBUTIONS[name][0] + [parameters]
        arrays = [torch.tensor([float(p[key]) for p in every], dtype=torch.float64) for key in parameters]
        drawn = get(f"_sample_{name}").function(
            *arrays, shape=(DRAWS // 4, 2), dtype=torch.float64, generator=seeded(seed)
        )
        for block, own in zip(drawn, every, strict=True):
            assert_drawn_from(block, make(**own), seed, f"{name} {own}")

    def test_wrong_parameters_are_found(self, name, parameters, make, seed):
        """The test itself: a parameter that is 5% off must not pass (20% for a dispersion, which moves little)."""
        drawn = get(f"_random_{name}_like").function(torch.empty(DRAWS), **parameters, generator=seeded(seed))
        for key in parameters:
            factor = 1.2 if (name, key) == ("generalized_negative_binomial", "alpha") else 1.05
            wrong = {**parameters, key: parameters[key] + 1 if key == "k" else parameters[key] * factor}
            assert distance(drawn, make(**wrong)) > LIMIT, f"{name} passes for {wrong}, seed {seed}"

    def test_half_precision(self, name, parameters, make, seed):
        like = torch.empty(DRAWS // 4, dtype=torch.float16)
        drawn = get(f"_random_{name}_like").function(like, **parameters, generator=seeded(seed)).double()
        expected = make(**parameters)
        error = expected.std() / (DRAWS // 4) ** 0.5
        assert abs(drawn.mean().item() - expected.mean()) < 5 * error + 1e-3 * abs(expected.mean()), f"seed {seed}"


def test_uniform_stays_below_high(seed):
    for dtype in ("float16", "float32", "float64"):
        entry = get("_random_uniform")
        drawn = entry.function(**entry.parse({"shape": DRAWS, "dtype": dtype}), generator=seeded(seed), device=CPU)
        assert drawn.min() >= 0
        assert drawn.max() <= 1 if dtype == "float16" else drawn.max() < 1


def test_randint(seed):
    entry = get("_random_randint")
    drawn = entry.function(**entry.parse({"low": -3, "high": 8, "shape": DRAWS}), generator=seeded(seed), device=CPU)
    assert_drawn_from(drawn, stats.randint(-3, 8), seed, "randint")
    assert (drawn.min(), drawn.max()) == (-3, 7)


def multinomial(data, seed, **attributes):
    entry = get("_sample_multinomial")
    return entry.function(torch.tensor(data, dtype=torch.float32), **entry.parse(attributes), generator=seeded(seed))


def multinomial_by_inverse(data, seed, shape):
    """The way of devices that must not be asked."""
    rows = torch.tensor(data, dtype=torch.float32)
    return by_inverse(rows.reshape(-1, rows.shape[-1]), shape, seeded(seed)).squeeze(0)


BOTH_WAYS = pytest.mark.parametrize("draw", [multinomial, multinomial_by_inverse])


@BOTH_WAYS
def test_multinomial(draw, seed):
    data = [[0.1, 0.2, 0.0, 0.7], [0.25, 0.25, 0.5, 0.0], [3.0, 1.0, 0.0, 0.0]]
    for row, drawn in zip(np.array(data), draw(data, seed, shape=DRAWS), strict=True):
        counts = np.bincount(drawn.numpy(), minlength=4)
        assert counts[row == 0].sum() == 0
        p_value = stats.chisquare(counts[row > 0], row[row > 0] / row.sum() * DRAWS).pvalue
        assert p_value > 1e-6, f"{row}: {counts}, seed {seed}"


@BOTH_WAYS
def test_multinomial_over_many_classes(draw, seed):
    """Probabilities far below float32's resolution of 1 keep their share."""
    row = np.full(100_000, 1e-5)
    row[:50_000] *= 3
    drawn = draw(row, seed, shape=DRAWS)
    share = (drawn < 50_000).double().mean().item()
    assert abs(share - 0.75) < 5 * (0.75 * 0.25 / DRAWS) ** 0.5, f"seed {seed}"


def test_multinomial_gradient(seed):
    """The logarithm's gradient is 1 / p where a draw fell, summed over draws."""
    data = torch.tensor([[0.1, 0.2, 0.7], [0.5, 0.5, 0.0]], requires_grad=True)
    entry = get("_sample_multinomial")
    positions, logs = entry.function(data, **entry.parse({"shape": 5, "get_prob": True}), generator=seeded(seed))
    (gradient,) = torch.autograd.grad(logs.sum(), data)
    for row in range(2):
        counts = np.bincount(positions[row].numpy(), minlength=3)
        expected = np.divide(counts, data[row].detach().numpy(), where=counts > 0, out=np.zeros(3))
        np.testing.assert_allclose(gradient[row].numpy(), expected, rtol=1e-5)


def test_shuffle(seed):
    """Every order of four rows is equally likely, and rows stay whole."""
    data, generator, function = torch.arange(8).view(4, 2), seeded(seed), get("_shuffle").function
    orders: dict[tuple[int, ...], int] = {}
    for _ in range(4800):
        drawn = function(data, generator=generator)
        assert (drawn[:, 1] - drawn[:, 0] == 1).all()
        key = tuple(drawn[:, 0].tolist())
        orders[key] = orders.get(key, 0) + 1
    assert len(orders) == 24
    assert stats.chisquare(list(orders.values())).pvalue > 1e-6, f"{orders}, seed {seed}"


def zipfian(range_max, shape, generator):
    return get("_sample_unique_zipfian").function(range_max=range_max, shape=shape, generator=generator, device=CPU)


def test_unique_zipfian(seed):
    classes, tries = zipfian(10, (DRAWS, 1), seeded(seed))
    assert (tries == 1).all()
    edges = np.log(np.array([1, *np.arange(1.5, 10), 10])) / np.log(10)
    counts = np.bincount(classes.ravel().numpy(), minlength=10)
    assert stats.chisquare(counts, np.diff(edges) * DRAWS).pvalue > 1e-6, f"{counts}, seed {seed}"


def test_unique_zipfian_rows_are_distinct(seed):
    classes, tries = zipfian(50, (300, 50), seeded(seed))
    assert (classes.sort(dim=1).values == torch.arange(50)).all()
    assert (tries > 50).any()
    _, tries = zipfian(5, (50_000, 4), seeded(seed))
    # 3000 rows of MXNet 1.9.1 took 7.606 draws on average
    assert abs(tries.double().mean().item() - 7.606) < 0.4, f"seed {seed}"
    assert tries.min() == 4


RANDOM = [
    *[(f"_random_{name}", both[0]) for name, (both, _) in DISTRIBUTIONS.items()],
    ("_random_randint", {"low": 0, "high": 1000}),
    ("_sample_unique_zipfian", {"range_max": 1000}),
]


@pytest.mark.parametrize(("name", "attributes"), RANDOM, ids=[name for name, _ in RANDOM])
def test_only_the_given_generator_counts(name, attributes, seed):
    entry, before = get(name), torch.get_rng_state()

    def draw(number):
        result = entry.function(**entry.parse({"shape": (8, 8), **attributes}), generator=seeded(number), device=CPU)
        return result[0] if isinstance(result, tuple) else result

    assert torch.equal(draw(seed), draw(seed))
    assert not torch.equal(draw(seed), draw(seed + 1))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_no_gradient_flows_to_parameters(name, seed):
    values = [torch.tensor([float(v)], requires_grad=True) for v in DISTRIBUTIONS[name][0][0].values()]
    assert not get(f"_sample_{name}").function(*values, shape=(2,), generator=seeded(seed)).requires_grad
    before = torch.get_rng_state()
    one, two = (get(f"_sample_{name}").function(*values, shape=(64,), generator=seeded(seed)) for _ in range(2))
    assert torch.equal(one, two)
    assert torch.equal(torch.get_rng_state(), before)


def test_undefined_means_give_zero(seed):
    means = torch.tensor([-1.0, float("nan"), 0.0])
    assert get("_sample_poisson").function(means, generator=seeded(seed)).tolist() == [0, 0, 0]
