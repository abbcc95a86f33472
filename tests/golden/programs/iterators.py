"""What data iterators yield, epoch by epoch."""

# MXNet's iterators over files write the next batch over the last one: batches are copied at once
_SHOW = """
def kept(arrays):
    return [a.asnumpy().copy() for a in arrays]
def show(it, epochs=1):
    found = []
    for _ in range(epochs):
        found.append([(kept(b.data), kept(b.label), b.pad) for b in it])
        it.reset()
    return found
x = np.arange(10, dtype="float32").reshape(10, 1)
y = np.arange(10) * 10
def descs(it):
    return [(d.name, d.shape, np.dtype(d.dtype).name, d.layout) for d in it.provide_data + it.provide_label]
"""
_FILES = (
    _SHOW
    + """
import atexit, os, shutil, tempfile
folder = tempfile.mkdtemp()
atexit.register(shutil.rmtree, folder, True)
def file(name, text):
    path = os.path.join(folder, name)
    with open(path, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    return path
def numbered(it, epochs=1):
    found = []
    for _ in range(epochs):
        found.append([(kept(b.data), kept(b.label), b.pad, b.index.tolist()) for b in it])
        it.reset()
    return found
rows = file("rows.csv", "".join("%d,%g,%g\\n" % (i, i + 0.5, -i) for i in range(10)))
seven = file("seven.csv", "".join("%d,%d,%d\\n" % (i, i, i) for i in range(7)))
ten = file("ten.csv", "".join("%d\\n" % (10 * i) for i in range(10)))
svm = file("a.svm", "1 0:0.5 2:1.5\\n0 1:2\\n2\\n1 0:1 1:2 2:3\\n0 2:7\\n")
svm_labels = file("b.svm", "5 0:1 2:3\\n6 1:5\\n7 0:2\\n8 0:1\\n9 1:1 2:1\\n")
twenty = file("c.svm", "".join("%d %d:%d\\n" % (i, i % 3, i) for i in range(20)))
def idx(name, magic, shape, content):
    return file(name, np.array((magic,) + shape, ">i4").tobytes() + bytes(bytearray(content)))
image = idx("image", 2051, (10, 2, 3), [i * 7 % 256 for i in range(60)])
label = idx("label", 2049, (10,), range(10))
"""
)

