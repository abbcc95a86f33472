"""A training step of LeNet through Module, as `fit` makes it. remx and MXNet 1.9.1 both run this file."""

import numpy as np
from worker import serve

import mxnet as mx

BATCH = 128


def network():
    layer = mx.sym.Variable("data")
    for number, channels in ((1, 20), (2, 50)):
        layer = mx.sym.Convolution(layer, kernel=(5, 5), num_filter=channels, name=f"conv{number}")
        layer = mx.sym.Activation(layer, act_type="tanh", name=f"tanh{number}")
        layer = mx.sym.Pooling(layer, pool_type="max", kernel=(2, 2), stride=(2, 2), name=f"pool{number}")
    layer = mx.sym.FullyConnected(mx.sym.Flatten(layer), num_hidden=500, name="fc1")
    layer = mx.sym.Activation(layer, act_type="tanh", name="tanh3")
    layer = mx.sym.FullyConnected(layer, num_hidden=10, name="fc2")
    return mx.sym.SoftmaxOutput(layer, name="softmax")


np.random.seed(0)
pictures = mx.nd.array(np.random.rand(BATCH, 1, 28, 28))
labels = mx.nd.array(np.random.randint(0, 10, BATCH))
batch = mx.io.DataBatch([pictures], [labels], pad=0)
module = mx.mod.Module(network())
module.bind([("data", pictures.shape)], [("softmax_label", labels.shape)])
module.init_params(mx.init.Xavier())
module.init_optimizer(optimizer="sgd", optimizer_params={"learning_rate": 0.01, "momentum": 0.9})
metric = mx.metric.create("acc")
executor = module._exec_group.execs[0]


def step():
    module.forward_backward(batch)
    module.update()
    module.update_metric(metric, batch.label)


def forward_backward():
    module.forward_backward(batch)


def executor_alone():
    executor.forward(is_train=True)
    executor.backward()


def update():
    module.update()


def update_metric():
    module.update_metric(metric, batch.label)


def inference():
    module.forward(batch, is_train=False)


step()

if __name__ == "__main__":
    serve(
        {
            "step": step,
            "forward_backward": forward_backward,
            "executor_alone": executor_alone,
            "update": update,
            "update_metric": update_metric,
            "inference": inference,
        },
        finish=mx.nd.waitall,
        facts={"version": mx.__version__},
    )
