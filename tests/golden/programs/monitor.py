"""What a Monitor sees in the forward pass of executors, and how it tells of it."""

_NET = """
net = mx.sym.SoftmaxOutput(mx.sym.Activation(mx.sym.BatchNorm(mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=2,
    name="fc"), name="bn", fix_gamma=False), act_type="relu", name="act"), name="sm")
def bound(symbol=net, **shapes):
    e = symbol.simple_bind(mx.cpu(), grad_req="null", **(shapes or {"data": (2, 3)}))
    for i, n in enumerate(sorted(e.arg_dict)):
        e.arg_dict[n][:] = mx.nd.arange(e.arg_dict[n].size).reshape(e.arg_dict[n].shape) / 10 + i
    for v in e.aux_dict.values():
        v[:] = 1
    return e
def numbers(found):
    "The texts as numbers, which are compared with a tolerance."
    return [(step, name, [float(part) for part in text.split("\\t")[:-1]], text[-1:]) for step, name, text in found]
def watch(*args, **kwargs):
    m = mx.mon.Monitor(*args, **kwargs)
    e = bound()
    assert m.install(e) is None
    return m, e
"""

PROGRAMS = {
    "attributes": (
        _NET,
        """
        m, e = watch(2, None, "a.*", True, True)
        answer = [m.interval, m.activated, m.queue, m.step, len(m.exes), m.exes[0] is e, m.re_prog.pattern, m.sort,
            m.monitor_all]
        """,
    ),
    "default statistic": "answer = [mx.mon.Monitor(1).stat_func(mx.nd.array([[3, -4], [0, 0]]))]",
    "training": (
        _NET,
        """
        m, e = watch(1)
        found = []
        for i in range(2):
            m.tic()
            e.forward(is_train=True)
            found.append(([q[:2] for q in m.queue], m.activated, m.step))
            found.append(numbers(m.toc()))
            found.append((m.queue, m.activated))
        answer = found
        """,
    ),
    "inference": (
        _NET,
        """
        m, e = watch(1, pattern="(?!bn_var)")
        m.tic()
        e.forward()
        answer = numbers(m.toc())
        """,
    ),
    "sorted": (
        _NET,
        """
        m, e = watch(1, sort=True)
        m.tic()
        e.forward(is_train=True)
        answer = numbers(m.toc())
        """,
    ),
    "patterns": (
        _NET,
        """
        answer = []
        for pattern in (".*weight", "fc", "weight", "nope", ".*_output"):
            m, e = watch(1, pattern=pattern)
            m.tic()
            e.forward(is_train=True)
            answer.append(numbers(m.toc()))
        """,
    ),
    "everything": (
        _NET,
        """
        m, e = watch(1, pattern="(?!act_)", monitor_all=True)
        m.tic()
        e.forward(is_train=True)
        answer = numbers(m.toc())
        """,
    ),
    "interval": (
        _NET,
        """
        m, e = watch(3, pattern="fc_output")
        found = []
        for i in range(7):
            m.tic()
            e.forward()
            found.append((m.activated, m.step, numbers(m.toc())))
        answer = found
        """,
    ),
    "negative interval": (
        _NET,
        """
        m, e = watch(-1, pattern="fc_output")
        m.tic()
        answer = m.activated
        """,
    ),
    "without tic": (
        _NET,
        """
        m, e = watch(1)
        e.forward()
        answer = [m.toc(), m.queue]
        """,
    ),
    "tic twice": (
        _NET,
        """
        m, e = watch(1, pattern="fc_output")
        m.tic()
        e.forward()
        m.tic()
        left = list(m.queue)
        e.forward()
        answer = [left, m.step, numbers(m.toc())]
        """,
    ),
    "two executors": (
        _NET,
        """
        m, e = watch(1, pattern="fc_.*")
        f = bound()
        m.install(f)
        m.tic()
        e.forward()
        f.forward()
        answer = numbers(m.toc())
        """,
    ),
    "statistics": (
        _NET,
        """
        answer = []
        for stat in (lambda x: [x.max(), x.min()], lambda x: [], lambda x: mx.nd.norm(x) / np.sqrt(x.size)):
            m, e = watch(1, stat, "fc_.*")
            m.tic()
            e.forward()
            answer.append(numbers(m.toc()))
        """,
    ),
    "statistic of several numbers": (
        _NET,
        """
        m, e = watch(1, lambda x: x.round(), "fc_.*")
        m.tic()
        e.forward()
        answer = m.toc()
        """,
    ),
    "printed": (
        _NET,
        """
        import logging
        class Kept(logging.Handler):
            def emit(self, record):
                lines.append(record.getMessage())
        lines, kept, root = [], Kept(), logging.getLogger()
        level = root.level
        root.setLevel(logging.INFO)
        root.addHandler(kept)
        m, e = watch(1, lambda x: x.max().round(), "fc_.*")
        m.tic()
        e.forward()
        result = m.toc_print()
        root.removeHandler(kept)
        root.setLevel(level)
        answer = [result, lines]
        """,
    ),
}
