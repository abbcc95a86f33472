"""Sparse arrays: how they are made, what they hold, and which operators keep them sparse."""

_ARRAYS = """
sp = mx.nd.sparse
dense = mx.nd.array([[0, 1, 0], [2, 0, 0], [0, 0, 0], [0, 3, 4]])
csr, rows = dense.tostype("csr"), dense.tostype("row_sparse")
square = mx.nd.array([[0, 1, 2], [3, 0, 0], [0, 0, 4]])
def parts(x):
    if x.stype == "csr":
        return ["csr", x, x.data, x.indices, x.indptr]
    return [x.stype, x, x.data, x.indices] if x.stype == "row_sparse" else ["default", x]
def kinds(function, *choices):
    return [function(*choice).stype for choice in choices]
def kind(function, *arrays):
    try:
        return function(*arrays).stype
    except Exception:
        return "raises"
one = [(csr,), (rows,)]
two = [(a, b) for a in (csr, rows, dense) for b in (csr, rows, dense)][:8]
"""
_RECORD = """
def gradient(stype, function, data=dense, **attach):
    x = data.copy()
    x.attach_grad(stype=stype, **attach)
    with mx.autograd.record():
        y = function(x)
    y.backward()
    return [y.stype, parts(x.grad)]
"""
_SYMBOL = """
def bound(net, values, **options):
    e = net.simple_bind(mx.cpu(), **options)
    for name, value in values.items():
        e.arg_dict[name][:] = value
    e.forward(is_train=True)
    e.backward(mx.nd.ones(e.outputs[0].shape))
    return e
def types(arrays):
    return {name: array.stype for name, array in arrays.items() if array is not None}
"""
_UPDATE = """
weights = mx.nd.array([[1, 2], [3, 4], [5, 6], [7, 8]])
grad = sp.row_sparse_array((mx.nd.array([[1, -2], [0.5, 3]]), mx.nd.array([1, 3], dtype="int64")), shape=(4, 2))
def update(name, count, stype, state_stype=None, **attributes):
    w = weights.tostype(stype)
    states = [(weights / 10 + i + 1).tostype(state_stype or stype) for i in range(count)]
    function = getattr(mx.nd, name, None) or getattr(sp, name)
    function(w, grad, *states, lr=0.1, out=w, **attributes)
    return [w.stype, w, states]
"""


def _with(setup, programs):
    return {name: (*setup, source) for name, source in programs.items()}


