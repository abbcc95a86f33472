"""What metrics report of batches, over resets, by name, and how they are made."""

_DATA = """
r = np.random.RandomState(7)
def probabilities(n, c, dtype="float32"):
    p = r.rand(n, c) + 0.05
    return mx.nd.array(p / p.sum(1, keepdims=True), dtype=dtype)
def classes(n, c, dtype="float32"):
    return mx.nd.array(r.randint(0, c, n), dtype=dtype)
binary = [([classes(8, 2)], [probabilities(8, 2)]) for i in range(4)]
many = [([classes(9, 5)], [probabilities(9, 5)]) for i in range(4)]
pair = lambda *s: ([mx.nd.array(r.rand(*s))], [mx.nd.array(r.rand(*s))])
numbers = [pair(6), pair(4, 3), pair(2, 3, 2), pair(5)]
def number(x):
    return None if x is None else float(x)
def over(metric, batches):
    found = []
    for i, (labels, preds) in enumerate(batches):
        metric.update(labels, preds)
        found.append([metric.get()[0], number(metric.get()[1]), number(metric.get_global()[1])])
        if i == 1:
            metric.reset_local()
            found.append([number(metric.get()[1]), number(metric.get_global()[1])])
    found.append([number(metric.num_inst), number(metric.sum_metric)])
    found.append([number(metric.global_num_inst), number(metric.global_sum_metric)])
    metric.reset()
    found.append([number(metric.get()[1]), number(metric.get_global()[1]), number(metric.num_inst)])
    return found
def look(metric, labels, preds):
    metric.update(labels, preds)
    return [metric.get()[0], number(metric.get()[1]), number(metric.num_inst)]
"""

_OVER = {
    "many": ["Accuracy()", "TopKAccuracy(2)", "TopKAccuracy(top_k=4, name='best')", "CrossEntropy()",
             "CrossEntropy(eps=0.1)", "NegativeLogLikelihood()", "Perplexity(None)", "Perplexity(2)",
             "Perplexity(ignore_label=-1, axis=1)", "PCC()", "PCC(has_global_stats=False)",
             "CustomMetric(lambda l, p: (p.argmax(1) == l).mean())",
             "CustomMetric(lambda l, p: ((p.argmax(1) == l).sum(), len(l)), name='c')",
             "np(lambda l, p: float(l.sum()))"],
    "binary": ["Accuracy()", "F1()", "F1(average='micro')", "MCC()", "MCC(average='micro')", "PCC()",
               "F1(average='something else')"],
    "numbers": ["MAE()", "MSE()", "RMSE()", "Loss()", "Torch()", "Caffe()", "PearsonCorrelation()"],
}  # fmt: skip

PROGRAMS = {
    f"{metric} of {batches}": (_DATA, f"answer = over(mx.metric.{metric}, {batches})")
    for batches, metrics in _OVER.items()
    for metric in metrics
}

_P = "P = mx.nd.array([[.1, .9], [.8, .2], [.3, .7]]); L = mx.nd.array([1, 0, 0])\n"

