"""Networks for words in JAX: an LSTM language model and a transformer encoder."""

import jax
import numpy as np
from jax import numpy as jnp
from workloads import VOCABULARY


def normal(*shape, scale=0.05):
    return jnp.asarray(np.random.randn(*shape).astype("float32") * scale)


def dense(params, x):
    return x @ params["weight"] + params["bias"]


def dense_params(inputs, outputs):
    return {"weight": normal(inputs, outputs), "bias": jnp.zeros(outputs)}


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


#: For each case the parameters and the function.
NETWORKS = {
    "lstm_training": (language_model, language_apply),
    "transformer_training": (transformer, transformer_apply),
}