PROGRAMS = {
    **_with(
        (_ARRAYS,),
        {
            # making them
            "to csr": "answer = parts(csr) + [csr.shape, csr.dtype, csr.ndim, len(csr)]",
            "to row_sparse": "answer = parts(rows) + [rows.shape, rows.dtype, rows.ndim, len(rows)]",
            "and back": "answer = [csr.tostype('default'), rows.tostype('default'), csr.tostype('csr') is csr]",
            "csr to row_sparse": "csr.tostype('row_sparse')",
            "row_sparse to csr": "rows.tostype('csr')",
            "to something else": "dense.tostype('sparse')",
            "vector to row_sparse": "answer = parts(mx.nd.array([0, 2, 0]).tostype('row_sparse'))",
            "three axes to row_sparse": """
                answer = parts(mx.nd.array([[[0, 1]], [[0, 0]]]).tostype('row_sparse'))
            """,
            "csr of parts": "answer = parts(sp.csr_matrix(([1, 2, 3], [0, 2, 1], [0, 1, 3]), shape=(2, 4)))",
            "csr of parts finds its shape": "answer = parts(sp.csr_matrix(([1, 2, 3], [0, 2, 1], [0, 1, 3])))",
            "csr of arrays": """
                answer = parts(sp.csr_matrix((mx.nd.array([1, 2], dtype='int32'), mx.nd.array([0, 2]),
                    mx.nd.array([0, 1, 2])), shape=(2, 4)))
            """,
            "csr of parts with dtype": """
                answer = [sp.csr_matrix((np.array([1.0, 2]), np.array([0, 1], 'int32'), [0, 1, 2]), shape=(2, 2)).dtype,
                    sp.csr_matrix(([1.0, 2], [0, 1], [0, 1, 2]), shape=(2, 2), dtype='float64').dtype]
            """,
            "csr of zeros": "answer = parts(sp.csr_matrix((4, 5))) + parts(sp.csr_matrix((2, 1), dtype='int32'))",
            "csr of a dense one": """
                answer = parts(sp.csr_matrix(dense)) + parts(sp.csr_matrix(dense.asnumpy().astype('float64')))
                answer += parts(sp.csr_matrix([[0, 1], [2, 0]])) + parts(sp.csr_matrix(csr, dtype='int32'))
            """,
            "csr of a vector": "sp.csr_matrix(np.ones(3))",
            "csr of three axes": "sp.csr_matrix(np.ones((1, 2, 3)))",
            "csr of text": "sp.csr_matrix('a')",
            "csr of row_sparse": "sp.csr_matrix(rows)",
            "csr of four parts": "sp.csr_matrix((1, 2, 3, 4))",
            "csr of another shape": "sp.csr_matrix(dense, shape=(3, 4))",
            "row_sparse of parts": "answer = parts(sp.row_sparse_array(([[1, 2], [3, 4]], [1, 3]), shape=(5, 2)))",
            "row_sparse of parts finds its shape": "answer = parts(sp.row_sparse_array(([[1, 2], [3, 4]], [1, 3])))",
            "row_sparse of parts with dtype": """
                answer = parts(sp.row_sparse_array((np.ones((1, 2, 3)), np.array([1], 'int32')), shape=(5, 2, 3)))
                answer += parts(sp.row_sparse_array((mx.nd.ones((1, 2)), [1]), shape=(5, 2), dtype='int32'))
            """,
            "row_sparse of zeros": """
                answer = parts(sp.row_sparse_array((4, 5))) + parts(sp.row_sparse_array((2, 3, 4)))
            """,
            "row_sparse of a dense one": """
                answer = parts(sp.row_sparse_array(dense)) + parts(sp.row_sparse_array([[0, 1], [0, 0]]))
                answer += parts(sp.row_sparse_array(rows, dtype='float64'))
            """,
            "row_sparse of csr": "sp.row_sparse_array(csr)",
            "row_sparse of one length": "sp.row_sparse_array((4,))",
            "row_sparse of another shape": "sp.row_sparse_array((4, 5), shape=(4, 6))",
            "zeros": """
                answer = [parts(sp.zeros('csr', (2, 3))), parts(sp.zeros('row_sparse', (2, 3), dtype='float64')),
                    parts(mx.nd.zeros((2, 3), stype='csr')), parts(sp.zeros('default', (2,))),
                    parts(mx.nd.zeros((2,), stype='row_sparse', dtype='int32')), parts(sp.empty('row_sparse', (2, 3))),
                    parts(mx.nd.empty((2, 3), stype='csr')), parts(mx.nd.zeros_like(csr)), parts(rows.zeros_like())]
            """,
            "zeros of something else": "sp.zeros('sparse', (2, 3))",
            "array": """
                answer = [parts(sp.array(csr)), parts(sp.array(rows, dtype='int32')), parts(mx.nd.array(csr)),
                    parts(mx.nd.array(rows.astype('float64'))), mx.nd.array(csr, ctx=mx.cpu(1)).context == mx.cpu(1)]
            """,
            "array of a dense one": "sp.array(dense)",
            "array of NumPy's": "sp.array(np.ones((2, 2)))",
            "array of a list": "sp.array([[1, 2]])",
            # what they are
            "printed": "answer = [repr(csr), str(rows), repr(sp.zeros('row_sparse', (2, 3, 4)))]",
            "classes": """
                answer = [type(csr).__name__, type(rows).__name__, type(csr).__module__, isinstance(csr, mx.nd.NDArray),
                    isinstance(csr, sp.BaseSparseNDArray), issubclass(sp.RowSparseNDArray, sp.BaseSparseNDArray)]
            """,
            "valid": "csr.check_format(); rows.check_format(full_check=False)",
            "columns in disorder": "sp.csr_matrix(([1, 2, 3], [0, 2, 1], [0, 1, 3]), shape=(2, 4)).check_format()",
            "columns beyond": "sp.csr_matrix(([1, 2, 3], [0, 1, 7], [0, 1, 3]), shape=(2, 4)).check_format()",
            "columns beyond and no full check": """
                sp.csr_matrix(([1, 2, 3], [0, 1, 7], [0, 1, 3]), shape=(2, 4)).check_format(False)
            """,
            "a column twice": "sp.csr_matrix(([1, 2, 3], [0, 1, 1], [0, 1, 3]), shape=(2, 4)).check_format()",
            "pointers that decrease": "sp.csr_matrix(([1, 2, 3], [0, 1, 2], [0, 2, 1]), shape=(2, 4)).check_format()",
            "pointers that end early": "sp.csr_matrix(([1, 2, 3], [0, 1, 2], [0, 1, 2]), shape=(2, 4)).check_format()",
            "too many pointers": "sp.csr_matrix(([1, 2], [0, 1], [0, 1, 2, 2]), shape=(2, 4)).check_format()",
            "rows in disorder": "sp.row_sparse_array(([[1], [3]], [3, 1]), shape=(5, 1)).check_format()",
            "rows in disorder are read": "answer = sp.row_sparse_array(([[1], [3]], [3, 1]), shape=(5, 1))",
            "rows beyond": "sp.row_sparse_array(([[1], [3]], [1, 9]), shape=(5, 1)).check_format()",
            "negative rows": "sp.row_sparse_array(([[1], [3]], [-1, 3]), shape=(5, 1)).check_format()",
            "auxiliary data": """
                answer = [csr._num_aux, rows._num_aux, csr._aux_types, csr._aux_data(0), csr._aux_data(1),
                    rows._aux_data(0), rows._aux_type(0)]
            """,
            "pickles": """
                import copy, pickle
                answer = [parts(pickle.loads(pickle.dumps(x))) for x in (csr, rows)]
                answer += [bytes(x.__getstate__()['handle']).hex() for x in (csr, rows)]
                answer += [parts(copy.copy(csr)), parts(copy.deepcopy(rows))]
            """,
            "files": """
                import os, tempfile
                path = os.path.join(tempfile.mkdtemp(), 'x.params')
                mx.nd.save(path, {'c': csr, 'r': rows, 'd': dense})
                answer = {name: parts(value) for name, value in mx.nd.load(path).items()}
            """,
            # copies
            "astype": """
                answer = [parts(csr.astype('int32')), parts(rows.astype('float64')),
                    csr.astype('float32', copy=False) is csr, csr.astype('float32') is csr]
            """,
            "copies": """
                other = csr.copy()
                other[:] = dense * 2
                answer = [parts(other), parts(csr), parts(rows.copy()), parts(csr.copyto(mx.cpu(1))),
                    csr.as_in_context(mx.cpu(0)) is csr, rows.as_in_context(mx.cpu(1)).context == mx.cpu(1),
                    parts(csr.detach())]
            """,
            "copyto": """
                answer = [csr.copyto(mx.nd.ones((4, 3))), rows.copyto(mx.nd.ones((4, 3))),
                    parts(csr.copyto(sp.zeros('csr', (4, 3), dtype='float64'))), parts(dense.copyto(csr.copy())),
                    parts(rows.copyto(sp.zeros('row_sparse', (4, 3)))), parts(dense.copyto(rows.copy()))]
            """,
            "copyto of another kind": "csr.copyto(rows)",
            "copyto back of another kind": "rows.copyto(csr)",
            "copyto of another shape": "csr.copyto(sp.zeros('csr', (2, 3)))",
            "copyto a number": "csr.copyto(3)",
            "parts are copies": """
                x, y = csr.copy(), rows.copy()
                for part in (x.data, x.indices, x.indptr, y.data, y.indices):
                    part[:] = 7
                answer = [parts(x), parts(y)]
            """,
            # rows and writing
            "a row": "answer = [parts(csr[1]), parts(csr[-1]), parts(csr[2])]",
            "some rows": """
                answer = [parts(csr[key]) for key in (slice(1, 3), slice(2, None), slice(None, -1), slice(1, 10))]
                answer.append(csr[:] is csr)
            """,
            "rows with a step": "csr[::2]",
            "an element": "csr[0, 1]",
            "rows by a list": "csr[[0, 1]]",
            "a row of row_sparse": "rows[0]",
            "some rows of row_sparse": "rows[0:2]",
            "all rows of row_sparse": "answer = rows[:] is rows",
            "slice": """
                answer = [parts(csr.slice(1, 3)), parts(csr.slice((0, 0), (2, 2))), parts(csr.slice((0, 1), (4, 3))),
                    parts(mx.nd.slice(csr, begin=(1,), end=(None,))), csr.slice((0, 0), (4, 3), (2, 1)).stype,
                    parts(mx.nd.slice(csr, begin=(-2, -2), end=(None, None)))]
            """,
            "set csr": """
                x, y = csr.copy(), csr.copy()
                x[:] = dense + 1
                y[:] = np.array([[0, 0, 5]] * 4, 'float32')
                answer = [parts(x), parts(y)]
                y[:] = csr
                answer += parts(y)
            """,
            "set row_sparse": """
                x, y = rows.copy(), rows.copy()
                x[:] = dense * 2
                y[:] = 5
                answer = [parts(x), parts(y)]
                y[:] = rows
                answer += parts(y)
            """,
            "set csr to a number": "csr[:] = 3",
            "set a row of csr": "csr[0] = 3",
            "set some rows of csr": "csr[0:2] = 3",
            "set csr to row_sparse": "csr[:] = rows",
            "set csr to a list": "csr[:] = [[1, 2, 3]] * 4",
            "set csr to another shape": "csr[:] = mx.nd.ones((2, 2))",
            "set a row of row_sparse": "rows[0] = 3",
            "set some rows of row_sparse": "rows[0:2] = 3",
            "reshape": "csr.reshape((3, 4))",
            "at": "csr._at(0)",
            "truth": "bool(csr)",
            # retain
            "retain": """
                answer = [parts(sp.retain(rows, mx.nd.array(n))) for n in ([0, 3], [2], [1, 2, 3])]
                answer += parts(sp.retain(rows, mx.nd.array([1], dtype='int64')))
            """,
            # which operators keep them sparse
            "unary functions": """
                names = '''abs arccos arccosh arcsin arcsinh arctan arctanh cbrt ceil cos cosh degrees exp expm1 fix
                    floor gamma gammaln log log10 log1p log2 negative radians relu rint round rsqrt rcbrt sigmoid sign
                    sin sinh sqrt square tan tanh trunc reciprocal erf softsign softmax zeros_like ones_like make_loss
                    stop_gradient BlockGrad identity hard_sigmoid logical_not norm sum mean max min prod flatten
                    transpose'''.split()
                answer = {name: kinds(getattr(mx.nd, name), *one) for name in names}
            """,
            "functions with numbers": """
                names = '''plus minus rminus mul div rdiv mod power rpower maximum minimum equal not_equal greater
                    greater_equal lesser lesser_equal hypot'''.split()
                functions = {name: getattr(mx.nd._internal, '_' + name + '_scalar') for name in names}
                answer = {'%s %g' % (name, n): kinds(lambda x: function(x, scalar=n), *one)
                    for name, function in functions.items() for n in (2, 0, -1)}
            """,
            "functions of two arrays": """
                names = '''elemwise_add elemwise_sub elemwise_mul elemwise_div broadcast_add broadcast_sub broadcast_mul
                    broadcast_div broadcast_maximum broadcast_equal broadcast_power add_n concat stack add subtract
                    multiply divide maximum equal'''.split()
                answer = {name: kinds(getattr(mx.nd, name), *two) for name in names}
            """,
            "functions of mx.nd.sparse": """
                answer = {n: kinds(getattr(sp, n), *two) for n in ('add', 'subtract', 'multiply', 'divide')}
            """,
            "internal functions": """
                names = '_maximum _minimum _hypot _scatter_elemwise_div _grad_add _mod _equal'.split()
                answer = {name: kinds(getattr(mx.nd._internal, name), *two) for name in names}
            """,
            "operators": """
                import operator as o
                names = 'add sub mul truediv eq ne gt'.split()
                answer = {name: kinds(getattr(o, name), *two) for name in names}
                answer.update({'scalar ' + name: kinds(lambda x: getattr(o, name)(x, 2), *one)
                    for name in names + ['pow', 'mod', 'lt', 'le', 'ge']})
                answer['other'] = [kinds(f, *one) for f in (lambda x: -x, abs, lambda x: 2 * x, lambda x: 2 / x,
                    lambda x: 2 - x, lambda x: x > 0, lambda x: x != 0, lambda x: x == 0)]
            """,
            "products": """
                choices = [(a.tostype(s), b.tostype(t)) for s in ('csr', 'row_sparse', 'default')
                    for t in ('csr', 'row_sparse', 'default') for a, b in [(square, square)]][:8]
                answer = []
                for a in (False, True):
                    for b in (False, True):
                        answer.append(kinds(lambda x, y: mx.nd.dot(x, y, transpose_a=a, transpose_b=b), *choices))
                        answer.append(kinds(lambda x, y: sp.dot(x, y, transpose_a=a, transpose_b=b,
                            forward_stype='csr'), *choices))
            """,
            "other functions": """
                f = [lambda x: mx.nd.clip(x, 0, 1), lambda x: x.clip(-1, 1), lambda x: mx.nd.cast(x, 'float64'),
                    lambda x: mx.nd.slice_axis(x, axis=0, begin=1, end=3), lambda x: x.T,
                    lambda x: mx.nd.take(x, mx.nd.array([0, 2])), lambda x: mx.nd.where(x, dense, dense),
                    lambda x: mx.nd.concat(x, x, dim=0), lambda x: mx.nd.concat(x, x, dim=1),
                    lambda x: mx.nd.FullyConnected(x, square, no_bias=True, num_hidden=3),
                    lambda x: mx.nd.broadcast_mul(x, mx.nd.ones((1, 3))),
                    lambda x: mx.nd.broadcast_mul(x, mx.nd.ones((4, 1))),
                    lambda x: mx.nd.broadcast_div(x, mx.nd.ones((3,))),
                    lambda x: mx.nd.broadcast_add(x, mx.nd.ones((3,))), lambda x: mx.nd.cast_storage(x, 'default'),
                    lambda x: mx.nd.add_n(x, x, x), lambda x: mx.nd.sum(x, axis=1, keepdims=True)]
                answer = [kinds(function, *one) for function in f]
            """,
            # and what they compute
            "zeros stay zeros": """
                answer = [parts(f(x)) for x in (csr * -0.5, rows * -0.5) for f in (sp.square, sp.abs, sp.sign, sp.sin,
                    sp.relu, lambda x: sp.clip(x, -1, 0), lambda x: x / 2, lambda x: x > -1, lambda x: x != 0)]
            """,
            "dense results": """
                answer = [f(x) for x in (csr, rows) for f in (mx.nd.cos, lambda x: x + 2, lambda x: 2 - x,
                    lambda x: x == 0, lambda x: x ** 2, lambda x: x.T, lambda x: x.argmax(axis=1), lambda x: x.norm(),
                    lambda x: x.sum(), lambda x: x.sum(axis=0), lambda x: x.mean(axis=1), lambda x: sp.norm(x, axis=0),
                    lambda x: mx.nd.where(x, dense, dense * 2), lambda x: mx.nd.slice_axis(x, 0, 1, 3))]
            """,
            "arithmetic of csr": """
                other = sp.csr_matrix((mx.nd.array([5, 7]), mx.nd.array([1, 2]), mx.nd.array([0, 1, 1, 2, 2])),
                    shape=(4, 3))
                answer = [csr + other, csr - other, csr * other, csr * dense, dense * csr, csr + dense, dense - csr,
                    sp.add(csr, rows), sp.divide(csr, dense + 1), csr * mx.nd.array([[1, 0, 2]]),
                    csr / mx.nd.ones((4, 1)),
                    parts(csr * dense), parts(sp.multiply(dense, csr)), mx.nd._internal._maximum(csr, other)]
            """,
            "arithmetic of row_sparse": """
                other = sp.row_sparse_array((mx.nd.array([[1, 2, 3], [4, 5, 6]]), mx.nd.array([1, 2])), shape=(4, 3))
                answer = [parts(f(rows, other)) for f in (sp.add, sp.subtract, sp.multiply, mx.nd.add_n,
                    mx.nd._internal._minimum)]
                answer += [parts(rows * dense), parts(sp.multiply(dense, rows)), rows + dense, rows - csr, rows / 4]
            """,
            "other shapes": "answer = [sp.add(csr, mx.nd.ones((1, 3))), sp.multiply(csr, mx.nd.ones((4, 1)) * 3)]",
            "sum of other shapes": "sp.elemwise_add(csr, sp.zeros('csr', (4, 4)))",
            "sum of other dtypes": "sp.add(rows, rows.astype('float64'))",
            "sum with text": "sp.add(csr, 'a')",
            "sum of numbers": "answer = [sp.add(1, 2), sp.divide(3, 2)]",
            "in place": """
                x = csr.copy(); x *= 2
                y = rows.copy(); y += rows; z = rows.copy(); z *= dense; w = rows.copy(); w += dense
                u = csr.copy(); u += 2; v = rows.copy(); v /= 2
                d = dense.copy(); d -= csr; d += rows; d += rows
                answer = [parts(n) for n in (x, y, z, w, u, v, d)]
            """,
            "into arrays": """
                answer = [parts(mx.nd.elemwise_add(a, a, out=b.copy())) for a in (rows, dense)
                    for b in (csr, rows, dense)]
                answer += [mx.nd.elemwise_add(csr, csr, out=dense.copy()), parts(sp.abs(csr, out=csr.copy()))]
                answer += [parts(mx.nd.zeros((4, 3), out=csr.copy())), parts(mx.nd.ones((4, 3), out=rows.copy()))]
                answer += [parts(mx.nd.random.uniform(low=1, high=1.0001, shape=(4, 3), out=csr.copy()).round())]
            """,
            "dot": """
                w = mx.nd.array([[1, 2], [3, 4], [5, 6]])
                answer = [parts(f)[:2] for f in (sp.dot(csr, w), sp.dot(csr, dense, transpose_a=True),
                    sp.dot(csr, rows, transpose_a=True), sp.dot(csr, w.tostype('row_sparse')),
                    sp.dot(dense.T, csr), sp.dot(square, csr, transpose_b=True), sp.dot(csr, csr, transpose_b=True),
                    sp.dot(dense.T, csr, forward_stype='default'), mx.nd.dot(rows, w))]
            """,
            "dot with nothing": """
                answer = [sp.dot(sp.zeros('csr', (2, 3)), mx.nd.ones((3, 2))),
                    parts(sp.dot(sp.zeros('csr', (2, 3)), mx.nd.ones((2, 2)), transpose_a=True))]
            """,
            "dot in double": "answer = sp.dot(csr.astype('float64'), mx.nd.ones((3, 2), dtype='float64'))",
            "dot of other lengths": "sp.dot(csr, mx.nd.ones((4, 2)))",
            "dot of other dtypes": "sp.dot(csr, mx.nd.ones((3, 2), dtype='float64'))",
            "take": """
                answer = [parts(mx.nd.take(csr, mx.nd.array([3, 0, 3]))), parts(csr.take(mx.nd.array([1]))),
                    parts(mx.nd.take(csr, mx.nd.array([-1, 9]), mode='clip')),
                    mx.nd.take(csr, mx.nd.array([1]), axis=1),
                    parts(mx.nd.take(csr, mx.nd.array([-1, 9]), mode='wrap')),
                    mx.nd.take(rows, mx.nd.array([3]))]
            """,
            "concat": """
                answer = [parts(mx.nd.concat(csr, csr[1], csr[2:3], dim=0)), mx.nd.concat(csr, csr, dim=1)]
            """,
            "getnnz": "answer = [mx.nd.contrib.getnnz(csr), mx.nd.contrib.getnnz(csr, axis=1)]",
            "square_sum": """
                f = mx.nd._internal._square_sum
                answer = [parts(f(rows, axis=1, keepdims=True)), f(rows, axis=1), f(rows, axis=0)]
            """,
        },
    ),
    **_with(
        (_ARRAYS, _RECORD),
        {
            "gradient of an embedding": """
                data = mx.nd.array([1, 3, 1])
                answer = [gradient('row_sparse', lambda w: mx.nd.Embedding(data, w, input_dim=4, output_dim=3,
                    sparse_grad=True)), gradient('row_sparse', lambda w: mx.nd.contrib.SparseEmbedding(data, w,
                    input_dim=4, output_dim=3))]
            """,
            "gradient of a product": """
                w = mx.nd.ones((3, 2))
                answer = [gradient(s, lambda w: sp.dot(csr, w), w) for s in ('row_sparse', 'default')]
                answer.append(gradient(None, lambda w: sp.dot(csr, w), w.tostype('row_sparse')))
            """,
            "gradient of a transposed product": """
                answer = gradient('default', lambda w: sp.dot(csr, w, transpose_a=True), mx.nd.ones((4, 2)))[1]
            """,
            "gradients of sparse arrays": """
                answer = [gradient(None, sp.square, rows), gradient(None, lambda x: x + rows, rows),
                    gradient(None, lambda x: (x * 2).sum(), csr), gradient('default', lambda x: x * 3, rows),
                    gradient('row_sparse', lambda x: x * dense), gradient('csr', lambda x: x * 3),
                    gradient('default', lambda x: x.tostype('default') * 3, rows)]
            """,
            "gradient through tostype": """
                answer = [gradient('default', lambda x: sp.square(x.tostype(s) * 2)) for s in ('csr', 'row_sparse')]
            """,
            "gradient of retain": "answer = gradient(None, lambda x: sp.retain(x, mx.nd.array([0, 3])), rows)",
            "gradients into given arrays": """
                w, g = mx.nd.ones((4, 3)), sp.zeros('row_sparse', (4, 3))
                mx.autograd.mark_variables([w], [g])
                with mx.autograd.record():
                    y = mx.nd.Embedding(mx.nd.array([1, 3]), w, input_dim=4, output_dim=3, sparse_grad=True)
                y.backward()
                answer = parts(g)
            """,
            "gradients are overwritten": """
                w = mx.nd.ones((4, 3))
                w.attach_grad(stype='row_sparse')
                answer = [parts(w.grad)]
                for n in (0, 2):
                    with mx.autograd.record():
                        y = mx.nd.Embedding(mx.nd.array([n]), w, input_dim=4, output_dim=3, sparse_grad=True)
                    y.backward()
                    answer.append(parts(w.grad))
            """,
        },
    ),
    **_with(
        (_ARRAYS, _SYMBOL),
        {
            "sparse variables": """
                x = mx.sym.var('x', stype='csr')
                w = mx.sym.var('w', stype='row_sparse')
                e = bound(mx.sym.sparse.dot(x, w), {'x': csr, 'w': mx.nd.ones((3, 2))}, x=(4, 3), w=(3, 2),
                    grad_req={'w': 'write'})
                answer = [types(e.arg_dict), types(e.grad_dict), parts(e.outputs[0]), parts(e.grad_dict['w'])]
            """,
            "a dense weight": """
                e = bound(mx.sym.sparse.dot(mx.sym.var('x', stype='csr'), mx.sym.var('w')), {'x': csr,
                    'w': mx.nd.ones((3, 2))}, x=(4, 3), w=(3, 2), grad_req={'w': 'write'})
                answer = [types(e.arg_dict), types(e.grad_dict), parts(e.grad_dict['w'])]
            """,
            "embeddings": """
                answer = []
                for stype in ('row_sparse', 'default'):
                    net = mx.sym.Embedding(mx.sym.var('i'), mx.sym.var('w', stype=stype), input_dim=4, output_dim=3,
                        sparse_grad=True)
                    e = bound(net, {'i': mx.nd.array([1, 3]), 'w': dense}, i=(2,), grad_req={'w': 'write'})
                    answer.append([types(e.arg_dict), types(e.grad_dict), parts(e.grad_dict['w']), e.outputs])
            """,
            "bound arrays": """
                w, g = mx.nd.ones((3, 2)), sp.zeros('row_sparse', (3, 2))
                e = mx.sym.sparse.dot(mx.sym.var('x'), mx.sym.var('w')).bind(mx.cpu(), {'x': csr, 'w': w}, {'w': g},
                    {'x': 'null', 'w': 'write'})
                answer = []
                for feed in ({}, {'x': csr * 2}):
                    e.forward(is_train=True, **feed)
                    e.backward(mx.nd.ones((4, 2)))
                    answer += [e.outputs[0].asnumpy(), [part.copy() for part in parts(g)[1:]]]
            """,
            "values of sparse variables": """
                e = bound(mx.sym.elemwise_add(mx.sym.var('a', stype='row_sparse'), mx.sym.var('b', stype='row_sparse')),
                    {'a': rows, 'b': rows}, a=(4, 3), b=(4, 3))
                answer = [e.outputs[0], types(e.arg_dict), types(e.grad_dict)]
            """,
            "the attribute": """
                v = mx.sym.var('w', stype='row_sparse')
                answer = [v.list_attr(), v.attr('__storage_type__'), v.tojson()]
            """,
        },
    ),
    **_with(
        (_ARRAYS, _UPDATE),
        {
            "sgd": """
                answer = [update('sgd_update', 0, s, wd=0.1, lazy_update=lazy) for s in ('default', 'row_sparse')
                    for lazy in (True, False)]
            """,
            "sgd with momentum": """
                answer = [update('sgd_mom_update', 1, s, t, wd=0.1, momentum=0.9, lazy_update=lazy)
                    for s in ('default', 'row_sparse') for t in ('default', 'row_sparse') for lazy in (True, False)]
            """,
            "adam": """
                answer = [update('adam_update', 2, s, t, wd=0.1, lazy_update=lazy)
                    for s in ('default', 'row_sparse') for t in ('default', 'row_sparse') for lazy in (True, False)]
            """,
            "ftrl": """
                answer = [update('ftrl_update', 2, s, wd=0.1, rescale_grad=0.5, clip_gradient=1.0)
                    for s in ('default', 'row_sparse')]
            """,
            "adagrad": """
                answer = [update('adagrad_update', 1, 'row_sparse', **a) for a in ({}, {'clip_gradient': 1.0},
                    {'rescale_grad': 2.0}, {'epsilon': 1.0})]
            """,
            "adagrad with decay": "update('adagrad_update', 1, 'row_sparse', wd=0.1)",
            "updates that are never lazy": """
                answer = [update(n, k, 'default', wd=0.1) for n, k in (('nag_mom_update', 1), ('signsgd_update', 0),
                    ('signum_update', 1), ('rmsprop_update', 1))]
            """,
        },
    ),
}
