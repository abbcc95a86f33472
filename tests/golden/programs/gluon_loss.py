"""What Gluon's losses compute: values, gradients, weights, layouts, symbols."""

_START = """
L = mx.gluon.loss
def inputs(*arrays, **options):
    found = [mx.nd.array(a, **options) for a in arrays]
    for x in found:
        x.attach_grad()
    return found
def run(loss, arrays, *others, hybridize=False, head=None, **named):
    if hybridize:
        loss.hybridize()
    with mx.autograd.record():
        out = loss(*arrays, *others, **named)
    out.backward(None if head is None else mx.nd.array(head))
    return [out] + [x.grad for x in arrays]
P = np.array([[1, -2, 3], [0.5, 1.25, -0.75]])
Q = np.array([[0.5, -1, 3.5], [1.5, -1.25, 0.25]])
S = np.array([[1, -1, 1], [-1, 1, 1]])
B = np.array([[1, 0, 1], [0, 1, 0.25]])
"""

_SAMPLE = """
w = mx.nd.array([[2], [0.5]])
e = mx.nd.array([[1, 2, 0], [0.5, 1, 1]])
"""

#: Losses of two arrays of one shape: name -> (arguments, second array).
_PAIRS = {
    "L2Loss": "Q",
    "L1Loss": "Q",
    "HuberLoss": "Q",
    "HingeLoss": "S",
    "SquaredHingeLoss": "S",
    "LogisticLoss": "S",
    "SigmoidBCELoss": "B",
    "PoissonNLLLoss": "abs(Q)",
}


def _pairs():
    programs = {}
    for name, second in _PAIRS.items():
        call = f"answer = run(L.{name}({{}}), inputs(P, {second}){{}})"
        for title, arguments, rest in (
            ("plain", "", ""),
            ("hybridized", "", ", hybridize=True"),
            ("head gradient", "", ", head=[3]" if name == "PoissonNLLLoss" else ", head=[3, -1]"),
            ("weight", "weight=3", ""),
            ("sample weight", "", ", w"),
            ("element weight", "weight=0.5", ", e"),
            ("weights, hybridized", "weight=2.5", ", w, hybridize=True"),
            ("batch axis", "batch_axis=1", ", head=[1]" if name == "PoissonNLLLoss" else ", head=[1, 2, 3]"),
        ):
            programs[f"{name}: {title}"] = (_START, _SAMPLE, call.format(arguments, rest))
        programs[f"{name}: label of another shape"] = (
            _START,
            f"p, l = inputs(P, ({second}).reshape(3, 2))\nanswer = run(L.{name}(), [p, l])",
        )
        programs[f"{name}: float64"] = (_START, f"answer = run(L.{name}(), inputs(P, {second}, dtype='float64'))")
        programs[f"{name}: three axes"] = (
            _START,
            f"p, l = inputs(np.stack([P, 2 * P]), np.stack([{second}, ({second})[::-1]]))\n"
            f"answer = [run(L.{name}(batch_axis=a), [p, l]) for a in (0, 1, 2, -1)]",
        )
        programs[f"{name}: as a symbol"] = (
            _START,
            f"""
            p, l, w = (mx.sym.var(n) for n in "plw")
            e = L.{name}(weight=2)(p, l, w).bind(mx.cpu(), {{"p": mx.nd.array(P), "l": mx.nd.array({second}),
                "w": mx.nd.array([[2], [0.5]])}}, {{"p": mx.nd.zeros((2, 3))}})
            e.forward(is_train=True)
            e.backward(mx.nd.ones(e.outputs[0].shape))
            answer = [e.outputs[0], e.grad_dict["p"]]
            """,
        )
    return programs