#: One batch each: metric, labels, predictions, in programs with P and L.
_BATCHES = {
    "bare arrays": ("Accuracy()", "L", "P"),
    "tuples": ("Accuracy()", "(L,)", "(P,)"),
    "two outputs": ("Accuracy()", "[L, L]", "[P, P]"),
    "contexts": ("Accuracy()", "[L.as_in_context(mx.cpu(1))]", "[P.as_in_context(mx.cpu(2))]"),
    "classes": ("Accuracy()", "[L]", "[mx.nd.array([1, 0, 1])]"),
    "classes of other dtypes": ("Accuracy()", "[L.astype('int64')]", "[mx.nd.array([1, 0, 1], dtype='int32')]"),
    "fractions": ("Accuracy()", "[mx.nd.array([1.7, .2, -.5])]", "[mx.nd.array([1.6, .3, 1])]"),
    "label column": ("Accuracy()", "[L.reshape((3, 1))]", "[P]"),
    "both columns": ("Accuracy()", "[L.reshape((3, 1))]", "[mx.nd.array([[1], [0], [1]])]"),
    "one-hot": ("Accuracy()", "[mx.nd.array([[0, 1], [1, 0], [1, 0]])]", "[P]"),
    "float16": ("Accuracy()", "[L]", "[P.astype('float16')]"),
    "ties": ("Accuracy()", "[mx.nd.zeros((3,))]", "[mx.nd.ones((3, 4))]"),
    "nan": ("Accuracy()", "[mx.nd.array([0, 1])]", "[mx.nd.array([[1, float('nan'), 2], [float('nan'), 1, 2]])]"),
    "strange labels": ("Accuracy()", "[mx.nd.array([-1, 0, 300])]", "[P]"),
    "large classes": ("Accuracy()", "[mx.nd.array([16777217], dtype='float64')]",
                      "[mx.nd.array([16777216], dtype='float64')]"),
    "axis 2": ("Accuracy(axis=2)", "[mx.nd.ones((2, 3))]", "[mx.nd.array(np.arange(24).reshape(2, 3, 4) % 5)]"),
    "axis 1 of 3": ("Accuracy()", "[mx.nd.ones((2, 4))]", "[mx.nd.array(np.arange(24).reshape(2, 3, 4) % 5)]"),
    "axis -1": ("Accuracy(axis=-1)", "[mx.nd.ones((2, 3))]", "[mx.nd.array(np.arange(24).reshape(2, 3, 4) % 5)]"),
    "axis 0": ("Accuracy(axis=0)", "[mx.nd.array([1, 0])]", "[P]"),
    "no outputs": ("Accuracy()", "[]", "[]"),
    "axis too high": ("Accuracy(axis=9)", "[L]", "[P]"),
    "other number of outputs": ("Accuracy()", "[L, L]", "[P]"),
    "other number of samples": ("Accuracy()", "[mx.nd.array([1, 0])]", "[P]"),
    "list and array": ("Accuracy()", "L", "[P]"),
    "no labels": ("Accuracy()", "None", "[P]"),
    "top 2 ties": ("TopKAccuracy(2)", "[mx.nd.array([0, 1, 2, 3])]", "[mx.nd.ones((4, 4))]"),
    "top 2 labels that are no class": ("TopKAccuracy(2)", "[mx.nd.array([-1, 2, 1.9])]", "[P]"),
    "top 2 nan": ("TopKAccuracy(2)", "[mx.nd.array([0, 1, 2, 3])]",
                  "[mx.nd.array([[1, float('nan'), 3, 2]] * 4)]"),
    "top 3 of 2 classes": ("TopKAccuracy(3)", "[L]", "[P]"),
    "top 2 other number of samples": ("TopKAccuracy(2)", "[mx.nd.array([1, 0])]", "[P]"),
    "F1 three labels": ("F1()", "[mx.nd.array([0, 1, 2])]", "[P]"),
    "F1 three columns": ("F1()", "[L]", "[mx.nd.array([[0, 1, 2], [1, 0, 0], [1, 5, 2]])]"),
    "F1 no positives": ("F1()", "[mx.nd.array([0, 0, 0])]", "[P]"),
    "F1 other labels": ("F1()", "[mx.nd.array([3, 1, 3])]", "[P]"),
    "F1 two outputs": ("F1()", "[L, L]", "[P, P * P]"),
    "F1 other number of samples": ("F1()", "[mx.nd.array([1, 0])]", "[P]"),
    "MCC no positives": ("MCC()", "[mx.nd.array([0, 0, 0])]", "[P]"),
    "MCC other labels": ("MCC()", "[mx.nd.array([3, 1, 3])]", "[P]"),
    "MCC three labels": ("MCC(average='micro')", "[mx.nd.array([0, 1, 2])]", "[P]"),
    "PCC classes": ("PCC()", "[mx.nd.array([0, 1, 2, 2])]", "[mx.nd.array([0, 1, 2, 1])]"),
    "PCC new class": ("PCC()", "[mx.nd.array([3, 1, 0])]", "[P]"),
    "PCC one class": ("PCC()", "[mx.nd.array([1, 1])]", "[mx.nd.array([1, 1])]"),
    "PCC two outputs": ("PCC()", "[L, L]", "[L, mx.nd.array([0, 1, 0])]"),
    "MAE (3,) and (3, 1)": ("MAE()", "[L]", "[P[:, 0:1]]"),
    "MAE (3,) and (3, 2)": ("MAE()", "[L]", "[P]"),
    "MSE (3, 2) and (3, 1)": ("MSE()", "[P]", "[P[:, 0:1]]"),
    "RMSE (3,) and (2, 2)": ("RMSE()", "[L]", "[mx.nd.ones((2, 2))]"),
    "MSE integers": ("MSE()", "[mx.nd.array([1, 2], dtype='int32')]", "[mx.nd.array([1, 4], dtype='int32')]"),
    "MSE large integers": ("MSE()", "[mx.nd.array([16777217], dtype='int32')]", "[mx.nd.array([16777216])]"),
    "MSE float64": ("MSE()", "[mx.nd.array([1, 2], dtype='float64')]", "[mx.nd.array([300.1, 1])]"),
    "MAE nan": ("MAE()", "[mx.nd.array([1, float('nan')])]", "[mx.nd.array([1, 2])]"),
    "MAE bare": ("MAE()", "L", "L * 2"),
    "cross entropy of float64": ("CrossEntropy()", "[L]", "[P.astype('float64')]"),
    "cross entropy of labels (3, 1)": ("CrossEntropy()", "[L.reshape((3, 1))]", "[P]"),
    "cross entropy, label too high": ("CrossEntropy()", "[mx.nd.array([0, 1, 2])]", "[P]"),
    "cross entropy, negative label": ("CrossEntropy()", "[mx.nd.array([0, 1, -1])]", "[P]"),
    "cross entropy of nothing": ("CrossEntropy()", "[mx.nd.array([0])]", "[mx.nd.array([[0, 1]])]"),
    "perplexity of nothing": ("Perplexity(None)", "[mx.nd.array([0])]", "[mx.nd.array([[0, 1]])]"),
    "perplexity, all ignored": ("Perplexity(1)", "[mx.nd.array([1, 1, 1])]", "[P]"),
    "perplexity, no such word": ("Perplexity(None)", "[mx.nd.array([1, 9, -1])]", "[P]"),
    "perplexity of integers": ("Perplexity(0)", "[L.astype('int32')]", "[P]"),
    "perplexity bare": ("Perplexity(None)", "L", "P"),
    "pearson shapes": ("PearsonCorrelation()", "[L]", "[L.reshape((3, 1))]"),
    "pearson micro": ("PearsonCorrelation(average='micro')", "[L, L]", "[P[:, 0], P[:, 1] * 2]"),
    "pearson of a constant": ("PearsonCorrelation()", "[mx.nd.ones((3,))]", "[L]"),
    "loss bare": ("Loss()", "None", "P"),
    "loss of integers": ("Loss()", "[1, 2]", "[mx.nd.array([1, 2], dtype='int32')]"),
    "custom with three results": ("CustomMetric(lambda l, p: (1, 2, 3))", "[L]", "[P]"),
    "custom without result": ("CustomMetric(lambda l, p: None)", "[L]", "[P]"),
    "custom, more outputs": ("CustomMetric(lambda l, p: 0.5)", "[L]", "[P, P]"),
    "custom, more outputs allowed": ("CustomMetric(lambda l, p: 0.5, allow_extra_outputs=True)", "[L]", "[P, P]"),
}  # fmt: skip

