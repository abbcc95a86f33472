"""What the old training interface trains, logs and refuses."""

from tests.golden.programs.modules import _BASE

_DATA = (
    _BASE
    + """
r = np.random.RandomState(0)
X, Y = r.randn(20, 5).astype("float32"), r.randint(0, 3, 20).astype("float32")

def model(epochs=2, **kwargs):
    given = ready()
    options = dict(num_epoch=epochs, arg_params=given.get_params()[0], aux_params={}, numpy_batch_size=8)
    options.update(kwargs)
    return mx.model.FeedForward(network(), **options)
"""
)

PROGRAMS = {
    "fit an iterator": (
        _DATA,
        """
m = model(learning_rate=0.5, momentum=0.9)
told = []
with Lines() as lines:
    m.fit(iterator(), eval_data=iterator(), batch_end_callback=lambda p: told.append((p.epoch, p.nbatch)),
        epoch_end_callback=lambda e, s, a, x: told.append((e, s.name, sorted(a), sorted(x))))
answer = [lines, told, m.arg_params, m.aux_params, m.predict(X), m.score(iterator())]
""",
    ),
    "fit on two devices": (
        _DATA,
        """
m = model(learning_rate=0.5, ctx=[mx.cpu(0), mx.cpu(1)])
with Lines() as lines:
    m.fit(iterator(), kvstore="device")
answer = [lines, m.arg_params]
""",
    ),
    "fit with an optimizer": (
        _DATA,
        """
m = model(optimizer=mx.optimizer.SGD(learning_rate=0.1))
m.fit(iterator())
answer = m.arg_params
""",
    ),
    "fit arrays": (
        _DATA,
        """
m = model(learning_rate=0.1)
told = []
with Lines() as lines:
    m.fit(X, Y, eval_data=(X, Y), eval_metric=mx.metric.Loss(),
        batch_end_callback=lambda p: told.append((p.epoch, p.nbatch)))
answer = [[(level, text.split("=")[0]) for level, text in lines], told]
""",
    ),
    "all data in one batch": (
        _DATA,
        """
m = model(epochs=5, learning_rate=0.5, numpy_batch_size=20)
m.fit(X, Y.reshape((20, 1)))
answer = [m.arg_params, m.predict(X), m.score(mx.io.NDArrayIter(X, Y, 20), ["acc", "ce"])]
""",
    ),
    "epochs of a given size": (
        _DATA,
        """
m = model(epochs=3, epoch_size=2)
told = []
with Lines() as lines:
    m.fit(iterator(), batch_end_callback=lambda p: told.append((p.epoch, p.nbatch)))
answer = [lines, told, m.arg_params]
""",
    ),
    "predict": (
        _DATA,
        """
m = model()
answer = [m.predict(X), m.predict(iterator()), m.predict(iterator(), num_batch=1), m.predict(mx.nd.array(X)),
    m.predict(X[:3]), m.predict(iterator(), return_data=True), m.score(iterator(), num_batch=1)]
""",
    ),
    "files": (
        _DATA,
        """
import tempfile
with tempfile.TemporaryDirectory() as folder, Lines() as lines:
    prefix = os.path.join(folder, "net")
    m = model()
    m.save(prefix)
    m.save(prefix, 7)
    files = sorted(os.listdir(folder))
    loaded = mx.model.FeedForward.load(prefix, 7, num_epoch=8, learning_rate=0.1)
    loaded.fit(iterator())
answer = [[(l, t.replace(folder, "")) for l, t in lines], files, loaded.begin_epoch, loaded.arg_params,
    loaded.kwargs["learning_rate"]]
""",
    ),
    "create": (
        _DATA,
        """
with Lines() as lines:
    m = mx.model.FeedForward.create(network(), iterator(), num_epoch=1, initializer=mx.init.One(), learning_rate=0.1)
answer = [lines, m.arg_params]
""",
    ),
    "deprecation": (
        _DATA,
        """
with Warned() as texts:
    mx.model.FeedForward(network())
answer = texts
""",
    ),
    "superfluous parameters": (
        _DATA,
        """
given = {"x": mx.nd.ones((2,)), "fc1_bias": mx.nd.ones((4,))}
answer = mx.model.FeedForward(network(), arg_params=given, aux_params={}, allow_extra_params=True).arg_params
""",
    ),
    "no labels": (_DATA, "model().fit(X)"),
    "too few labels": (_DATA, "model().fit(X, Y[:3])"),
    "labels of two columns": (_DATA, "model().fit(X, np.ones((20, 2)))"),
    "data of another kind": (_DATA, "model().predict(X.tolist())"),
    "evaluation data of another kind": (_DATA, "model().fit(X, Y, eval_data=3)"),
    "no number of epochs": (_DATA, "model(epochs=None).fit(X, Y)"),
    "save without an epoch": (_DATA, "model(epochs=None).save('never')"),
}