PROGRAMS = {
    # DataDesc and DataBatch
    "description": """
        D = mx.io.DataDesc
        d = D("data", (2, 3))
        answer = [repr(d), repr(D("x", (4,), "float16", "NTC")), d == ("data", (2, 3)), tuple(d), d.dtype, d.layout,
                  d == D("data", (2, 3), "int8"), hash(d) == hash(("data", (2, 3))), d._fields]
    """,
    "description is pickled": """
        import pickle, copy
        d = mx.io.DataDesc("data", (2, 3), "int8", "NT")
        answer = [sorted(e.__dict__.items()) for e in (pickle.loads(pickle.dumps(d)), copy.deepcopy(d))]
    """,
    "description batch axis": 'answer = [mx.io.DataDesc.get_batch_axis(l) for l in ("NCHW", "TNC", "CHW", "", None)]',
    "description list": """
        get = mx.io.DataDesc.get_list
        answer = [repr(get([("a", (1, 2)), ("b", (3,))], t)) for t in (None, [("a", "int32"), ("b", np.float16)])]
    """,
    "description list lacks a type": 'mx.io.DataDesc.get_list([("a", (1, 2)), ("b", (3,))], [("a", "int32")])',
    "batch": """
        a = mx.nd.zeros((2, 3))
        b = mx.io.DataBatch([a, a], [a], pad=1, index=[3], bucket_key=7)
        answer = [str(b), str(mx.io.DataBatch((a,))), str(mx.io.DataBatch([], [])), sorted(b.__dict__),
                  b.pad, b.index, b.bucket_key, b.provide_data, mx.io.DataBatch([np.zeros(3)]).data[0]]
    """,
    # the base class
    "base does nothing": """
        it = mx.io.DataIter(5)
        answer = [it.batch_size, it.reset(), it.iter_next(), it.getdata(), it.getlabel(), it.getindex(), it.getpad(),
                  iter(it) is it, list(it), mx.io.DataIter().batch_size]
    """,
    "base with iter_next": """
        class Three(mx.io.DataIter):
            n = 0
            def iter_next(self): self.n += 1; return self.n < 4
            def getdata(self): return [mx.nd.ones((1,)) * self.n]
            def getlabel(self): return [mx.nd.zeros((1,))]
            def getindex(self): return [7]
            def getpad(self): return self.n
        answer = [(b.data, b.label, b.index, b.pad) for b in Three(1)]
    """,
    "base with next": """
        class Two(mx.io.DataIter):
            n = 0
            def next(self):
                self.n += 1
                if self.n > 2: raise StopIteration
                return mx.io.DataBatch([mx.nd.ones((1,)) * self.n])
            def reset(self): self.n = 0
        it = Two(1)
        answer = []
        for epoch in range(2):
            answer.append([b.data for b in it])
            it.reset()
    """,
    # NDArrayIter
    **{
        f"arrays {handle} {size}": (
            _SHOW,
            f"answer = show(mx.io.NDArrayIter(x, y, {size}, last_batch_handle='{handle}'), 4)",
        )
        for handle in ("pad", "discard", "roll_over")
        for size in (1, 3, 4, 5, 7, 10, 12)
    },
    "arrays pad more than all": (_SHOW, "answer = show(mx.io.NDArrayIter(x[:3], y[:3], 8), 2)"),
    **{
        f"arrays shuffled {handle}": (
            _SHOW,
            f"""
            np.random.seed(0)
            it = mx.io.NDArrayIter(x, y, 4, True, "{handle}")
            answer = [it.idx, it.data[0][1], it.label[0][1], show(it, 3), it.idx, it.data[0][1]]
            it.hard_reset()
            answer.append(show(it, 2))
        """,
        )
        for handle in ("pad", "discard", "roll_over")
    },
    "arrays shuffled leaves the source": (
        _SHOW,
        "a = mx.nd.array(x); it = mx.io.NDArrayIter(a, None, 4, shuffle=True); it.reset(); answer = [a]",
    ),
    "arrays hard reset": (
        _SHOW,
        """
        it = mx.io.NDArrayIter(x, y, 4, last_batch_handle="roll_over")
        list(it)
        it.hard_reset()
        answer = show(it, 2)
    """,
    ),
    "arrays reset within an epoch": (
        _SHOW,
        """
        answer = []
        for handle in ("pad", "roll_over", "discard"):
            it = mx.io.NDArrayIter(x, y, 4, last_batch_handle=handle)
            it.next()
            it.reset()
            answer.append(show(it, 1))
    """,
    ),
    "arrays without reset": (
        _SHOW,
        """
        it = mx.io.NDArrayIter(x, y, 4)
        answer = [len(list(it)), len(list(it)), it.cursor]
    """,
    ),
    "arrays getters": (
        _SHOW,
        """
        it = mx.io.NDArrayIter(x, y, 4)
        answer = [it.cursor, it.getpad(), it.getindex()]
        while it.iter_next():
            answer += [it.getdata(), it.getlabel(), it.getpad(), it.getindex(), it.cursor]
        answer += [it.getpad(), it.cursor]
    """,
    ),
    "arrays getters discard": (
        _SHOW,
        """
        it = mx.io.NDArrayIter(x, y, 4, last_batch_handle="discard")
        answer = []
        while it.iter_next():
            answer += [it.getdata(), it.getlabel(), it.getpad()]
    """,
    ),
    "arrays getdata before the first": (_SHOW, "mx.io.NDArrayIter(x, y, 4).getdata()"),
    "arrays attributes": (
        _SHOW,
        """
        it = mx.io.NDArrayIter(x, y, 4)
        answer = [it.num_data, it.num_source, it.idx, it.batch_size, it.cursor, it.data, it.label, it.shuffle,
                  it.last_batch_handle, it.layout, it.data_list, descs(it)]
    """,
    ),
    "arrays names": (
        _SHOW,
        """
        many = [x] * 12
        answer = [descs(mx.io.NDArrayIter(*a, batch_size=4, **k)) for a, k in (
            ((x, y), {}), ((x, None), {}), ((x, []), {}), ((x, {}), {}), (([x, x], [y, y]), {}), ((many,), {}),
            (({"b": x, "a": np.ones((10, 2, 3))}, {"m": y, "l": y}), {}), ((x, y), dict(data_name="d", label_name="l")),
            (([x],), dict(data_name="d")), ((x, y), dict(layout="NTC")), (([[1, 2], [3, 4]],), {}))]
    """,
    ),
    "arrays batches of many": (
        _SHOW,
        "answer = show(mx.io.NDArrayIter({'b': x, 'a': x * 2}, {'m': y, 'l': y + 1}, 4), 1)",
    ),
    "arrays dtypes": (
        _SHOW,
        """
        answer = []
        for dtype in ("float64", "float16", "int64", "int32", "uint8", "int8"):
            for data in (x.astype(dtype), mx.nd.array(x, dtype=dtype)):
                it = mx.io.NDArrayIter(data, y, 4)
                b = it.next()
                answer += [descs(it), np.dtype(b.data[0].dtype).name, np.dtype(b.label[0].dtype).name]
    """,
    ),
    "arrays batches are copies": (
        _SHOW,
        """
        a = mx.nd.array(x)
        n = x.copy()
        answer = []
        for source in (a, n):
            it = mx.io.NDArrayIter(source, y, 4)
            it.next().data[0][:] = 99
            answer.append(np.array(it.data[0][1].asnumpy()))
            source[:] = 55
            answer.append(it.next().data)
        answer.append(mx.io.NDArrayIter(a, y, 4).data[0][1] is a)
    """,
    ),
    "arrays other lengths of labels": (
        _SHOW,
        "answer = show(mx.io.NDArrayIter(x[:9], y, 4, last_batch_handle='discard'), 2)",
    ),
    "arrays none": (_SHOW, "answer = [list(mx.io.NDArrayIter(x[:0], y[:0], 4))]"),
    "arrays text": "mx.io.NDArrayIter('abc', None, 4)",
    "arrays number": "mx.io.NDArrayIter(3.0, None, 4)",
    "arrays tuple": (_SHOW, "mx.io.NDArrayIter((x, x), None, 4)"),
    "arrays of text": "mx.io.NDArrayIter(np.array(['a', 'b']), None, 1)",
    "arrays dict of text": "mx.io.NDArrayIter({'a': 'text'}, None, 1)",
    "arrays unknown attribute": (_SHOW, "mx.io.NDArrayIter(x, y, 4).nothing"),
    "arrays batch size text": (_SHOW, "mx.io.NDArrayIter(x, y, '4')"),
    "arrays pickled": (
        _SHOW,
        """
        import pickle
        it = mx.io.NDArrayIter(x, y, 4)
        it.next()
        answer = [[b.data for b in pickle.loads(pickle.dumps(it))], type(it).__module__]
    """,
    ),
    "arrays csr discard": (
        _SHOW,
        """
        c = mx.nd.array(np.eye(10)).tostype("csr")
        it = mx.io.NDArrayIter({"c": c, "x": x}, y, 4, last_batch_handle="discard")
        answer = [descs(it), show(it, 2)]
    """,
    ),
    "arrays row_sparse": (
        _SHOW,
        "answer = show(mx.io.NDArrayIter(mx.nd.array(np.eye(10)).tostype('row_sparse'), y, 4), 1)",
    ),
    "helpers": (
        _SHOW,
        """
        from mxnet.io import _init_data, _getdata_by_idx, _has_instance
        from mxnet.io.utils import _slice_along_batch_axis
        a = mx.nd.array(x)
        m = mx.nd.array(np.arange(6).reshape(3, 2))
        answer = [_init_data({"b": x, "a": a}, False, "d"), _init_data(None, True, "d"),
                  _getdata_by_idx([("a", a)], np.array([2, 0])), _has_instance([("a", a)], mx.nd.NDArray),
                  _slice_along_batch_axis(m, slice(0, 2), 0), _slice_along_batch_axis(m, slice(1, 2), 1)]
    """,
    ),
    # ResizeIter
    "resize": (
        _SHOW,
        """
        it = mx.io.ResizeIter(mx.io.NDArrayIter(x, y, 4), 5)
        answer = [show(it, 2), descs(it), it.batch_size, hasattr(it, "default_bucket_key"), it.size, it.cur]
    """,
    ),
    "resize goes on": (
        _SHOW,
        "answer = show(mx.io.ResizeIter(mx.io.NDArrayIter(x, y, 4), 2, reset_internal=False), 3)",
    ),
    "resize getters": (
        _SHOW,
        """
        it = mx.io.ResizeIter(mx.io.NDArrayIter(x, y, 4), 3)
        answer = []
        while it.iter_next():
            answer += [it.getdata(), it.getlabel(), it.getpad(), it.getindex(), it.cur]
    """,
    ),
    "resize nothing": (_SHOW, "answer = show(mx.io.ResizeIter(mx.io.NDArrayIter(x, y, 4), 0))"),
    "resize an empty iterator": """
        class Empty(mx.io.DataIter):
            provide_data = provide_label = []
            def next(self): raise StopIteration
        it = mx.io.ResizeIter(Empty(1), 2)
        it.next()
    """,
    "resize buckets": """
        class Buckets(mx.io.DataIter):
            provide_data = provide_label = []
            default_bucket_key = 9
        answer = mx.io.ResizeIter(Buckets(1), 2).default_bucket_key
    """,
    # PrefetchingIter
    "prefetch": (
        _SHOW,
        """
        it = mx.io.PrefetchingIter(mx.io.NDArrayIter(x, y, 4))
        answer = [show(it, 3), descs(it), it.batch_size, it.n_iter, list(it.__dict__["iters"][0].provide_data)]
    """,
    ),
    "prefetch reset within an epoch": (
        _SHOW,
        """
        it = mx.io.PrefetchingIter(mx.io.NDArrayIter(x, y, 4))
        it.next()
        it.reset()
        answer = show(it, 1)
    """,
    ),
    "prefetch after the end": (
        _SHOW,
        """
        it = mx.io.PrefetchingIter(mx.io.NDArrayIter(x, y, 4))
        answer = [len(list(it)), len(list(it)), it.iter_next()]
    """,
    ),
    "prefetch two": (
        _SHOW,
        """
        make = lambda k: mx.io.NDArrayIter(x * k, y * k, 4)
        it = mx.io.PrefetchingIter([make(1), make(2)], rename_data=[{"data": "a"}, {"data": "b"}],
                                   rename_label=[{"softmax_label": "la"}, {"softmax_label": "lb"}])
        answer = [descs(it), show(it, 2), descs(mx.io.PrefetchingIter([make(1), make(2)]))]
    """,
    ),
    "prefetch batches": (
        _SHOW,
        """
        b = mx.io.PrefetchingIter(mx.io.NDArrayIter(x, y, 4)).next()
        answer = [repr(b.provide_data), repr(b.provide_label), b.index, str(b)]
    """,
    ),
    "prefetch getters": (
        _SHOW,
        """
        it = mx.io.PrefetchingIter(mx.io.NDArrayIter(x, y, 4))
        answer = []
        while it.iter_next():
            answer += [it.getdata(), it.getlabel(), it.getpad(), it.getindex()]
    """,
    ),
    # CSVIter
    "csv": (
        _FILES,
        """
        it = mx.io.CSVIter(data_csv=rows, data_shape=(3,), label_csv=ten, batch_size=4)
        answer = [type(it).__name__, isinstance(it, mx.io.MXDataIter), descs(it), it.batch_size, numbered(it, 3),
                  str(it.next().index.dtype)]
    """,
    ),
    "csv without labels": (
        _FILES,
        "it = mx.io.CSVIter(data_csv=rows, data_shape=(3,), batch_size=5); answer = [descs(it), numbered(it, 2)]",
    ),
    "csv batch larger than the file": (
        _FILES,
        "answer = numbered(mx.io.CSVIter(data_csv=rows, data_shape=(3,), batch_size=12), 3)",
    ),
    "csv not rounded": (
        _FILES,
        """
        it = mx.io.CSVIter(data_csv=rows, data_shape=(3,), batch_size=4, round_batch=False)
        answer = []
        for epoch in range(2):
            for b in it:
                n = 4 - b.pad
                answer.append((kept(b.data)[0][:n], kept(b.label)[0][:n], b.pad, b.index[:n].tolist()))
            it.reset()
    """,
    ),
    "csv more labels than rows": (
        _FILES,
        "answer = numbered(mx.io.CSVIter(data_csv=seven, data_shape=(3,), label_csv=ten, batch_size=4), 2)",
    ),
    "csv fewer labels than rows": (
        _FILES,
        "list(mx.io.CSVIter(data_csv=rows, data_shape=(3,), label_csv=seven, label_shape=(3,), batch_size=4))",
    ),
    "csv shapes": (
        _FILES,
        """
        answer = [descs(mx.io.CSVIter(data_csv=rows, batch_size=4, **k)) for k in (
            dict(data_shape=(3, 1)), dict(data_shape=3), dict(data_shape="(3,)"), dict(data_shape=(1, 3)),
            dict(data_shape=(3,), label_csv=rows, label_shape=(3,)), dict(data_shape=(3,), data_name="d"),
            dict(data_shape=(3,), label_csv=ten, label_shape=(1, 1)), dict(data_shape=(3,), label_name="l"),
            dict(data_shape=(3,), label_shape=(2,)), dict(data_shape=(3,), label_csv="NULL"))]
        answer.append(descs(mx.io.CSVIter(data_csv=ten, data_shape=(1,), batch_size="4")))
    """,
    ),
    "csv integers": (
        _FILES,
        """
        path = file("i.csv", "16777217,-3\\n16777219,+4\\n123456789012,5\\n-9223372036854775808,7\\n")
        small = file("s.csv", "1.7,-2.9\\n3,4\\n")
        answer = [numbered(mx.io.CSVIter(data_csv=path, data_shape=(2,), batch_size=2, dtype="int64")),
                  numbered(mx.io.CSVIter(data_csv=small, data_shape=(2,), batch_size=2, dtype="int32"))]
    """,
    ),
    "csv spellings": (
        _FILES,
        """
        text = " 1, 2 ,3\\r\\n4,5,6,\\n\\n\\nnan,inf,-inf\\n1e5,1E-3,+2\\n-.5,5.,.25e+1\\n"
        text += "1234567890123,-0,0.000001\\n7,8,9"
        answer = numbered(mx.io.CSVIter(data_csv=file("t.csv", text), data_shape=(3,), batch_size=1))
    """,
    ),
    "csv byte order mark": (
        _FILES,
        """
        marked = file("b.csv", b"\\xef\\xbb\\xbf1,2\\n")
        answer = numbered(mx.io.CSVIter(data_csv=marked, data_shape=(2,), batch_size=1))
    """,
    ),
    "csv several files": (
        _FILES,
        "answer = numbered(mx.io.CSVIter(data_csv=rows + ';' + seven, data_shape=(3,), batch_size=4))",
    ),
    "csv file address": (
        _FILES,
        "answer = numbered(mx.io.CSVIter(data_csv='file://' + rows, data_shape=(3,), batch_size=4))",
    ),
    **{
        f"csv refuses {name}": (_FILES, f"mx.io.CSVIter({arguments})")
        for name, arguments in (
            ("no batch size", "data_csv=rows, data_shape=(3,)"),
            ("no shape", "data_csv=rows, batch_size=4"),
            ("no file", "data_shape=(3,), batch_size=4"),
            ("a missing file", "data_csv=rows + 'x', data_shape=(3,), batch_size=4"),
            ("an empty file", "data_csv=file('e', ''), data_shape=(3,), batch_size=4"),
            ("another shape", "data_csv=rows, data_shape=(2,), batch_size=4"),
            ("a shape without elements", "data_csv=rows, data_shape=(0,), batch_size=4"),
            ("a header", "data_csv=file('h', 'a,b\\n1,2\\n'), data_shape=(2,), batch_size=1"),
            ("an empty field", "data_csv=file('m', '1,,3\\n'), data_shape=(3,), batch_size=1"),
            ("a short line", "data_csv=file('s', '1\\n'), data_shape=(2,), batch_size=1"),
            ("tabs", "data_csv=file('s', '1\\t2\\n'), data_shape=(2,), batch_size=1"),
            ("another dtype", "data_csv=rows, data_shape=(3,), batch_size=4, dtype='uint8'"),
            ("a fraction of a batch", "data_csv=rows, data_shape=(3,), batch_size=4.5"),
            ("round batch as text", "data_csv=rows, data_shape=(3,), batch_size=4, round_batch='x'"),
            ("a shape as text", "data_csv=rows, data_shape='x', batch_size=4"),
        )
    },
    "csv skips loading": (
        _FILES,
        """
        it = mx.io.CSVIter(data_csv=rows, data_shape=(3,), batch_size=4)
        it.debug_skip_load()
        answer = [(kept(b.data), b.pad, b.index.tolist()) for b, _ in zip(it, range(5))]
    """,
    ),
    # LibSVMIter
    "libsvm": (
        _FILES,
        """
        it = mx.io.LibSVMIter(data_libsvm=svm, data_shape=(3,), batch_size=2)
        b = it.next()
        d = b.data[0]
        answer = [type(it).__name__, descs(it), d.stype, kept([d.data, d.indices, d.indptr]), kept(b.label)]
    """,
    ),
    **{
        f"libsvm batches of {size}": (
            _FILES,
            f"answer = numbered(mx.io.LibSVMIter(data_libsvm=svm, data_shape=(3,), batch_size={size}), 3)",
        )
        for size in (1, 2, 3)
    },
    "libsvm labels": (
        _FILES,
        """
        it = mx.io.LibSVMIter(data_libsvm=svm, data_shape=(3,), label_libsvm=svm_labels, label_shape=(3,), batch_size=2)
        b = it.next()
        l = b.label[0]
        answer = [descs(it), l.stype, kept([l.data, l.indices, l.indptr])]
        answer += [(kept(b.data), kept(b.label), b.pad) for b in it]
    """,
    ),
    **{
        f"libsvm part {part} of {parts}": (
            _FILES,
            f"""
            it = mx.io.LibSVMIter(data_libsvm=twenty, data_shape=(3,), batch_size=2, num_parts={parts},
                                  part_index={part})
            answer = [(kept(b.data), kept(b.label), b.pad) for b in it]
        """,
        )
        for parts in (1, 2, 3, 7)
        for part in range(parts)
    },
    "libsvm spellings": (
        _FILES,
        """
        text = "# a comment\\n-1 0:.5  2:1e2 # more\\n+2.5 qid:3 1:-2 \\n3\\t0:1\\n\\n4:0.5 1:7"
        answer = numbered(mx.io.LibSVMIter(data_libsvm=file("t.svm", text), data_shape=(3,), batch_size=1))
    """,
    ),
    **{
        f"libsvm refuses {name}": (_FILES, f"mx.io.LibSVMIter({arguments})")
        for name, arguments in (
            ("no shape", "data_libsvm=svm, batch_size=2"),
            ("no file", "data_shape=(3,), batch_size=2"),
            ("a missing file", "data_libsvm=svm + 'x', data_shape=(3,), batch_size=2"),
            ("an empty file", "data_libsvm=file('e', ''), data_shape=(3,), batch_size=2"),
            ("two axes", "data_libsvm=svm, data_shape=(3, 1), batch_size=2"),
            ("a label shape", "data_libsvm=svm, data_shape=(3,), label_shape=(2,), batch_size=2"),
            ("labels of one", "data_libsvm=svm, data_shape=(3,), label_libsvm=svm_labels, batch_size=2"),
            ("a part", "data_libsvm=svm, data_shape=(3,), batch_size=2, num_parts=3, part_index=3"),
            ("batches that are not rounded", "data_libsvm=svm, data_shape=(3,), batch_size=2, round_batch=False"),
            ("a negative index", "data_libsvm=file('n', '1 -1:2\\n'), data_shape=(3,), batch_size=1"),
            ("a word", "data_libsvm=file('n', '1 0:1 x:2\\n'), data_shape=(3,), batch_size=1"),
            ("two labels", "data_libsvm=file('n', '1,2 0:1\\n'), data_shape=(3,), batch_size=1"),
        )
    },
    # MNISTIter
    "mnist": (
        _FILES,
        """
        it = mx.io.MNISTIter(image=image, label=label, batch_size=4, shuffle=False, silent=True)
        answer = [type(it).__name__, descs(it), it.batch_size, show(it, 2)]
    """,
    ),
    "mnist flat": (
        _FILES,
        """
        it = mx.io.MNISTIter(image=image, label=label, batch_size=5, shuffle=0, flat=True, silent=1, data_name="d",
                             label_name="l", input_shape=(6,), prefetch_buffer=1)
        answer = [descs(it), show(it, 1)]
    """,
    ),
    **{
        f"mnist parts of {parts}": (
            _FILES,
            f"""
            answer = []
            for part in range({parts}):
                it = mx.io.MNISTIter(image=image, label=label, batch_size=1, shuffle=False, silent=True,
                                     num_parts={parts}, part_index=part)
                answer.append([kept(b.label) for b in it])
        """,
        )
        for parts in (1, 2, 3, 4)
    },
    "mnist shuffled once": (
        _FILES,
        """
        it = mx.io.MNISTIter(image=image, label=label, batch_size=10, silent=True)
        first = it.next().label[0].asnumpy()
        it.reset()
        answer = [sorted(first.tolist()), first.tolist() == it.next().label[0].asnumpy().tolist(),
                  first.tolist() == list(range(10))]
    """,
    ),
    "mnist more labels": (
        _FILES,
        """
        more = idx("more", 2049, (12,), range(12))
        answer = show(mx.io.MNISTIter(image=image, label=more, batch_size=5, shuffle=False, silent=True))
    """,
    ),
    **{
        f"mnist refuses {name}": (
            _FILES,
            f"mx.io.MNISTIter(silent=True, **dict(dict(image=image, label=label), {arguments}))",
        )
        for name, arguments in (
            ("a missing file", "image=image + 'x'"),
            ("a short file", "batch_size=1, image=idx('i', 2051, (10, 2, 3), range(50))"),
            ("short labels", "batch_size=1, label=idx('i', 2049, (10,), range(5))"),
            ("a file without header", "batch_size=1, image=file('i', 'ab')"),
            ("no batch", "batch_size=0"),
            ("a part", "batch_size=1, part_index=1"),
            ("a negative part", "batch_size=1, num_parts=2, part_index=-1"),
            ("a dtype", "batch_size=1, dtype='float64'"),
            ("shuffle as text", "batch_size=1, shuffle='yes'"),
        )
    },
}