PROGRAMS = {
    **_pairs(),
    # settings of single losses
    "L2Loss: numpy weight": (_START, "answer = run(L.L2Loss(weight=np.float32(3)), inputs(P, Q))"),
    "L2Loss: column and row": (_START, "answer = L.L2Loss()(mx.nd.array([[1], [2]]), mx.nd.array([2, 4]))"),
    "L2Loss: one axis": (_START, "answer = L.L2Loss()(mx.nd.array([1, 2]), mx.nd.array([2, 4]))"),
    "L2Loss: sizes differ": (_START, "L.L2Loss()(mx.nd.array([[1, 3], [2, 3]]), mx.nd.array([2, 4]))"),
    "L2Loss: sample weight that does not fit": (_START, "L.L2Loss()(*inputs(P, Q), mx.nd.array([1, 0]))"),
    "L2Loss: weight no number": (_START, "L.L1Loss(weight='2')(*inputs(P, Q))"),
    "L2Loss: integer label": (_START, "L.L2Loss()(mx.nd.array(P), mx.nd.array(B, dtype='int32'))"),
    "L2Loss: axis that is not there": (_START, "L.L2Loss(batch_axis=7)(*inputs(P, Q))"),
    "HuberLoss: rho": (_START, "answer = [run(L.HuberLoss(rho=r), inputs(P, Q)) for r in (0.25, 0.75, 2)]"),
    "HingeLoss: margin": (_START, "answer = [run(L.HingeLoss(margin=m), inputs(P, S)) for m in (0, 0.5, 3)]"),
    "SquaredHingeLoss: margin": (
        _START,
        "answer = [run(L.SquaredHingeLoss(margin=m), inputs(P, S)) for m in (0.5, 3)]",
    ),
    "LogisticLoss: binary": (_START, "answer = run(L.LogisticLoss(label_format='binary'), inputs(P, B))"),
    "LogisticLoss: another format": (_START, "L.LogisticLoss(label_format='one')"),
    "LogisticLoss: large": (_START, "answer = run(L.LogisticLoss(), inputs([[200, -200, 90, -90]], [[1, 1, -1, -1]]))"),
    "SigmoidBCELoss: from_sigmoid": (
        _START,
        "answer = run(L.SigmoidBCELoss(from_sigmoid=True), inputs([[0.25, 0.5, 0.75], [0.125, 0.9, 0.5]], B))",
    ),
    "SigmoidBCELoss: from_sigmoid at the ends": (
        _START,
        "answer = L.SigmoidBCELoss(from_sigmoid=True)(mx.nd.array([[0, 1], [0, 1]]), mx.nd.array([[0, 1], [1, 0]]))",
    ),
    "SigmoidBCELoss: pos_weight": (
        _START,
        "answer = run(L.SigmoidBCELoss(), inputs(P, B), None, mx.nd.array([2, 3, 0.5]))",
    ),
    "SigmoidBCELoss: pos_weight and sample weight": (
        _START,
        _SAMPLE,
        "answer = run(L.SigmoidBCELoss(weight=2), inputs(P, B), w, mx.nd.array([[2, 3, 0.5]]))",
    ),
    "SigmoidBCELoss: pos_weight from_sigmoid": (
        _START,
        """
        answer = run(L.SigmoidBCELoss(from_sigmoid=True), inputs([[0.25, 0.5, 0.75], [0.125, 0.9, 0.5]], B), None,
                     mx.nd.array([[2]]))
        """,
    ),
    "SigmoidBCELoss: large": (
        _START,
        "answer = run(L.SigmoidBCELoss(), inputs([[10000, -10000, 88, -104]], [[0, 1, 0, 1]]))",
    ),
    # cross entropy
    "SoftmaxCELoss": (_START, "answer = run(L.SoftmaxCELoss(), inputs(P), mx.nd.array([2, 1]))"),
    "SoftmaxCELoss: hybridized": (
        _START,
        "answer = run(L.SoftmaxCELoss(), inputs(P), mx.nd.array([2, 1]), hybridize=True)",
    ),
    "SoftmaxCELoss: label types": (
        _START,
        """
        answer = [L.SoftmaxCELoss()(mx.nd.array(P), mx.nd.array([2, 1], dtype=t))
                  for t in ("int32", "int64", "uint8", "float64")]
        """,
    ),
    "SoftmaxCELoss: label with an axis of 1": (
        _START,
        "answer = L.SoftmaxCELoss()(mx.nd.array(P), mx.nd.array([[2], [1]]))",
    ),
    "SoftmaxCELoss: labels that are no class": (
        _START,
        "answer = run(L.SoftmaxCELoss(), inputs(P), mx.nd.array([-1, 7]))",
    ),
    "SoftmaxCELoss: fractions as labels": (
        _START,
        "answer = L.SoftmaxCELoss()(mx.nd.array(P), mx.nd.array([1.9, 0.2]))",
    ),
    "SoftmaxCELoss: dense label for sparse": (_START, "L.SoftmaxCELoss()(*inputs(P, B))"),
    "SoftmaxCELoss: sparse label for dense": (_START, "L.SoftmaxCELoss(sparse_label=False)(*inputs(P, [1, 2]))"),
    "SoftmaxCELoss: dense": (_START, "answer = run(L.SoftmaxCELoss(sparse_label=False), inputs(P, B))"),
    "SoftmaxCELoss: dense, hybridized": (
        _START,
        _SAMPLE,
        "answer = run(L.SoftmaxCELoss(sparse_label=False, weight=2), inputs(P, B), w, hybridize=True)",
    ),
    "SoftmaxCELoss: from_logits": (
        _START,
        "answer = run(L.SoftmaxCELoss(from_logits=True), inputs(P), mx.nd.array([2, 1]))",
    ),
    "SoftmaxCELoss: dense from_logits": (
        _START,
        "answer = run(L.SoftmaxCELoss(from_logits=True, sparse_label=False), inputs(P, B))",
    ),
    "SoftmaxCELoss: weights": (
        _START,
        _SAMPLE,
        "answer = run(L.SoftmaxCELoss(weight=3), inputs(P), mx.nd.array([2, 1]), w)",
    ),
    "SoftmaxCELoss: images": (
        _START,
        """
        x = inputs(np.sin(np.arange(48)).reshape(2, 3, 4, 2))
        y = mx.nd.array(np.arange(16).reshape(2, 4, 2) % 3)
        m = mx.nd.array(np.arange(16).reshape(2, 1, 4, 2) / 8)
        answer = [run(L.SoftmaxCELoss(axis=1), x, y), run(L.SoftmaxCELoss(axis=1), x, y, m),
                  run(L.SoftmaxCELoss(axis=-3), x, y.expand_dims(1)), run(L.SoftmaxCELoss(axis=1, batch_axis=2), x, y)]
        """,
    ),
    "SoftmaxCELoss: sequences": (
        _START,
        """
        x = inputs(np.sin(np.arange(24)).reshape(4, 2, 3))
        y = mx.nd.array([[0, 1], [2, 1], [0, 0], [1, 2]])
        m = mx.nd.array([[1, 1], [1, 0], [1, 0], [0, 0]]).expand_dims(2)
        answer = [run(L.SoftmaxCELoss(batch_axis=1), x, y), run(L.SoftmaxCELoss(batch_axis=1), x, y, m)]
        """,
    ),
    "SoftmaxCELoss: as a symbol": (
        _START,
        """
        p, l = mx.sym.var("p"), mx.sym.var("l")
        e = L.SoftmaxCELoss()(p, l).bind(mx.cpu(), {"p": mx.nd.array(P), "l": mx.nd.array([0, 2])},
            {"p": mx.nd.zeros((2, 3))})
        e.forward(is_train=True)
        e.backward(mx.nd.array([1, 2]))
        answer = [e.outputs[0], e.grad_dict["p"]]
        """,
    ),
    "SoftmaxCELoss: integers": (
        _START,
        "answer = L.SoftmaxCELoss()(mx.nd.array(P, dtype='int32'), mx.nd.array([1, 0])).asnumpy()",
    ),
    # divergence
    "KLDivLoss": (_START, "answer = run(L.KLDivLoss(), inputs(P, [[0.5, 0.25, 0.25], [0.125, 0, 0.875]]))"),
    "KLDivLoss: from numbers": (
        _START,
        _SAMPLE,
        """
        arrays = inputs(P, [[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]])
        answer = [run(L.KLDivLoss(from_logits=False), arrays), run(L.KLDivLoss(False, axis=0), arrays),
                  run(L.KLDivLoss(from_logits=False, weight=3), arrays, w, hybridize=True),
                  run(L.KLDivLoss(False, batch_axis=1), arrays, head=[1, 2, 3])]
        """,
    ),
    "KLDivLoss: shapes differ": (_START, "L.KLDivLoss()(*inputs(P, [1, 2, 3, 4]))"),
    # counts
    "PoissonNLLLoss: rates": (
        _START,
        _SAMPLE,
        """
        arrays = inputs(abs(P), abs(Q))
        answer = [run(L.PoissonNLLLoss(from_logits=False), arrays), run(L.PoissonNLLLoss(2, False), arrays, w),
                  run(L.PoissonNLLLoss(from_logits=False), arrays, None, 0.125)]
        """,
    ),
    "PoissonNLLLoss: full": (
        _START,
        "answer = [L.PoissonNLLLoss(compute_full=True)(*inputs([[0.1]], [[t]])) for t in (0.5, 1, 1.5, 2, 7)]",
    ),
    # embeddings
    "TripletLoss": (
        _START,
        """
        answer = [run(L.TripletLoss(), inputs(P, Q, B)), run(L.TripletLoss(margin=9), inputs(P, Q, B)),
                  run(L.TripletLoss(margin=9, weight=2), inputs(P, Q, B), hybridize=True),
                  run(L.TripletLoss(margin=9, batch_axis=1), inputs(P, Q, B), head=[1, 2, 3]),
                  L.TripletLoss()(*inputs([1, 2], [1, 2], [0, 0]))]
        """,
    ),
    "TripletLoss: sample weight": (_START, "L.TripletLoss()(*inputs(P, Q, B, [1, 2]))"),
    "CosineEmbeddingLoss": (
        _START,
        """
        answer = [run(L.CosineEmbeddingLoss(), inputs(P, Q), mx.nd.array([1, -1])),
                  run(L.CosineEmbeddingLoss(), inputs(P, Q), mx.nd.array([-1, 1])),
                  run(L.CosineEmbeddingLoss(margin=0.75), inputs(P, Q), mx.nd.array([[-1], [-1]])),
                  run(L.CosineEmbeddingLoss(margin=-0.75), inputs(P, Q), mx.nd.array([[-1], [-1]])),
                  run(L.CosineEmbeddingLoss(), inputs(P, Q), mx.nd.array([0, 2]))]
        """,
    ),
    "CosineEmbeddingLoss: weights, hybridized": (
        _START,
        _SAMPLE,
        "answer = run(L.CosineEmbeddingLoss(weight=3), inputs(P, Q), mx.nd.array([1, -1]), w, hybridize=True)",
    ),
    "CosineEmbeddingLoss: other shapes": (
        _START,
        """
        answer = [L.CosineEmbeddingLoss()(*inputs([1, 2], [1, 1], [1])),
                  L.CosineEmbeddingLoss()(*inputs(np.ones((2, 3, 4)), np.arange(24).reshape(2, 3, 4), np.ones((2, 3)))),
                  L.CosineEmbeddingLoss()(*inputs(P.reshape(3, 2), Q, [1, -1]))]
        """,
    ),
    "CosineEmbeddingLoss: a vector of zeros": (
        _START,
        "answer = L.CosineEmbeddingLoss()(*inputs(0 * P, Q, [1, -1]))",
    ),
    "SDMLLoss": (
        _START,
        """
        x, y = np.sin(np.arange(12)).reshape(3, 4), np.cos(np.arange(12)).reshape(3, 4)
        answer = [run(L.SDMLLoss(), inputs(x, y)), run(L.SDMLLoss(smoothing_parameter=0.1), inputs(x, y)),
                  run(L.SDMLLoss(0.5), inputs(P / 4, Q / 4), head=[1, -2])]
        """,
    ),
    "SDMLLoss: shapes differ": (_START, "L.SDMLLoss()(mx.nd.ones((2, 3)), mx.nd.ones((1, 3)))"),
    "SDMLLoss: parts": (
        _START,
        """
        loss = L.SDMLLoss()
        answer = [loss._compute_distances(*inputs(P, Q)), loss._compute_labels(mx.nd, 4),
                  loss._loss(mx.nd, *inputs(P, Q)), loss.smoothing_parameter, repr(loss.kl_loss)]
        """,
    ),
    # sequences
    "CTCLoss": (
        _START,
        """
        x = inputs(np.sin(np.arange(60)).reshape(2, 6, 5))
        y = mx.nd.array([[1, 2, -1], [3, 3, 0]])
        n, m = mx.nd.array([5, 6]), mx.nd.array([1, 3])
        answer = [run(L.CTCLoss(), x, y), run(L.CTCLoss(weight=2), x, y, hybridize=True), run(L.CTCLoss(), x, y, n),
                  run(L.CTCLoss(), x, y, None, m), run(L.CTCLoss(), x, y, n, m),
                  run(L.CTCLoss(weight=2), x, y, n, m, mx.nd.array([3, 0.5])),
                  run(L.CTCLoss(label_layout="TN"), x, y.T), L.CTCLoss()(x[0], y.astype("int32"))]
        """,
    ),
    "CTCLoss: time first": (
        _START,
        """
        x = inputs(np.sin(np.arange(60)).reshape(6, 2, 5))
        y = mx.nd.array([[1, 2, -1], [3, 3, 0]])
        answer = [run(L.CTCLoss(layout="TNC"), x, y), run(L.CTCLoss("TNC", "TN"), x, y.T)]
        """,
    ),
    "CTCLoss: another layout": (_START, "L.CTCLoss(layout='CNT')"),
    "CTCLoss: another label layout": (_START, "L.CTCLoss(label_layout='T')"),
    # losses of other authors
    "a loss of one's own": (
        _START,
        """
        from mxnet.gluon.loss import Loss, _apply_weighting, _reshape_like
        class Focal(Loss):
            def __init__(self, gamma=2, weight=None, batch_axis=0, **kwargs):
                super().__init__(weight, batch_axis, **kwargs)
                self._gamma = gamma
            def hybrid_forward(self, F, pred, label, sample_weight=None):
                label = _reshape_like(F, label, pred)
                q = F.sigmoid(pred)
                pt = F.where(label > 0.5, q, 1 - q)
                loss = -((1 - pt) ** self._gamma) * F.log(pt)
                loss = _apply_weighting(F, loss, self._weight, sample_weight)
                return F.mean(loss, axis=self._batch_axis, exclude=True)
        b = mx.nd.array(B)
        answer = [run(Focal(), inputs(P), b), run(Focal(weight=2), inputs(P), b, hybridize=True),
                  repr(Focal()), repr(Focal(weight=0.5, batch_axis=1)), Focal(prefix="f_").prefix]
        """,
    ),
    "a loss that derives from another": (
        _START,
        """
        class Masked(L.SoftmaxCELoss):
            def hybrid_forward(self, F, pred, label, valid_length):
                weights = F.expand_dims(F.ones_like(label), axis=-1)
                weights = F.SequenceMask(weights, sequence_length=valid_length, use_sequence_length=True, axis=1)
                return super().hybrid_forward(F, pred, label, weights)
        x = inputs(np.sin(np.arange(24)).reshape(2, 4, 3))
        y = mx.nd.array([[0, 1, 2, 1], [0, 0, 1, 2]])
        answer = [run(Masked(), x, y, mx.nd.array([3, 1])), run(Masked(), x, y, mx.nd.array([3, 1]), hybridize=True)]
        """,
    ),
    "helpers": (
        _START,
        """
        p = mx.nd.array(P)
        w = mx.nd.array([[1], [2]])
        answer = [L._apply_weighting(mx.nd, p, None, None) is p, L._apply_weighting(mx.nd, p, 2, w),
                  L._apply_weighting(mx.nd, p, None, mx.nd.array([[[2]]])), L._reshape_like(mx.nd, mx.nd.arange(6), p)]
        """,
    ),
    "weight that is an array": (_START, "L._apply_weighting(mx.nd, mx.nd.array(P), mx.nd.array([1]))"),
    "attributes": (
        _START,
        """
        answer = []
        names = ("_weight", "_batch_axis", "_rho", "_margin", "_label_format", "_from_sigmoid", "_axis",
                 "_sparse_label", "_from_logits", "_layout", "_label_layout", "_compute_full")
        for loss in (L.L2Loss(), L.L1Loss(2, 1), L.HuberLoss(3), L.HingeLoss(2), L.SquaredHingeLoss(2),
                     L.LogisticLoss(), L.SigmoidBCELoss(True), L.SoftmaxCELoss(1, False, True, 2, 3), L.TripletLoss(3),
                     L.KLDivLoss(False, 1), L.CTCLoss(), L.CTCLoss("TNC", "TN", 2), L.PoissonNLLLoss(),
                     L.CosineEmbeddingLoss(1, 0, 0.5)):
            answer.append((repr(loss), {n: getattr(loss, n) for n in names if hasattr(loss, n)}))
        """,
    ),
    "names": (
        _START,
        "answer = [L.L2Loss().prefix, L.L2Loss().name, L.SoftmaxCELoss(prefix='ce_').prefix, L.SoftmaxCELoss.__name__]",
    ),
    "a loss that is not written": (_START, "L.Loss(None, 0)(mx.nd.ones((1, 1)))"),
    "label left out": (_START, "L.L2Loss()(mx.nd.ones((1, 1)))"),
    "modules": (_START, "answer = sorted({getattr(L, n).__module__ for n in L.__all__})"),
}
