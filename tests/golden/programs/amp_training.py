"""Training after ``amp.init('float16')``; without dense layers, which MXNet 1.9.1 lacks in float16 on a CPU."""

from .amp_convert import SETUP

_TRAINER = """
amp.init("float16")
weight = mx.gluon.Parameter("w", shape=(2,), dtype="float64")
weight.initialize(mx.init.One(), ctx=[mx.cpu(0), mx.cpu(1)])
trainer = mx.gluon.Trainer([weight], "sgd", {"learning_rate": 0.5, "rescale_grad": 0.5}, update_on_kvstore=False)
amp.init_trainer(trainer)
def step(factor=1.0, before=lambda: None):
    with mx.autograd.record():
        losses = [weight.data(c) * mx.nd.array([1, 2], ctx=c, dtype="float64") for c in weight.list_ctx()]
        losses[0] = losses[0] * factor
        with amp.scale_loss(losses, trainer) as scaled:
            mx.autograd.backward(scaled)
    gradients = [g.asnumpy() for g in weight.list_grad()]
    before()
    trainer.step(2)
    return [gradients, weight.data(mx.cpu(1)).asnumpy(), trainer._scale, trainer._optimizer.rescale_grad]
"""

PROGRAMS = {
    "Outputs scale their gradients": (  # first: the scale is that of the process's first trainer
        SETUP,
        _TRAINER,
        """
        answer = []
        for output in (mx.nd.LinearRegressionOutput, mx.nd.LogisticRegressionOutput, mx.nd.MAERegressionOutput):
            for options in ({}, {"grad_scale": 2}):
                data = mx.nd.array([[1, 2]])
                data.attach_grad()
                with mx.autograd.record():
                    out = output(data, mx.nd.array([[0, 5]]), **options)
                out.backward()
                answer.append(data.grad)
        """,
    ),
    "trainer": (SETUP, _TRAINER, "answer = [step(), step(), hasattr(trainer, '_amp_loss_scaler')]"),
    "trainer, overflow": (
        SETUP,
        _TRAINER,
        "answer = [step(np.inf)[1], weight.data(mx.cpu(0)), step(np.nan)[1], step()[1]]",
    ),
    "trainer, unscale": (
        SETUP,
        _TRAINER,
        """
        def unscale():
            amp.unscale(trainer)
            amp.unscale(trainer)
        answer = [step(1.0, unscale)[1:], step(1.0, unscale)[1:], step()[1]]
        """,
    ),
    "trainer, one loss": (
        SETUP,
        _TRAINER,
        """
        answer = []
        for loss in (mx.nd.ones((2,)), [mx.nd.ones((2,))], (mx.nd.ones((2,)), mx.nd.ones((1,)))):
            with amp.scale_loss(loss, trainer) as scaled:
                answer.append([type(scaled).__name__, scaled])
        """,
    ),
    "scaler": (
        SETUP,
        """
        weight = mx.gluon.Parameter("w", shape=(2,))
        fixed = mx.gluon.Parameter("f", shape=(2,), grad_req="null")
        for one in (weight, fixed):
            one.initialize(mx.init.One())
        scaler = amp.loss_scaler.LossScaler()
        answer = [scaler.loss_scale]
        weight.grad()[:] = 1
        answer += [scaler.has_overflow([weight]), scaler.loss_scale]
        weight.grad()[1] = np.inf
        answer += [scaler.has_overflow([weight])]
        weight.grad()[:] = 1
        answer += [scaler.has_overflow([weight]), scaler.loss_scale]
        found = [scaler.has_overflow([weight]) for i in range(2000)]
        answer += [any(found), scaler.loss_scale]
        """,
    ),
    "refused: no trainer": (SETUP, "amp.init('float16'); amp.init_trainer(3)"),
    "refused: an optimizer": (SETUP, "amp.init('float16'); amp.init_trainer(mx.optimizer.SGD())"),
    "refused: to unscale an optimizer": (SETUP, "amp.unscale(mx.optimizer.SGD())"),
}
