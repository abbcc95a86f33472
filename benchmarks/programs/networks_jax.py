"""The same networks as a user of JAX writes them: pure functions under jit, channels last."""

import functools

import jax
import language_jax
import numpy as np
import vision_jax
from jax import numpy as jnp
from later import Made, later
from worker import serve
from workloads import LANGUAGE, VISION, classes, objects, pictures, tokens

np.random.seed(0)


def count(params):
    return sum(x.size for x in jax.tree.leaves(params))


def trained(apply, params, state, inputs, labels, loss):
    """Return a step: loss, gradients and SGD with momentum in one compiled function."""

    def value(params, state):
        found, state = apply(params, state, inputs, True)
        return loss(found, labels), state

    @functools.partial(jax.jit, donate_argnums=(0, 1, 2))
    def update(params, momenta, state):
        gradients, state = jax.grad(value, has_aux=True)(params, state)
        momenta = jax.tree.map(lambda m, g: 0.9 * m + g, momenta, gradients)
        return jax.tree.map(lambda p, m: p - 0.01 * m, params, momenta), momenta, state

    held, parameters = [params, jax.tree.map(jnp.zeros_like, params), state], count(params)

    def step():
        held[:] = update(*held)
        jax.block_until_ready(held[0])

    return Made(step, parameters)


def channels_last(name):
    return jnp.asarray(pictures(name).transpose(0, 2, 3, 1))


def training(name):
    kind, batch, _ = VISION[name]
    images = channels_last(name)
    params, state, apply = vision_jax.network(kind, images)
    if kind == "ssd":
        return trained(apply, params, state, images, jnp.asarray(objects(batch)), vision_jax.detection_loss)
    return trained(apply, params, state, images, jnp.asarray(classes(batch)), vision_jax.cross_entropy)


def inference(name):
    images = channels_last(name)
    params, state, apply = vision_jax.network(VISION[name][0], images)
    infer = jax.jit(lambda params, state, x: apply(params, state, x, False)[0])
    return Made(lambda: jax.block_until_ready(infer(params, state, images)), count(params))


def language_training(name):
    length, batch = LANGUAGE[name]
    make, apply = language_jax.NETWORKS[name]
    words, following = map(jnp.asarray, tokens((length, batch) if name == "lstm_training" else (batch, length)))
    return trained(apply, make(), {}, words, following, vision_jax.cross_entropy)


MAKERS = {
    **{name: (lambda name=name: (training if "training" in name else inference)(name)) for name in VISION},
    **{name: (lambda name=name: language_training(name)) for name in LANGUAGE},
}

if __name__ == "__main__":
    cases, measures = later(MAKERS)
    serve(cases, measures, facts={"version": jax.__version__})
