"""The same networks as a user of JAX writes them: pure functions under jit, channels last."""

import functools

import jax
import numpy as np
from jax import numpy as jnp
from worker import serve

VOCABULARY = 10_000
np.random.seed(0)


def trained(apply, params, state, inputs, labels, rate=0.01):
    """Return a step: loss, gradients and SGD with momentum in one compiled function."""

    def loss(params, state):
        scores, state = apply(params, state, inputs, True)
        log = jax.nn.log_softmax(scores)
        return -jnp.take_along_axis(log, labels[..., None], axis=-1).mean(), state

    @functools.partial(jax.jit, donate_argnums=(0, 1, 2))
    def update(params, momenta, state):
        gradients, state = jax.grad(loss, has_aux=True)(params, state)
        momenta = jax.tree.map(lambda m, g: 0.9 * m + g, momenta, gradients)
        return jax.tree.map(lambda p, m: p - rate * m, params, momenta), momenta, state

    held = [params, jax.tree.map(jnp.zeros_like, params), state]

    def step():
        held[:] = update(*held)
        jax.block_until_ready(held[0])

    return step


def normal(*shape, scale=0.05):
    return jnp.asarray(np.random.randn(*shape).astype("float32") * scale)


def dense(params, x):
    return x @ params["weight"] + params["bias"]


def dense_params(inputs, outputs):
    return {"weight": normal(inputs, outputs), "bias": jnp.zeros(outputs)}


# -- ResNet-18 ------------------------------------------------------------------------------------------------------


def conv(weight, x, stride=1, pad=1):
    return jax.lax.conv_general_dilated(
        x, weight, (stride, stride), ((pad, pad), (pad, pad)), dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def norm(params, state, x, training):
    mean, var = state
    if training:
        batch_mean, batch_var = x.mean((0, 1, 2)), x.var((0, 1, 2))
        state = (0.9 * mean + 0.1 * batch_mean, 0.9 * var + 0.1 * batch_var)
        mean, var = batch_mean, batch_var
    scale = params["gamma"] * jax.lax.rsqrt(var + 1e-5)
    return x * scale + (params["beta"] - mean * scale), state


def unit_params(before, channels, size):
    fresh = {"gamma": jnp.ones(channels), "beta": jnp.zeros(channels)}
    return {"weight": normal(size, size, before, channels), **fresh}, (jnp.zeros(channels), jnp.ones(channels))


def resnet():
    params, state = {}, {}
    params["stem"], state["stem"] = unit_params(3, 64, 7)
    before = 64
    for stage, channels in enumerate((64, 128, 256, 512)):
        for block in range(2):
            name = f"{stage}{block}"
            params[name + "a"], state[name + "a"] = unit_params(before, channels, 3)
            params[name + "b"], state[name + "b"] = unit_params(channels, channels, 3)
            if before != channels:
                params[name + "s"], state[name + "s"] = unit_params(before, channels, 1)
            before = channels
    params["head"] = dense_params(512, 1000)
    return params, state


def resnet_apply(params, state, x, training):
    after = {}

    def unit(name, x, stride=1, pad=1):
        found, after[name] = norm(params[name], state[name], conv(params[name]["weight"], x, stride, pad), training)
        return found

    x = jax.nn.relu(unit("stem", x, 2, 3))
    x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 3, 3, 1), (1, 2, 2, 1), ((0, 0), (1, 1), (1, 1), (0, 0)))
    for stage in range(4):
        for block in range(2):
            name, stride = f"{stage}{block}", 2 if stage and not block else 1
            y = unit(name + "b", jax.nn.relu(unit(name + "a", x, stride)))
            x = jax.nn.relu(y + (unit(name + "s", x, stride, 0) if name + "s" in params else x))
    return dense(params["head"], x.mean((1, 2))), after


def pictures(count):
    return jnp.asarray(np.random.rand(count, 224, 224, 3).astype("float32"))


def resnet_training():
    return trained(resnet_apply, *resnet(), pictures(16), jnp.asarray(np.random.randint(0, 1000, 16)))


def resnet_inference(count):
    (params, state), images = resnet(), pictures(count)
    infer = jax.jit(lambda params, state, x: resnet_apply(params, state, x, False)[0])
    return lambda: infer(params, state, images).block_until_ready()


# -- language models ------------------------------------------------------------------------------------------------


def language_model(width=512):
    layers = [{"weight": normal(2 * width, 4 * width), "bias": jnp.zeros(4 * width)} for _ in range(2)]
    return {"embedding": normal(VOCABULARY, width), "layers": layers, "scores": dense_params(width, VOCABULARY)}


def language_apply(params, state, tokens, training):
    x = params["embedding"][tokens]
    for layer in params["layers"]:
        width = x.shape[-1]
        from_input = x @ layer["weight"][:width] + layer["bias"]

        def cell(carry, along, recurrent=layer["weight"][width:]):
            h, c = carry
            i, f, g, o = jnp.split(along + h @ recurrent, 4, axis=-1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        zeros = jnp.zeros((x.shape[1], width))
        _, x = jax.lax.scan(cell, (zeros, zeros), from_input)
    return dense(params["scores"], x), state


def transformer(layers=4, width=256, length=128):
    def layer():
        norms = [{"gamma": jnp.ones(width), "beta": jnp.zeros(width)} for _ in range(2)]
        return {
            "projections": dense_params(width, 3 * width), "output": dense_params(width, width), "norms": norms,
            "wide": dense_params(width, 4 * width), "narrow": dense_params(4 * width, width),
        }  # fmt: skip

    return {
        "embedding": normal(VOCABULARY, width), "places": normal(1, length, width),
        "layers": [layer() for _ in range(layers)], "scores": dense_params(width, VOCABULARY),
    }  # fmt: skip


def layer_norm(params, x):
    x = x - x.mean(-1, keepdims=True)
    return x * jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + 1e-5) * params["gamma"] + params["beta"]


def transformer_apply(params, state, tokens, training, heads=8):
    x = params["embedding"][tokens] + params["places"]
    batch, length, width = x.shape
    for layer in params["layers"]:
        q, k, v = jnp.moveaxis(dense(layer["projections"], x).reshape(batch, length, 3, heads, -1), 2, 0)
        mixed = jax.nn.dot_product_attention(q, k, v).reshape(batch, length, width)
        x = layer_norm(layer["norms"][0], x + dense(layer["output"], mixed))
        hidden = jax.nn.gelu(dense(layer["wide"], x), approximate=False)
        x = layer_norm(layer["norms"][1], x + dense(layer["narrow"], hidden))
    return dense(params["scores"], x), state


def language_training(apply, params, shape):
    tokens, labels = (jnp.asarray(np.random.randint(0, VOCABULARY, shape)) for _ in range(2))
    return trained(apply, params, {}, tokens, labels)


MAKERS = {
    "resnet_training": resnet_training,
    "resnet_inference_16": lambda: resnet_inference(16),
    "resnet_inference_1": lambda: resnet_inference(1),
    "lstm_training": lambda: language_training(language_apply, language_model(), (35, 32)),
    "transformer_training": lambda: language_training(transformer_apply, transformer(), (8, 128)),
}


def later(name, made={}):  # noqa: B006 - one for the whole program
    """Return a case that is made when it is first called; a new one takes the place of the last."""

    def case():
        if name not in made:
            made.clear()
            made[name] = MAKERS[name]()
        made[name]()

    return case


if __name__ == "__main__":
    serve({name: later(name) for name in MAKERS}, facts={"version": jax.__version__})