PROGRAMS.update(
    {
        f"batch: {name}": (_DATA, _P, f"answer = look(mx.metric.{metric}, {labels}, {preds})")
        for name, (metric, labels, preds) in _BATCHES.items()
    }
)

PROGRAMS.update(
    {
        "names": """
            make = mx.metric.create
            def my(label, pred): return 1.0
            answer = [str(make(x)) for x in ("acc", "ACCURACY")]
            answer += [str(make(x)) for x in ("f1", "mcc", "mae", "mse", "rmse", "ce", "nll_loss", "pearsonr", "pcc",
                "loss", "torch", "caffe", "composite", ["acc", "ce"], my, lambda l, p: 1.0, [], ["mae", my])]
            answer += [make("top_k_acc", top_k=3).name, make("perplexity", ignore_label=None).name, make("acc", 2).axis,
                make(my, name="n", allow_extra_outputs=True).name, make('["accuracy", {"axis": 3}]').axis,
                make('{"metric": "ce", "eps": 0.5}').eps, mx.metric.np(my).name, mx.metric.np(my, name="q").name]
            m = mx.metric.F1()
            answer.append(make(m) is m)
        """,
        "perplexity without its argument": "mx.metric.create('perplexity')",
        "attributes": """
            a = mx.metric.Accuracy(axis=2, name="n", output_names=["o"], label_names=["l"])
            t = mx.metric.TopKAccuracy(3)
            p, f = mx.metric.Perplexity(4, axis=1), mx.metric.F1(average="micro")
            e, o = mx.metric.EvalMetric("e", foo=1), mx.metric.EvalMetric("o", has_global_stats=True)
            answer = [a.axis, a.name, a.output_names, a.label_names, a._kwargs, a._has_global_stats, t.top_k, t.name,
                p.ignore_label, p.axis, f.average, e._kwargs, e._has_global_stats, o._has_global_stats, e.num_inst,
                e.sum_metric, e.global_num_inst, e.global_sum_metric, mx.metric.CrossEntropy().eps,
                mx.metric.CompositeEvalMetric().metrics]
        """,
        "configurations": """
            answer = [m.get_config() for m in (mx.metric.Accuracy(axis=2), mx.metric.CrossEntropy(eps=0.5),
                mx.metric.MAE(), mx.metric.EvalMetric("x", output_names=["o"], foo=[1]), mx.metric.Loss(label_names=[]),
                mx.metric.CompositeEvalMetric(["acc", "mse"], name="both"))]
            answer.append(str(mx.metric.create(**answer[-1])))
        """,
        "a function has no configuration": "mx.metric.CustomMetric(lambda l, p: 1.0).get_config()",
        "update is abstract": "mx.metric.EvalMetric('x').update([], [])",
        "by name": (
            _P,
            """
            a = mx.metric.Accuracy(output_names=["p"], label_names=["l"])
            a.update_dict({"x": L * 0, "l": L}, {"y": P * 0, "p": P})
            b = mx.metric.Accuracy()
            b.update_dict({"l": L}, {"p": P})
            c = mx.metric.CompositeEvalMetric([mx.metric.Accuracy(output_names=["p"], label_names=["l"]),
                mx.metric.Loss(output_names=["y"], label_names=[])], output_names=["p", "y"], label_names=["l"])
            c.update_dict({"x": L * 0, "l": L}, {"y": P * 3, "p": P, "z": P})
            answer = [a.get(), b.get(), c.get(), c.get_name_value()]
            d = mx.metric.CompositeEvalMetric(["acc"], output_names=["p"], label_names=["l"])
            d.update_dict({"x": L * 0, "l": L}, {"y": P * 3, "p": P, "z": P})
            answer.append(d.get())
            """,
        ),
        "by name, too many outputs": (_P, "mx.metric.Accuracy().update_dict({'l': L}, {'p': P, 'q': P})"),
        "composite": (
            _P,
            """
            c = mx.metric.CompositeEvalMetric(["acc", mx.metric.F1()])
            c.add("ce")
            c.add(lambda l, p: 0.25)
            c.update([L], [P])
            answer = [c.get(), c.get_global(), c.get_name_value(), c.get_global_name_value(), c.get_metric(2).name,
                len(c.metrics)]
            c.reset_local()
            answer += [c.get(), c.get_global()]
            c.reset()
            answer += [c.get(), c.get_global()]
            """,
        ),
        "a metric of several names": (
            _P,
            """
            class Multi(mx.metric.EvalMetric):
                def __init__(self):
                    super().__init__("multi")
                    self.num = 2
                    self.name = ["first", "second"]
                    self.reset()
                def reset(self):
                    if getattr(self, "num", None) is None:
                        self.num_inst, self.sum_metric = 0, 0.0
                    else:
                        self.num_inst, self.sum_metric = [0] * self.num, [0.0] * self.num
                def update(self, labels, preds):
                    for i, p in enumerate(preds):
                        self.sum_metric[i] += float(p.sum().asscalar())
                        self.num_inst[i] += p.size
                def get(self):
                    return self.name, [s / n if n else float("nan") for s, n in zip(self.sum_metric, self.num_inst)]
            m = Multi()
            answer = [str(m)]
            m.update(None, [P, L])
            answer += [m.get(), m.get_name_value(), m.get_global_name_value()]
            c = mx.metric.CompositeEvalMetric([m, "acc"])
            answer += [c.get(), c.get_name_value()]
            """,
        ),
        "a metric of one's own": (
            _P,
            """
            @mx.metric.register
            class Half(mx.metric.EvalMetric):
                def __init__(self, name="half", scale=0.5, **kwargs):
                    super(Half, self).__init__(name, scale=scale, **kwargs)
                    self.scale = scale
                def update(self, labels, preds):
                    mx.metric.check_label_shapes(labels, preds)
                    for label, pred in zip(labels, preds):
                        self.sum_metric += float(self.scale * (pred.asnumpy().argmax(1) == label.asnumpy()).sum())
                        self.num_inst += len(label)
            m = mx.metric.create("half", scale=0.25)
            m.update([L], [P])
            answer = [m.get(), m.get_global(), m.num_inst, m.sum_metric, m.get_config(), str(m)]
            m.reset_local()
            answer += [m.get(), m.get_global()]
            """,
        ),
        "a metric that inherits from Accuracy": (
            _P,
            """
            class Masked(mx.metric.Accuracy):
                def update(self, labels, preds):
                    super().update(labels, preds)
                    self.sum_metric -= 1
                    self.num_inst += 1
            m = Masked(name="masked")
            m.update([L], [P])
            m.update([L], [P])
            answer = [m.get(), m.num_inst, float(m.sum_metric), m.get_global()]
            """,
        ),
        "sums that are arrays": """
            m = mx.metric.EvalMetric("x")
            m.sum_metric += mx.nd.array([3])
            m.num_inst += 2
            answer = [m.get()]
        """,
        "moments": """
            m = mx.metric.PearsonCorrelation(average="micro")
            one = m.update_variance(np.array([1., 2., 4.]), 0, 0, 0)
            two = m.update_variance(np.array([1., 7.]), *one)
            m.update_cov(np.array([1., 2.]), np.array([3., 5.]))
            answer = [[float(x) for x in one], [float(x) for x in two], float(m._conv)]
            m.reset_micro()
            answer.append(m._conv)
        """,
        "counts of outcomes": (
            _P,
            """
            m = mx.metric.F1(average="micro")
            m.update([L], [P])
            s = m.metrics
            names = ["true_positives", "false_negatives", "false_positives", "true_negatives"]
            answer = [[getattr(s, "global_" * g + n) for n in names] for g in (0, 1)]
            answer += [float(x) for x in (s.precision, s.recall, s.fscore, s.matthewscc(), s.total_examples,
                s.global_precision, s.global_recall, s.global_fscore, s.matthewscc(True), s.global_total_examples)]
            m.reset_local()
            answer += [float(x) for x in (s.precision, s.recall, s.fscore, s.matthewscc(), s.total_examples,
                s.global_precision, s.global_recall, s.global_fscore, s.matthewscc(True), s.global_total_examples)]
            """,
        ),
        "confusion": """
            m = mx.metric.PCC()
            m.update([mx.nd.array([0, 0, 0, 1])], [mx.nd.array([1, 1, 2, 1])])
            answer = [m.lcm, m.gcm, m.k, float(m._calc_mcc(np.array([[3, 1], [2, 4]])))]
            m.reset_local()
            answer += [m.lcm, m.gcm]
            m.reset()
            answer += [m.lcm, m.gcm, m.k]
        """,
        "check shapes": """
            a, b, c = mx.nd.ones((2,)), mx.nd.ones((2, 3)), mx.nd.ones((3,))
            check = mx.metric.check_label_shapes
            answer = [check([1], [2]), check(a, b), check(a, b, wrap=True), check([a], b[0:1]), check(c, c, shape=True)]
        """,
        "check numbers": "mx.metric.check_label_shapes([1], [1, 2])",
        "check lengths": "mx.metric.check_label_shapes(mx.nd.ones((2,)), mx.nd.ones((3,)))",
        "check whole shapes": "mx.metric.check_label_shapes(mx.nd.ones((2,)), mx.nd.ones((2, 3)), shape=True)",
        "pickles": (
            _P,
            """
            import copy, pickle
            m = mx.metric.CompositeEvalMetric(["acc", "ce", "mae", "f1", "pcc"])
            m.get_metric(2).update([L], [L * 2])
            for i in (0, 1, 3, 4):
                m.get_metric(i).update([L], [P])
            answer = [pickle.loads(pickle.dumps(m)).get(), copy.deepcopy(m).get()]
            """,
        ),
    }
)
