"""Programs about arrays, recording, contexts and random numbers, whose answers MXNet 1.9.1 has given.

A program's answer is its last expression. ``record.py`` runs them in MXNet 1.9.1 and stores the answers, the tests run
them here and compare. This module must run on Python 3.8 with either library.
"""

from __future__ import annotations

import ast
import textwrap

import numpy as np

#: x is 2 x 3 with the values 0 to 5, y is its double plus one, v is a vector of 6.
PRELUDE = """
x = mx.nd.array([[0, 1, 2], [3, 4, 5]])
y = x * 2 + 1
v = mx.nd.arange(6)
i = mx.nd.array([[0, 1, 2], [3, 4, 5]], dtype="int32")
def raises(function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except Exception as error:
        return True
    return False
"""

#: Which arrays share memory, and which are copies: the piece is overwritten and the source looked at.
_PIECES = {
    "x[1:2]": "x[1:2]",
    "x[1]": "x[1]",
    "x[-1]": "x[-1]",
    "x[:]": "x[:]",
    "x[0, 1:3]": "x[0, 1:3]",
    "x[1, 1]": "x[1, 1]",
    "x[1, 1:]": "x[1, 1:]",
    "x[1:2, 1:3]": "x[1:2, 1:3]",
    "x[1:2, :]": "x[1:2, :]",
    "x[0:2]": "x[0:2]",
    "x[...]": "x[...]",
    "x[..., 1]": "x[..., 1]",
    "x[1, ...]": "x[1, ...]",
    "x[None]": "x[None]",
    "x[None, 1]": "x[None, 1]",
    "x[1, None]": "x[1, None]",
    "x[:, 1]": "x[:, 1]",
    "x[:, 0:2]": "x[:, 0:2]",
    "x[::2]": "x[::2]",
    "x[0:1:2]": "x[0:1:2]",
    "x[::-1]": "x[::-1]",
    "x[[0, 1]]": "x[[0, 1]]",
    "x[nd.array([1])]": "x[nd.array([1])]",
    "v[2:4]": "v[2:4]",
    "v[2]": "v[2]",
    "v[1:5:2]": "v[1:5:2]",
    "reshape": "x.reshape((3, 2))",
    "reshape(-1)": "x.reshape(-1)",
    "reshape of a part": "x[1:2].reshape((3, 1))",
    "part of a reshape": "x.reshape((3, 2))[1]",
    "reshape of a copy": "x[:, 1].reshape((1, 2))",
    "detach": "x.detach()",
    "as_in_context": "x.as_in_context(mx.cpu(0))",
    "as_in_context of another": "x.as_in_context(mx.cpu(1))",
    "as_nd_ndarray": "x.as_nd_ndarray()",
    "astype": "x.astype('float32')",
    "astype without copy": "x.astype('float32', copy=False)",
    "astype to another without copy": "x.astype('float64', copy=False)",
    "copy": "x.copy()",
    "copyto a context": "x.copyto(mx.cpu(0))",
    "copy.copy": "__import__('copy').copy(x)",
    "copy.deepcopy": "__import__('copy').deepcopy(x)",
    "T": "x.T",
    "transpose": "x.transpose()",
    "expand_dims": "x.expand_dims(0)",
    "flatten": "x.flatten()",
    "squeeze": "x.squeeze()",
    "reshape_like": "x.reshape_like(y)",
    "broadcast_to": "x.broadcast_to((2, 3))",
    "broadcast_like": "x.broadcast_like(y)",
    "slice_axis": "x.slice_axis(axis=0, begin=0, end=1)",
    "slice": "x.slice(begin=(0, 0), end=(1, 3))",
    "flip": "x.flip(axis=0)",
    "swapaxes": "x.swapaxes(0, 1)",
    "split": "x.split(num_outputs=2, axis=0)[0]",
    "tile": "x.tile((1, 1))",
    "tostype": "x.tostype('default')",
    "nd.reshape": "nd.reshape(x, shape=(3, 2))",
    "nd.expand_dims": "nd.expand_dims(x, axis=0)",
    "nd.squeeze": "nd.squeeze(x)",
    "nd.flatten": "nd.flatten(x)",
    "nd.identity": "nd.identity(x)",
    "nd.BlockGrad": "nd.BlockGrad(x)",
    "nd.concat of one": "nd.concat(x, dim=0)",
    "nd.concatenate of one": "nd.concatenate([x])",
    "nd.concatenate of one without copy": "nd.concatenate([x], always_copy=False)",
    "nd.array": "nd.array(x)",
    "nd.moveaxis": "nd.moveaxis(x, 0, 1)",
    "iteration": "list(x)[1]",
    "asnumpy": "x.asnumpy()",
}

SHARING = {
    name: "piece = " + code + "\npiece[:] = 9\nx if not " + repr(code) + ".startswith('v') else v"
    for name, code in _PIECES.items()
}

INPLACE = {
    "expand_dims": "z = x.expand_dims(1, inplace=True); z[:] = 7; [z.shape, x]",
    "expand_dims negative": "x.expand_dims(-1, inplace=True).shape",
    "flatten": "w = x.reshape((1, 2, 3)); z = w.flatten(inplace=True); z[:] = 7; [z.shape, w.shape, x]",
    "squeeze": "w = x.reshape((1, 2, 3, 1)); z = w.squeeze(inplace=True); z[:] = 7; [z.shape, w.shape, x]",
    "squeeze axis": "w = x.reshape((1, 2, 3, 1)); w.squeeze(axis=0, inplace=True).shape",
    "squeeze axes": "w = x.reshape((1, 2, 3, 1)); w.squeeze(axis=(0, 3), inplace=True).shape",
    "squeeze everything": "nd.ones((1, 1)).squeeze().shape",
    "squeeze everything in place": "nd.ones((1, 1)).squeeze(inplace=True).shape",
    "+=": "z = x; z += 1; x",
    "-=": "z = x; z -= y; x",
    "*=": "z = x; z *= y; x",
    "/=": "z = x; z /= y; x",
    "%=": "z = x; z %= y; x",
    "**=": "z = x; z **= 2; [x, z]",
    "+= on a view": "z = x[1]; z += 10; x",
    "*= with broadcasting": "z = x; z *= nd.array([1, 2, 3]); x",
    "x[1] += 1": "x[1] += 1; x",
    "x[:, 1] += 1": "x[:, 1] += 1; x",
    "x[:] = x * 2": "x[:] = x * 2; x",
    "+= integer array": "i += 1; i",
    "/= integer array": "i /= 2; i",
    "+= itself": "x += x; x",
}

CREATION = {
    "array of list": "nd.array([1, 2, 3])",
    "array of nested list": "nd.array([[1, 2], [3, 4]])",
    "array of ints has float32": "nd.array([1, 2]).dtype",
    "array of float64 numpy": "nd.array(np.ones(2, 'float64'))",
    "array of int32 numpy": "nd.array(np.ones(2, 'int32'))",
    "array of bool numpy": "nd.array(np.array([True, False]))",
    "array of NDArray": "nd.array(i)",
    "array of NDArray and dtype": "nd.array(i, dtype='float64')",
    "array of number": "nd.array(3)",
    "array of 0-d numpy": "nd.array(np.array(2.5))",
    "array of range": "nd.array(range(3))",
    "array of tuple": "nd.array((1.5, 2))",
    "array of bools": "nd.array([True, False])",
    "array with dtype": "nd.array([1.7, -1.7], dtype='int32')",
    "array with bool dtype": "nd.array([0, 2], dtype='bool')",
    "array with numpy dtype": "nd.array([1], dtype=np.int8)",
    "array with numpy dtype instance": "nd.array([1], dtype=np.dtype('uint8'))",
    "array with ctx": "nd.array([1], ctx=mx.cpu(1)).context",
    "array of non-contiguous numpy": "nd.array(np.arange(6).reshape(2, 3).T)",
    "array of negative strides": "nd.array(np.arange(6)[::-1])",
    "array of float16": "nd.array(np.array([1, 2], 'float16'), dtype='float16')",
    "empty": "z = nd.empty((2, 3)); [z.shape, z.dtype, z.context]",
    "empty dtype": "nd.empty((2,), dtype='int8').dtype",
    "empty int": "nd.empty(4).shape",
    "zeros": "nd.zeros((2, 3))",
    "zeros int": "nd.zeros(2)",
    "zeros list": "nd.zeros([2, 1])",
    "zeros dtype": "nd.zeros((2,), dtype='uint8')",
    "zeros out": "z = nd.ones((2,)); w = nd.zeros((2,), out=z); [z, w is z]",
    "zeros stype": "nd.zeros((2,), stype='default')",
    "ones": "nd.ones((1, 2), ctx=mx.cpu(1))",
    "ones context": "nd.ones((1, 2), ctx=mx.cpu(1)).context",
    "full": "nd.full((2, 2), 7)",
    "full dtype": "nd.full((2,), 7.9, dtype='int32')",
    "full out": "z = nd.ones((2,)); nd.full((2,), 3, out=z); z",
    "arange": "nd.arange(3)",
    "arange start": "nd.arange(1, 4)",
    "arange step": "nd.arange(1, 2, 0.25)",
    "arange negative": "nd.arange(5, 1, -2)",
    "arange repeat": "nd.arange(2, repeat=3)",
    "arange dtype": "nd.arange(3, dtype='int64')",
    "arange float stop": "nd.arange(2.5)",
    "linspace": "nd.linspace(0, 1, 5)",
    "linspace endpoint": "nd.linspace(0, 1, 4, endpoint=False)",
    "linspace one": "nd.linspace(2, 3, 1)",
    "eye": "nd.eye(2)",
    "eye M": "nd.eye(2, 3)",
    "eye k": "nd.eye(3, 3, -1)",
    "zeros_like": "nd.zeros_like(i)",
    "ones_like": "x.ones_like()",
    "from_numpy dtype": "nd.from_numpy(np.arange(3, dtype='int64'))",
    "from_numpy shares": "a = np.zeros((2,), 'float32'); z = nd.from_numpy(a); z[:] = 4; z.wait_to_read(); a",
    "from_numpy makes read-only": "a = np.zeros((2,)); z = nd.from_numpy(a); a.flags.writeable",
    "from_numpy copies": """
        a = np.zeros((2,))
        z = nd.from_numpy(a, zero_copy=False)
        z[:] = 4
        [a, z, a.flags.writeable]
    """,
    "dlpack read": "z = nd.from_dlpack(x.to_dlpack_for_read()); z[:] = 3; [x, z]",
    "dlpack write": "z = nd.from_dlpack(nd.to_dlpack_for_write(x)); z += 3; [x, z]",
    "concatenate": "nd.concatenate([x, y], axis=1)",
    "concatenate axis 0": "nd.concatenate([x, y])",
    "moveaxis": "nd.moveaxis(nd.zeros((1, 2, 3)), 0, 2).shape",
    "moveaxis several": "nd.moveaxis(nd.zeros((1, 2, 3)), (0, 1), (-1, -2)).shape",
    "onehot_encode": "nd.onehot_encode(nd.array([1, 0]), nd.zeros((2, 3)))",
    "split_v2 sections": "nd.split_v2(x, 3, axis=1)",
    "split_v2 indices": "nd.split_v2(v, (2, 5))",
    "split_v2 squeeze": "nd.split_v2(x, 2, axis=0, squeeze_axis=True)",
    "histogram": "nd.histogram(v, bins=3, range=(0, 6))",
    "histogram own range": "nd.histogram(v, bins=5)",
    "histogram edges": "nd.histogram(v, bins=nd.array([0, 2, 6]))",
    "float64": "nd.ones((1,), dtype='float64')",
    "float": "nd.ones((1,), dtype=float).dtype",
    "int": "nd.ones((1,), dtype=int).dtype",
    "bool": "nd.ones((1,), dtype=bool).dtype",
}

PROPERTIES = {
    "shape": "x.shape",
    "ndim": "x.ndim",
    "size": "x.size",
    "dtype": "x.dtype",
    "dtype is a type": "x.dtype is np.float32",
    "dtypes": """
        names = ('float64', 'float16', 'int8', 'uint8', 'int32', 'int64', 'bool')
        [nd.zeros((1,), dtype=name).dtype is np.dtype(name).type for name in names]
    """,
    "context": "[x.context, x.ctx, x.context == mx.cpu(0)]",
    "stype": "x.stype",
    "writable": "x.writable",
    "grad": "x.grad",
    "len": "len(x)",
    "T": "x.T",
    "T of a vector": "v.T",
    "T of 3 axes": "nd.zeros((1, 2, 3)).T.shape",
    "context after pickling": """
        import pickle
        z = nd.ones((1,), ctx=mx.cpu(1))
        pickle.loads(pickle.dumps(z)).context
    """,
    "repr": "repr(x)",
    "repr of a vector": "repr(nd.array([1, 2.5]))",
    "repr of one": "repr(nd.array([7], dtype='int32'))",
    "repr on cpu(1)": "repr(nd.ones((2, 1), ctx=mx.cpu(1)))",
    "repr of bool": "repr(nd.array([1, 0], dtype='bool'))",
    "str": "str(v)",
    "repr of 3 axes": "repr(nd.zeros((2, 1, 2)))",
    "repr of a long one": "repr(nd.zeros((2000,)))",
    "hash is identity": "[hash(x) == hash(x), len({x, x, x.copy()})]",
    "in a dict": "d = {x: 1}; d[x]",
    "bool of zero": "bool(nd.array([0]))",
    "bool of one": "bool(nd.array([[2]]))",
    "bool of nan": "bool(nd.array([float('nan')]))",
    "asscalar": "nd.array([2.5]).asscalar()",
    "asscalar dtype": "type(nd.array([2], dtype='uint8').asscalar()).__name__",
    "asscalar of bool": "nd.array([1], dtype='bool').asscalar()",
    "asnumpy": "i.asnumpy()",
    "asnumpy is a copy": "a = x.asnumpy(); a[:] = 9; x",
    "np.sum": "float(np.sum(x.asnumpy()))",
    "iteration": "[row for row in x]",
    "iteration of a vector": "[n.shape for n in v]",
    "unpacking": "a, b = x; b",
    "5 in v": "5 in v.asnumpy()",
    "astype": "x.astype('int32')",
    "astype truncates": "nd.array([1.9, -1.9]).astype('int32')",
    "astype np": "x.astype(np.float16)",
    "astype bool": "nd.array([0, 0.5, -2]).astype('bool')",
    "astype from bool": "nd.array([0, 1], dtype='bool').astype('float32')",
    "astype uint8": "nd.array([3.7, 200]).astype('uint8')",
    "astype same": "x.astype('float32') is x",
    "astype same no copy": "x.astype('float32', copy=False) is x",
    "astype keywords": "x.astype(dtype='int8').dtype",
    "copyto": "z = nd.zeros((2, 3)); w = x.copyto(z); [z, w is z]",
    "copyto casts": "z = nd.zeros((2, 3), dtype='int32'); (x + 0.7).copyto(z); z",
    "copyto context": "x.copyto(mx.cpu(1)).context",
    "copyto another context": "z = nd.zeros((2, 3), ctx=mx.cpu(1)); x.copyto(z); [z, z.context]",
    "as_in_context": "[x.as_in_context(mx.cpu(0)) is x, x.as_in_context(mx.cpu(1)).context]",
    "wait": "[x.wait_to_read(), nd.waitall()]",
    "attach_grad": "x.attach_grad(); x.grad",
    "attach_grad dtype": "z = x.astype('float64'); z.attach_grad(); z.grad",
    "reshape codes": """
        z = nd.zeros((2, 3, 4))
        one = [z.reshape(s).shape for s in ((-1,), (0, -1), (0, 0, -1), (-2,), (-3, 0), (0, -3), (-4, 1, 2, -2))]
        two = [z.reshape(s).shape for s in ((0, -4, -1, 3, 4), (-1, 0), (4, 0, -1), (-3, -2), (6, 4), (2, -2))]
        one + two
    """,
    "reshape reverse": "z = nd.zeros((10, 5, 4)); [z.reshape((-1, 0), reverse=True).shape, z.reshape((-1, 0)).shape]",
    "reshape arguments": """
        [
            x.reshape(3, 2).shape, x.reshape((3, 2)).shape, x.reshape([6]).shape, x.reshape(6).shape,
            x.reshape(shape=(1, -1)).shape, x.reshape(-1, 2).shape,
        ]
    """,
    "broadcast_to": "nd.array([[1], [2]]).broadcast_to((2, 3))",
    "broadcast_to more axes": "nd.array([1, 2]).broadcast_to((3, 2))",
    "broadcast_like": "nd.array([[1], [2]]).broadcast_like(x)",
    "slice_assign": "z = x.slice_assign(nd.ones((1, 2)) * 8, (0, 1), (1, 3), (None, None)); [z, x]",
    "slice_assign_scalar": "z = x.slice_assign_scalar(8, (0, 1), (1, 3), (None, None)); [z, x]",
    "comparisons of contexts": "[mx.cpu() == mx.cpu(0), mx.cpu(0) == mx.cpu(1), mx.cpu() == 'cpu']",
}

_OPERANDS = {
    "x, y": "x, y",
    "x, v-row": "x, nd.array([1, 2, 3])",
    "x, column": "x, nd.array([[1], [2]])",
    "x, 2": "x, 2",
    "2, x": "2, x",
    "x, 2.5": "x, 2.5",
    "2.5, x": "2.5, x",
    "x, np.float32": "x, np.float32(1.5)",
    "np.float64, x": "np.float64(1.5), x",
    "np.int64, x": "np.int64(3), x",
    "x, True": "x, True",
    "i, 2": "i, 2",
    "2, i": "2, i + 1",
    "i, 2.5": "i, 2.5",
    "i, i": "i, i + 1",
    "u8": "nd.array([1, 200], dtype='uint8'), 100",
    "i8": "nd.array([1, 100], dtype='int8'), 2",
    "i64": "nd.array([1, 2**30], dtype='int64'), nd.array([3, 2], dtype='int64')",
    "f16": "nd.array([1, 2.5], dtype='float16'), 1.5",
    "f64": "nd.array([1, 2.5], dtype='float64'), nd.array([0.1, 3], dtype='float64')",
}
_OPERATORS = ("+", "-", "*", "/", "%", "**", "==", "!=", ">", ">=", "<", "<=")
_FUNCTIONS = (
    "add", "subtract", "multiply", "divide", "true_divide", "modulo", "power", "maximum", "minimum", "equal",
    "not_equal", "greater", "greater_equal", "lesser", "lesser_equal", "logical_and", "logical_or", "logical_xor",
)  # fmt: skip

ARITHMETIC = {
    f"{symbol} {name}": f"a, b = {pair}\na {symbol} b" for name, pair in _OPERANDS.items() for symbol in _OPERATORS
}
ARITHMETIC.update(
    (f"{function}({name})", f"nd.{function}({_OPERANDS[name]})")
    for function in _FUNCTIONS
    for name in ("x, y", "x, column", "x, 2", "2.5, x", "i, 2", "np.int64, x")
)
ARITHMETIC.update((f"{function}(5, 2)", f"nd.{function}(5, 2)") for function in _FUNCTIONS if "logical" not in function)
ARITHMETIC.update(
    {
        "-x": "-x",
        "abs(x)": "abs(-x)",
        "-i": "-i",
        "abs(i)": "abs(-i)",
        "-uint8": "-nd.array([1, 2], dtype='uint8')",
        "numpy scalar first": "np.float32(2) * x",
        "int32 array of large numbers plus one": "nd.array([2**24 + 1], dtype='int32') + 1",
        "int64 array of large numbers plus one": "nd.array([2**40], dtype='int64') + 1",
        "division by zero": "nd.array([1.0, -1, 0]) / 0",
        "modulo of negatives": "nd.array([-5.0, 5]) % 3",
        "modulo by negatives": "nd.array([-5.0, 5]) % -3",
        "negative power": "nd.array([2.0, 4]) ** -0.5",
        "out=": "z = nd.zeros((2, 3)); w = nd.broadcast_add(x, y, out=z); [z, w is z]",
        "out= of several": """
        a, b = (nd.zeros((2, 2)), nd.zeros((2, 1)))
        (nd.split_v2(x, 3, axis=1)[0].shape, nd.topk(x, k=2, ret_typ='both', out=[a, nd.zeros((2, 2))]))
        a
    """,
        "out= an input": "nd.exp(x, out=x); x",
        "out= a view": "z = nd.zeros((2, 3)); nd.sum(x, axis=0, out=z[1]); z",
        "chained": "((x + 1) * 2 - y) / (x + 1) ** 2",
        "sum": "sum([x, y])",
        "abs of method": "x.__abs__()",
        "python2 names": "x.__div__(2), x.__rdiv__(2)",
        "logical_not": "nd.logical_not(x)",
        "comparison gives float32": "(x > 2).dtype",
        "comparison of integers": "(i > 2).dtype",
        "scalar too big for int8": "nd.array([1, 2], dtype='int8') + 300",
        "bool + 1": "nd.array([1, 0], dtype='bool') + 1",
    }
)

#: What MXNet 1.9.1 refuses is refused here, with a message that matches the pattern and an error of the same class, or
#: of the class that stands third. An AssertionError there is an MXNetError here.
ERRORS = {
    "array of text": ("nd.array(['a'])", "array"),
    "array of ragged lists": ("nd.array([[1, 2], [3]])", "array"),
    "array of unknown dtype": ("nd.array([1], dtype='float31')", "float31"),
    "array of complex": ("nd.array([1], dtype='complex64')", "complex64", TypeError),
    "bool of several": ("bool(x)", "ambiguous"),
    "asscalar of several": ("x.asscalar()", r"\(2, 3\)"),
    "float of several": ("float(x)", "scalar", ValueError),
    "int of several": ("int(x)", "scalar", ValueError),
    "index of float": ("[1, 2][nd.array([1.0])]", "integer"),
    "index of several": ("[1, 2][i]", "integer"),
    "x + text": ("x + 'a'", "NDArray or a number"),
    "x + None": ("x + None", "NDArray or a number"),
    "x + list": ("x + [1, 2, 3]", r"mx\.nd\.array"),
    "x + numpy": ("x + np.ones((2, 3))", r"mx\.nd\.array"),
    "numpy + x": ("np.ones((2, 3)) + x", r"mx\.nd\.array"),
    "text + x": ("'a' + x", "NDArray or a number|can only concatenate"),
    "x += text": ("x += 'a'", "NDArray or a number"),
    "x > text": ("x > 'a'", "NDArray or a number"),
    "x == text": ("x == 'a'", "NDArray or a number"),
    "nd.add of text": ("nd.add(x, 'a')", "add"),
    "nd.add of two texts": ("nd.add('a', 'b')", "add"),
    "nd.maximum of None": ("nd.maximum(None, x)", "maximum"),
    "shapes do not broadcast": ("x + nd.zeros((4,))", r"broadcast_add.*\(2, 3\).*\(4,\)"),
    "dtypes differ": ("x + i", "broadcast_add.*float32.*int32"),
    "arithmetic of bools": ("z = x > 1; z = z.astype('bool'); z * z", "broadcast_mul.*bool.*astype"),
    "in place of another shape": ("v += x", r"out|broadcast"),
    "in place of a bigger shape": ("z = nd.ones((1, 3)); z += x", r"out is \(1, 3\).*\(2, 3\)"),
    "copyto of text": ("x.copyto('cpu')", "copyto.*NDArray or a Context"),
    "copyto of another shape": ("x.copyto(nd.zeros((3, 2)))", r"\(2, 3\).*\(3, 2\)"),
    "astype unknown": ("x.astype('float31')", "float31"),
    "reshape of another size": ("x.reshape((4, 2))", r"reshape.*\(2, 3\)"),
    "reshape without shape": ("x.reshape()", "shape must be provided"),
    "reshape unknown keyword": ("x.reshape((3, 2), order='C')", "order"),
    "broadcast_to does not fit": ("x.broadcast_to((2, 4))", r"\(2, 3\).*\(2, 4\)"),
    "broadcast_to fewer axes": ("x.broadcast_to((3,))", r"\(2, 3\).*\(3,\)"),
    "squeeze of a long axis": ("x.squeeze(axis=0)", "squeeze"),
    "squeeze of a long axis in place": ("x.squeeze(axis=0, inplace=True)", "squeeze"),
    "expand_dims out of range": ("x.expand_dims(5)", "expand_dims"),
    "from_numpy of a strided array": ("nd.from_numpy(np.zeros((2, 3)).T)", "contiguous"),
    "unknown fluent method": ("x.exponentiate()", "exponentiate"),
    "unknown keyword": ("nd.sum(x, axes=0)", "sum.*axes"),
    "input of another type": ("nd.exp([1, 2])", "exp.*NDArray"),
    "input missing": ("nd.dot(x)", "dot.*rhs"),
    "out of another shape": ("nd.exp(x, out=nd.zeros((3,)))", r"exp.*\(3,\).*\(2, 3\)"),
    "concatenate of nothing": ("nd.concatenate([])", "concatenate"),
    "moveaxis out of range": ("nd.moveaxis(x, 5, 0)", "moveaxis.*5"),
    "moveaxis of different numbers": ("nd.moveaxis(x, (0, 1), (0,))", "moveaxis"),
    "save of text": ("nd.save('/nowhere/at/all', 'text')", "save.*NDArray"),
    "save of a list of text": ("nd.save('/nowhere/at/all', ['text'])", "save.*NDArray"),
    "save of numbered names": ("nd.save('/nowhere/at/all', {1: x})", "save.*str"),
    "load of no file": ("nd.load('/nowhere/at/all')", "/nowhere/at/all"),
    "load_frombuffer of text": ("nd.load_frombuffer('text')", "bytes"),
    "attach_grad of an unknown request": ("x.attach_grad('multiply')", "multiply", ValueError),
    "seed of text": ("mx.random.seed('a')", "seed"),
    "seed of a float": ("mx.random.seed(1.5)", "seed"),
    "context of no type": ("mx.Context('tpu')", "tpu"),
    "array on no gpu": ("nd.zeros((1,), ctx=mx.gpu(77))", r"gpu\(77\)"),
    "copy to no gpu": ("x.as_in_context(mx.gpu(77))", r"gpu\(77\)"),
    "memory of no gpu": ("mx.context.gpu_memory_info(77)", r"gpu\(77\)"),
    "uniform of text": ("nd.random.uniform('a', 'b')", "uniform"),
    "uniform of array and number": ("nd.random.uniform(nd.zeros((2,)), 1)", "uniform"),
    "uniform of int dtype": ("nd.random.uniform(0, 1, shape=(2,), dtype='int32')", "uniform|dtype"),
    "normal of int dtype": ("nd.random.normal(0, 1, shape=(2,), dtype='int32')", "normal|dtype"),
    "randint of float dtype": ("nd.random.randint(0, 5, shape=(2,), dtype='float32')", "randint"),
    "uniform of a reversed range": ("nd.random.uniform(1, 0, shape=(2,)).asnumpy()", "uniform"),
    "normal of a negative scale": ("nd.random.normal(0, -1, shape=(2,)).asnumpy()", "normal"),
    "exponential of a negative scale": ("nd.random.exponential(-1, shape=(2,)).asnumpy()", "exponential"),
    "poisson of a negative rate": ("nd.random.poisson(-1, shape=(2,)).asnumpy()", "poisson"),
    "gamma of a negative shape": ("nd.random.gamma(-1, 1, shape=(2,)).asnumpy()", "gamma"),
    "exponential of text": ("nd.random.exponential('a')", "exponential"),
    "backward of nothing recorded": ("x.backward()", "recorded"),
    "backward twice": (
        """
        x.attach_grad()
        with autograd.record():
            z = (x * x).sum()
        z.backward()
        z.backward()
    """,
        "retain_graph|recorded",
    ),
    "head gradients of another number": (
        """
        x.attach_grad()
        with autograd.record():
            z = x * 2
        autograd.backward([z], [x, x])
    """,
        "head",
    ),
    "grad of something unattached": (
        """
        x.attach_grad()
        with autograd.record():
            z = x * 2
        autograd.grad(z, y)
    """,
        "grad",
    ),
    "grad of something that does not reach": (
        """
        x.attach_grad()
        y.attach_grad()
        with autograd.record():
            z = x * 2
        autograd.grad(z, [x, y])
    """,
        "grad",
    ),
    "function used twice": (
        """
        class F(autograd.Function):

            def forward(self, a):
                return a * 2

            def backward(self, g):
                return g
        f = F()
        f(x)
        f(x)
    """,
        "once",
    ),
}

_IN_RECORD = "x.attach_grad()\nwith autograd.record():\n    "

#: What may be written inside a recording, and what the gradient is then.
WRITES = {
    "attached += 1": "x += 1",
    "attached *= y": "x *= y",
    "attached[:] = 1": "x[:] = 1",
    "attached[0] = 1": "x[0] = 1",
    "attached[:] = recorded": "x[:] = x * 2",
    "recorded += 1": "z = x * 2; z += 1",
    "recorded -= x": "z = x * 2; z -= x",
    "recorded *= recorded": "z = x * 2; z *= z",
    "recorded[:] = 1": "z = x * 2; z[:] = 1",
    "recorded[0] = 1": "z = x * 2; z[0] = 1",
    "recorded[0, 1] = 1": "z = x * 2; z[0, 1] = 1",
    "recorded[:] = array": "z = x * 2; z[:] = y",
    "constant += 1": "z = y.copy(); z += 1; z = z * x",
    "constant += recorded": "z = y.copy(); z += x * 2",
    "constant *= attached": "z = y.copy(); z *= x",
    "constant[:] = 1": "z = y.copy(); z[:] = 1; z = z * x",
    "constant[:] = recorded": "z = y.copy(); z[:] = x * 2",
    "constant[0] = recorded": "z = y.copy(); z[0] = (x * 2)[0]",
    "constant[list] = recorded": "z = y.copy(); z[[0]] = (x * 2)[0]",
    "constant[array] = recorded": "z = y.copy(); z[nd.array([0])] = (x * 2)[0]",
    "constant[numpy] = recorded": "z = y.copy(); z[np.array([0, 1])] = x * 2",
    "constant[...] = recorded": "z = y.copy(); z[...] = x * 2",
    "constant[0:2] = recorded": "z = y.copy(); z[0:2] = x * 2",
    "constant[:, :] = recorded": "z = y.copy(); z[:, :] = x * 2",
    "constant[:] = recorded with an axis more": "z = y.copy(); z[:] = (x * 2).reshape((1, 2, 3))",
    "constant[:] = recorded row": "z = y.copy(); z[:] = (x * 2)[0]",
    "constant[:] = recorded of another dtype": "z = y.copy(); z[:] = (x * 2).astype('float64')",
    "constant[0] = 5": "z = y.copy(); z[0] = 5; z = z * x",
    "constant[:, 1] = recorded": "z = y.copy(); z[:, 1] = (x * 2)[:, 1]",
    "out=constant": "z = y.copy(); nd.exp(x, out=z)",
    "out=attached": "nd.exp(y, out=x); z = x",
    "out=recorded": "z = x * 2; nd.exp(y, out=z)",
    "out=itself": "z = x * 2; nd.exp(z, out=z)",
    "copyto constant": "z = y.copy(); x.copyto(z)",
    "copyto attached": "y.copyto(x); z = x * 2",
    "detached += 1": "z = (x * 2).detach(); z += 1; z = z * x",
    "in pause": "z = x * 2\n    with autograd.pause():\n        y += 1\n    z = z * y",
    "attached in pause": "\n    with autograd.pause():\n        x += 1\n    z = x * x",
}
WRITES = {
    name: _IN_RECORD + code + ("" if "z" in code else "\n    z = x * 2") + "\nz.backward()\n[z, x.grad]"
    for name, code in WRITES.items()
}

AUTOGRAD = {
    "square": """
        x.attach_grad()
        with autograd.record():
            z = x * x
        z.backward()
        x.grad
    """,
    "gradient of the mean of squares": """
        x.attach_grad()
        with autograd.record():
            z = (x ** 2).mean()
        z.backward()
        [z, x.grad]
    """,
    "head gradient": """
        x.attach_grad()
        with autograd.record():
            z = x * x
        z.backward(y)
        x.grad
    """,
    "chain": """
        x.attach_grad()
        with autograd.record():
            z = nd.exp(x).log() * nd.sin(x)
        z.backward()
        x.grad
    """,
    "write overwrites": """
        x.attach_grad()
        with autograd.record():
            z = x * 2
        z.backward()
        with autograd.record():
            z = x * 3
        z.backward()
        x.grad
    """,
    "add accumulates": """
        x.attach_grad('add')
        for n in range(3):
            with autograd.record():
                z = x * n
            z.backward()
        x.grad
    """,
    "null": """
        x.attach_grad('null')
        y.attach_grad()
        with autograd.record():
            z = x * y
        z.backward()
        y.grad
    """,
    "gradient array stays the same": """
        x.attach_grad()
        with autograd.record():
            z = x * 2
        g = x.grad
        z.backward()
        [g is x.grad or bool((g == x.grad).min()), g]
    """,
    "used twice": """
        x.attach_grad()
        with autograd.record():
            z = x * x + x
        z.backward()
        x.grad
    """,
    "add with use twice": """
        x.attach_grad('add')
        with autograd.record():
            z = x * x + x
        z.backward()
        x.grad
    """,
    "two heads": """
        x.attach_grad()
        with autograd.record():
            a = x * 2
            b = x * 3
        autograd.backward([a, b])
        x.grad
    """,
    "two heads with gradients": """
        x.attach_grad()
        with autograd.record():
            a = x * 2
            b = x * 3
        autograd.backward([a, b], [nd.ones((2, 3)), y])
        x.grad
    """,
    "two heads, one gradient None": """
        x.attach_grad()
        with autograd.record():
            a = x * 2
            b = x * 3
        autograd.backward([a, b], [None, y])
        x.grad
    """,
    "retain_graph": """
        x.attach_grad()
        with autograd.record():
            z = x * x
        z.backward(retain_graph=True)
        x.grad[:] = 0
        z.backward()
        x.grad
    """,
    "losses one after another": """
        x.attach_grad()
        with autograd.record():
            h = x * 2
            a = h.sum()
            b = (h * h).sum()
        a.backward(retain_graph=True)
        g = x.grad.copy()
        b.backward()
        [g, x.grad]
    """,
    "losses of separate graphs": """
        x.attach_grad()
        with autograd.record():
            a = (x * 2).sum()
            b = (x * x).sum()
        a.backward()
        g = x.grad.copy()
        b.backward()
        [g, x.grad]
    """,
    "detach": """
        x.attach_grad()
        with autograd.record():
            z = x * (x * 2).detach()
        z.backward()
        x.grad
    """,
    "BlockGrad": """
        x.attach_grad()
        with autograd.record():
            z = x * nd.BlockGrad(x * 2)
        z.backward()
        x.grad
    """,
    "pause": """
        x.attach_grad()
        with autograd.record():
            z = x * 2
            with autograd.pause():
                w = x * 5
            z = z * w
        z.backward()
        x.grad
    """,
    "attach_grad on an intermediate": """
        x.attach_grad()
        with autograd.record():
            h = x * 2
            h.attach_grad()
            z = h * h
        z.backward()
        [h.grad, x.grad]
    """,
    "attach_grad on an intermediate of null": """
        x.attach_grad()
        with autograd.record():
            h = x * 2
            h.attach_grad('null')
            z = h * x
        z.backward()
        x.grad
    """,
    "attach_grad again": """
        x.attach_grad()
        with autograd.record():
            z = x * 2
        z.backward()
        x.attach_grad()
        x.grad
    """,
    "view row": """
        x.attach_grad()
        with autograd.record():
            z = x[1] * 3
        z.backward()
        x.grad
    """,
    "view slice": """
        x.attach_grad()
        with autograd.record():
            z = x[0:1] * 3
        z.backward()
        x.grad
    """,
    "column": """
        x.attach_grad()
        with autograd.record():
            z = x[:, 1] * 3
        z.backward()
        x.grad
    """,
    "advanced index": """
        x.attach_grad()
        with autograd.record():
            z = x[[0, 0, 1]] * 3
        z.backward()
        x.grad
    """,
    "element": """
        x.attach_grad()
        with autograd.record():
            z = x[1, 2] * 3
        z.backward()
        x.grad
    """,
    "reshape": """
        x.attach_grad()
        with autograd.record():
            z = x.reshape((3, 2)) * nd.arange(6).reshape((3, 2))
        z.backward()
        x.grad
    """,
    "view made before": """
        x.attach_grad()
        w = x[1]
        with autograd.record():
            z = w * 3 + x.sum()
        z.backward()
        x.grad
    """,
    "iteration": """
        x.attach_grad()
        with autograd.record():
            z = sum((row * k for k, row in enumerate(x)))
        z.backward()
        x.grad
    """,
    "T": """
        x.attach_grad()
        with autograd.record():
            z = x.T * nd.arange(6).reshape((3, 2))
        z.backward()
        x.grad
    """,
    "astype": """
        x.attach_grad()
        with autograd.record():
            z = x.astype('float64') * 2
        z.backward()
        x.grad
    """,
    "copy": """
        x.attach_grad()
        with autograd.record():
            z = x.copy() * 2
        z.backward()
        x.grad
    """,
    "as_in_context": """
        x.attach_grad()
        with autograd.record():
            z = x.as_in_context(mx.cpu(1)) * 2
        z.backward()
        [x.grad, z.context]
    """,
    "copyto a context": """
        x.attach_grad()
        with autograd.record():
            z = x.copyto(mx.cpu(1)) * 2
        z.backward()
        x.grad
    """,
    "scalar operators": """
        x.attach_grad()
        with autograd.record():
            z = 2 / (x + 1) + 3 ** x - (1 - x) + x ** 2
        z.backward()
        x.grad
    """,
    "broadcasting": """
        w = nd.array([1.0, 2, 3])
        w.attach_grad()
        x.attach_grad()
        with autograd.record():
            z = x * w + w
        z.backward()
        [x.grad, w.grad]
    """,
    "flags": """
        a = (autograd.is_recording(), autograd.is_training())
        with autograd.record():
            b = (autograd.is_recording(), autograd.is_training())
            with autograd.pause():
                c = (autograd.is_recording(), autograd.is_training())
            with autograd.predict_mode():
                d = (autograd.is_recording(), autograd.is_training())
            with autograd.pause(train_mode=True):
                e = (autograd.is_recording(), autograd.is_training())
        with autograd.record(train_mode=False):
            f = (autograd.is_recording(), autograd.is_training())
            with autograd.train_mode():
                g = (autograd.is_recording(), autograd.is_training())
        h = (autograd.is_recording(), autograd.is_training())
        [a, b, c, d, e, f, g, h]
    """,
    "set_recording": """
        a = autograd.set_recording(True)
        b = autograd.set_recording(False)
        [a, b, autograd.is_recording()]
    """,
    "set_training": """
        a = autograd.set_training(True)
        b = autograd.set_training(False)
        [a, b, autograd.is_training()]
    """,
    "scope after an exception": """
        try:
            with autograd.record():
                raise KeyError
        except KeyError:
            pass
        [autograd.is_recording(), autograd.is_training()]
    """,
    "mark_variables": """
        g = nd.zeros((2, 3))
        autograd.mark_variables([x], [g])
        with autograd.record():
            z = x * 2
        z.backward()
        [g, x.grad]
    """,
    "mark_variables single": """
        g = nd.zeros((2, 3))
        autograd.mark_variables(x, g)
        with autograd.record():
            z = x * 2
        z.backward()
        g
    """,
    "mark_variables add": """
        g = nd.ones((2, 3))
        h = nd.ones((2, 3))
        autograd.mark_variables([x, y], [g, h], ['add', 'null'])
        with autograd.record():
            z = x * y
        z.backward()
        [g, h]
    """,
    "grad": """
        x.attach_grad()
        with autograd.record():
            z = x * x
        autograd.grad(z, x)
    """,
    "grad leaves x.grad": """
        x.attach_grad()
        with autograd.record():
            z = x * x
        autograd.grad(z, x)
        x.grad
    """,
    "grad of a list": """
        x.attach_grad()
        with autograd.record():
            z = x * x
        autograd.grad([z], [x])
    """,
    "grad heads": """
        x.attach_grad()
        with autograd.record():
            z = x * x
        autograd.grad(z, x, head_grads=y)
    """,
    "grad create_graph": """
        x.attach_grad()
        with autograd.record():
            z = nd.sin(x)
            g = autograd.grad(z, x, create_graph=True, retain_graph=True)[0]
            w = (g * g).sum()
        w.backward()
        [g, x.grad]
    """,
    "grad of grad": """
        x.attach_grad()
        with autograd.record():
            z = nd.sin(x)
            g = autograd.grad(z, x, create_graph=True)[0]
        g.backward()
        x.grad
    """,
    "grad retains": """
        x.attach_grad()
        with autograd.record():
            z = x * x
        a = autograd.grad(z, x, retain_graph=True)
        z.backward()
        [a, x.grad]
    """,
    "record in prediction mode": """
        x.attach_grad()
        with autograd.record(train_mode=False):
            z = nd.Dropout(x, p=0.5) * 2
        z.backward(train_mode=False)
        [z, x.grad]
    """,
    "Function": """
        class F(autograd.Function):

            def forward(self, a, b):
                self.save_for_backward(a, b)
                return (a * b, a + b)

            def backward(self, g, h):
                a, b = self.saved_tensors
                return (g * b * 10, h)
        y.attach_grad()
        x.attach_grad()
        with autograd.record():
            a, b = F()(x, y)
            z = a * 2 + b
        z.backward()
        [z, x.grad, y.grad]
    """,
    "Function sees no recording": """
        class F(autograd.Function):

            def forward(self, a):
                self.seen = (autograd.is_recording(), autograd.is_training())
                return a * 1

            def backward(self, g):
                return g
        x.attach_grad()
        with autograd.record():
            f = F()
            z = f(x)
        z.backward()
        [f.seen, x.grad]
    """,
    "Function outside of recording": """
        class F(autograd.Function):

            def forward(self, a):
                return a * 3
        F()(x)
    """,
    "SoftmaxOutput ignores head gradients": """
        x.attach_grad()
        with autograd.record():
            z = nd.SoftmaxOutput(x, nd.array([1, 2]))
        z.backward(nd.ones((2, 3)) * 100)
        x.grad
    """,
    "LinearRegressionOutput ignores head gradients": """
        x.attach_grad()
        with autograd.record():
            z = nd.LinearRegressionOutput(x, y)
        z.backward(nd.ones((2, 3)) * 100)
        x.grad
    """,
    "MakeLoss ignores head gradients": """
        x.attach_grad()
        with autograd.record():
            z = nd.MakeLoss(x * 2)
        z.backward(nd.ones((2, 3)) * 100)
        x.grad
    """,
    "loss layer inside": """
        x.attach_grad()
        with autograd.record():
            z = nd.SoftmaxOutput(x * 2, nd.array([1, 2])) * 5
        z.backward()
        x.grad
    """,
    "BatchNorm statistics": """
        m, s = (nd.zeros((3,)), nd.ones((3,)))
        x.attach_grad()
        with autograd.record():
            z = nd.BatchNorm(x, nd.ones((3,)), nd.zeros((3,)), m, s)
        before = (m.copy(), s.copy())
        z.backward()
        [before, m, s]
    """,
    "BatchNorm without backward": """
        m, s = (nd.zeros((3,)), nd.ones((3,)))
        with autograd.train_mode():
            z = nd.BatchNorm(x, nd.ones((3,)), nd.zeros((3,)), m, s)
        z.wait_to_read()
        [m, s]
    """,
    "hidden state is carried": """
        w = nd.array([[0.5, 0.1], [0.2, 0.3]])
        w.attach_grad()
        h = nd.ones((1, 2))
        seen = []
        for n in range(3):
            h = h.detach()
            with autograd.record():
                for t in range(2):
                    h = nd.tanh(nd.dot(h, w))
                loss = h.sum()
            loss.backward()
            seen.append(w.grad.copy())
        seen
    """,
    "hidden state is carried without detach": """
        w = nd.array([[0.5, 0.1], [0.2, 0.3]])
        w.attach_grad()
        h = nd.ones((1, 2))
        seen = []
        for n in range(3):
            with autograd.record():
                h = nd.tanh(nd.dot(h, w))
                loss = (h * h).sum()
            loss.backward()
            seen.append(w.grad.copy())
        seen
    """,
    "result outside of record is constant": """
        x.attach_grad()
        w = x * 3
        with autograd.record():
            z = x * w
        z.backward()
        x.grad
    """,
    "unused attached array": """
        y.attach_grad()
        y.grad[:] = 7
        x.attach_grad()
        with autograd.record():
            z = x * 2
        z.backward()
        y.grad
    """,
    "backward through an overwritten result": """
        x.attach_grad()
        with autograd.record():
            z = x + 1
        z[:] = 100
        z.backward()
        x.grad
    """,
    "update after backward": """
        x.attach_grad()
        with autograd.record():
            z = x * x
        z.backward()
        x -= 0.5 * x.grad
        [x, x.grad]
    """,
    "training steps": """
        for n in range(3):
            x.attach_grad() if n == 0 else None
            with autograd.record():
                z = (x * x).sum()
            z.backward()
            x[:] = x - 0.1 * x.grad
        [x, x.grad]
    """,
    "integers inside": """
        x.attach_grad()
        with autograd.record():
            z = nd.take(x, nd.array([1, 0, 1], dtype='int32')) * 2
        z.backward()
        x.grad
    """,
    "argmax stops": """
        x.attach_grad()
        with autograd.record():
            z = x * nd.argmax(x, axis=1, keepdims=True)
        z.backward()
        x.grad
    """,
    "several outputs": """
        x.attach_grad()
        with autograd.record():
            a, b, c = nd.split(x, num_outputs=3, axis=1)
            z = a * 2 + c
        z.backward()
        x.grad
    """,
    "grad is detached": """
        x.attach_grad()
        with autograd.record():
            z = x * x
        z.backward()
        with autograd.record():
            w = x.grad * x
        w.backward()
        x.grad
    """,
    "x.grad of detached": """
        x.attach_grad()
        with autograd.record():
            z = x * x
        z.backward()
        x.detach().grad
    """,
    "x.grad of a copy": "x.attach_grad(); x.copy().grad",
    "float16": """
        w = x.astype('float16')
        w.attach_grad()
        with autograd.record():
            z = w * w
        z.backward()
        w.grad
    """,
    "float64": """
        w = x.astype('float64')
        w.attach_grad()
        with autograd.record():
            z = nd.exp(w)
        z.backward()
        w.grad
    """,
}

#: Indexing on a 3 x 4 x 5 array.
_CUBE = "c = nd.arange(60).reshape((3, 4, 5))\n"
_KEYS = """c[1] | c[-1] | c[1, 2] | c[1, 2, 3] | c[-1, -2, -3] | c[1:3] | c[:, 1] | c[:, :, 1]
c[..., 1] | c[1, ..., 1] | c[0, :, [1, 2]] | c[0, :, [[1, 2]]] | c[0, None, [1, 2]] | c[[0, 1], 0:2, 1]
c[[0, 1], 0] | c[0, [1, 2]] | c[:, 0, [1, 2]] | c[:, [0, 1], 1]
c[...] | c[()] | c[None] | c[:, None] | c[..., None] | c[1, None, 2] | c[None, 1, 2, 3] | c[::2] | c[::-1]
c[:, ::-2] | c[2:0:-1] | c[1:100] | c[-100:2] | c[True] | c[False] | c[[0, 2]] | c[[0, 2], [1, 3]]
c[[0, 2], :, [1, 3]] | c[[[0, 1], [2, 0]]] | c[nd.array([0, 2])] | c[nd.array([0, 2]), nd.array([1, 1])]
c[np.array([0, 2])] | c[np.array([2, 1, 0]), 1] | c[:, [1, 2]] | c[:, [1, 2], 1:3] | c[..., [0, 4]]
c[1, [0, 1], [2, 3]] | c[-1:] | c[[-1, -2]] | c[nd.array([1.9])] | c[(1, 2)] | c[np.int64(1)]
c[np.int32(1), 2] | c[[True, False]] | c[[1]] | c[:, np.array([[0, 1], [2, 3]])]
c[nd.array([1], dtype='int32')] | c[1:3, [0, 1], ::2] | c[range(2)] | c[nd.array([[0, 1], [1, 2]])]
c[slice(1, 3)] | c[(slice(None), 1)] | c[1][2][3] | c[1:3][0, 1]"""
INDEXING = {key.strip(): _CUBE + key.strip() for key in _KEYS.replace("\n", "|").split("|")}
_ASSIGNMENTS = """c[1] = 7 | c[1, 2, 3] = 7 | c[:] = 7 | c[...] = 7 | c[:, 1] = 7 | c[::2] = 7
c[::-1] = nd.arange(60).reshape((3, 4, 5)) | c[1] = nd.arange(5) | c[1] = nd.arange(20).reshape((4, 5))
c[1] = np.arange(5) | c[1] = [1, 2, 3, 4, 5] | c[:, :, 1] = nd.array([[1, 2, 3, 4]]) | c[[0, 2]] = 7
c[[0, 2], [1, 3]] = 7 | c[[0, 2], [1, 3]] = nd.arange(5) | c[nd.array([0, 1])] = nd.ones((2, 4, 5))
c[1, ..., 0] = 7 | c[1] = nd.ones((1, 4, 5)) | c[:] = np.ones((4, 5)) | c[1, 2, 3] = np.float32(4)
c[1, 2, 3] = nd.array([4]) | c[1] = True | c[:, None, 1] = 7 | c[:, [1, 2]] = nd.arange(5)
c[1:3, [0, 1], ::2] = 7 | c[1] = nd.ones((4, 5), dtype='int32') | c[:, ::-1] = nd.arange(4).reshape((1, 4, 1))
c[-1, -1] = 7 | c[1][2] = 7 | c[0] = c[1] | c[1] = 7.9 | c[[0, 0]] = nd.arange(2).reshape((2, 1, 1))
c[1, 1:3] = np.array([[1], [2]]) | c[:] = c[::-1] | c[...] = nd.arange(5)"""
INDEXING.update((key.strip(), _CUBE + key.strip() + "\nc") for key in _ASSIGNMENTS.replace("\n", "|").split("|"))
INDEXING.update(
    {
        "int array = float": "i[0] = 7.9; i",
        "vector element shape": "v[2].shape",
        "vector list": "v[[2]].shape",
        "matrix element shape": "x[1, 2].shape",
        "_at": "x._at(1)",
        "_slice": "x._slice(0, 1)",
        "pick with index array": "x[nd.array([0, 1]), nd.array([2, 0])]",
    }
)

INDEX_ERRORS = {
    "integer out of range": ("x[2]", "2.*out of bounds.*axis 0.*2"),
    "negative integer out of range": ("x[-3]", "-3.*out of bounds.*axis 0.*2"),
    "second axis out of range": ("x[0, 3]", "3.*out of bounds.*axis 1.*3"),
    "too many indices": ("x[0, 0, 0]", "too many indices"),
    "two ellipses": ("x[..., ...]", "single ellipsis"),
    "text": ("x['a']", "'a'"),
    "float": ("x[1.5]", "1.5"),
    "step zero": ("x[::0]", "zero"),
    "list out of range": ("x[[0, 5]].asnumpy()", "5.*out of bounds"),
    "dict": ("x[{}]", "dict"),
    "index arrays do not broadcast": ("nd.zeros((3, 4, 5))[[0, 1], [0, 1, 2]]", "broadcast"),
    "assigned shape does not fit": ("x[:] = nd.ones((4,))", r"\(4,\).*\(2, 3\)"),
    "assigned row does not fit": ("x[0] = nd.ones((2,))", r"\(2,\).*\(3,\)"),
    "assigned numpy does not fit": ("x[:, 0] = np.ones(3)", r"\(3,\).*\(2,\)"),
    "assigned text": ("x[0] = 'a'", "x.key. = value.*str"),
    "assigned out of range": ("x[4] = 1", "4.*out of bounds"),
    "assigned with too many indices": ("x[0, 0, 0] = 1", "too many indices"),
    "iterating float index": ("v[nd.array([7])].asnumpy()", "7.*out of bounds"),
}

CONTEXT = {
    "default": "[mx.current_context(), mx.context.current_context(), mx.cpu()]",
    "with": """
        with mx.cpu(2):
            a = mx.current_context()
            z = nd.ones((1,)).context
        [a, z, mx.current_context()]
    """,
    "nested": """
        with mx.cpu(1):
            with mx.gpu(3):
                a = mx.current_context()
            b = mx.current_context()
        [a, b]
    """,
    "with Context": """
        with mx.Context('cpu', 1) as c:
            pass
        c
    """,
    "after an exception": """
        try:
            with mx.cpu(1):
                raise KeyError
        except KeyError:
            pass
        mx.current_context()
    """,
    "str": "[str(mx.cpu()), str(mx.gpu(2)), str(mx.cpu_pinned()), repr(mx.Context('cpu_shared', 0))]",
    "device_type": """
        c = mx.cpu(1)
        [c.device_type, c.device_id, c.device_typeid, mx.gpu().device_typeid, mx.cpu_pinned().device_typeid]
    """,
    "of a context": "mx.Context(mx.gpu(1))",
    "hash": "[hash(mx.cpu(1)) == hash(mx.cpu(1)), len({mx.cpu(), mx.cpu(0), mx.cpu(1), mx.gpu()})]",
    "equality": "[mx.cpu() == mx.cpu(0), mx.cpu() != mx.cpu(1), mx.cpu() == mx.gpu(), mx.cpu() == 1]",
    "pickle": """
        import pickle
        pickle.loads(pickle.dumps(mx.gpu(1))) == mx.gpu(1)
    """,
    "deepcopy": """
        import copy
        copy.deepcopy(mx.cpu(3))
    """,
    "default_ctx": "mx.Context.default_ctx",
    "set default_ctx": """
        before = mx.Context.default_ctx
        mx.Context.default_ctx = mx.cpu(4)
        a = mx.current_context()
        mx.Context.default_ctx = before
        [a, mx.current_context()]
    """,
    "array ctx": "[nd.zeros((1,), mx.cpu(1)).context, nd.array([1], ctx=mx.cpu(2)).context]",
    "result context": "(nd.zeros((1,), mx.cpu(1)) + 1).context",
    "empty_cache": "mx.cpu().empty_cache()",
    "keyword": "mx.Context(device_type='cpu', device_id=2)",
    "devtype2str": "[mx.Context.devtype2str, mx.Context.devstr2type]",
    "arrays of two cpu contexts add": "(nd.ones((1,), mx.cpu(0)) + nd.ones((1,), mx.cpu(1))).asnumpy()",
}

#: Random fronts: only shapes, dtypes and what does not depend on the stream.
_DRAWS = """uniform() | uniform(shape=3) | uniform(0, 1, (2, 3)) | uniform(low=2, high=3, shape=(2,), dtype='float64')
uniform(shape=(2,), ctx=mx.cpu(1)) | uniform(nd.zeros((2,)), nd.ones((2,)))
uniform(nd.zeros((2,)), nd.ones((2,)), shape=3) | uniform(nd.zeros((2, 1)), nd.ones((2, 1)), shape=(3, 4))
uniform(out=nd.zeros((2, 2))) | uniform(dtype='float16') | normal() | normal(0, 1, (2, 3))
normal(nd.zeros((2,)), nd.ones((2,)), shape=3) | normal(loc=1, scale=2, shape=4)
normal(shape=(2,), dtype='float64') | randn(2, 3) | randn(2, loc=5, scale=0.1) | randn(2, dtype='float64')
exponential() | exponential(2, (3,)) | exponential(nd.ones((2,)), shape=3) | gamma() | gamma(2, 3, (4,))
gamma(nd.ones((2,)), nd.ones((2,))) | poisson() | poisson(4, shape=(2, 2)) | poisson(nd.ones((3,)), shape=2)
negative_binomial(2, 0.5, shape=(3,)) | negative_binomial(nd.ones((2,)), nd.ones((2,)) * .5, shape=2)
generalized_negative_binomial(2, 0.5, shape=(3,))
generalized_negative_binomial(nd.ones((2,)), nd.ones((2,)), shape=(1,)) | randint(0, 5)
randint(0, 5, shape=(2, 3)) | randint(0, 5, shape=(2,), dtype='int64') | randint(low=-3, high=2, shape=4)
multinomial(nd.array([.2, .8])) | multinomial(nd.array([[.2, .8], [.5, .5]]))
multinomial(nd.array([.2, .8]), shape=3) | multinomial(nd.array([[.2, .8], [.5, .5]]), shape=(2, 3))
multinomial(nd.array([.2, .8]), dtype='float32') | multinomial(nd.array([.2, .8]), shape=3, get_prob=True)[1]
shuffle(v) | shuffle(x) | uniform_like(x) | normal_like(x, loc=2) | gamma_like(x) | exponential_like(x)
poisson_like(x) | negative_binomial_like(x, k=2, p=.5) | generalized_negative_binomial_like(x)
uniform(i, i + 1)"""
RANDOM = {
    draw.strip(): "z = nd.random." + draw.strip() + "\n[z.shape, np.dtype(z.dtype).name, z.context]"
    for draw in _DRAWS.replace("\n", "|").split("|")
}
RANDOM.update(
    {
        "seed repeats": """
        mx.random.seed(3)
        a = nd.random.uniform(shape=5)
        mx.random.seed(3)
        bool((a == nd.random.uniform(shape=5)).asnumpy().all())
    """,
        "seed differs": """
        mx.random.seed(3)
        a = nd.random.uniform(shape=5)
        mx.random.seed(4)
        bool((a == nd.random.uniform(shape=5)).asnumpy().any())
    """,
        "mx.random has the distributions": "[mx.random.uniform(shape=2).shape, mx.random.randint(0, 2, shape=3).shape]",
        "out": """
        z = nd.zeros((3,))
        w = nd.random.uniform(5, 6, out=z)
        [w is z, bool((z >= 5).asnumpy().all())]
    """,
        "uniform range": "z = nd.random.uniform(2, 3, shape=1000).asnumpy(); [z.min() >= 2, z.max() < 3]",
        "randint range": "sorted(set(nd.random.randint(-2, 2, shape=1000).asnumpy().tolist()))",
        "degenerate multinomial": "nd.random.multinomial(nd.array([[0, 1, 0], [0, 0, 1]]), shape=4)",
        "shuffle keeps rows": "sorted(map(tuple, nd.random.shuffle(x).asnumpy().tolist()))",
        "shuffle returns a new array": "z = nd.random.shuffle(v); [z is v, v]",
        "context wins": """
        with mx.cpu(1):
            z = nd.random.uniform(shape=2)
        z.context
    """,
        "mx.nd.uniform": "nd.uniform(0, 1, shape=(2,)).shape",
        "mx.nd.random_uniform": "nd.random_uniform(low=0, high=1, shape=(2,)).shape",
        "mx.nd.sample_uniform": "nd.sample_uniform(nd.zeros((2,)), nd.ones((2,)), shape=(3,)).shape",
        "normal": "nd.normal(loc=0, scale=1, shape=(2, 2)).shape",
    }
)

TABLES = {
    "sharing": SHARING,
    "inplace": INPLACE,
    "creation": CREATION,
    "properties": PROPERTIES,
    "arithmetic": ARITHMETIC,
    "autograd": AUTOGRAD,
    "writes": WRITES,
    "indexing": INDEXING,
    "context": CONTEXT,
    "random": RANDOM,
    "errors": {name: case[0] for name, case in ERRORS.items()},
    "index_errors": {name: case[0] for name, case in INDEX_ERRORS.items()},
}


def run(mx, code):
    """Return the value of the last expression of a program."""
    mx.Context.default_ctx = mx.cpu()  # MXNet forgets the outer context of a `with` block entered twice
    names = {"mx": mx, "nd": mx.nd, "np": np, "autograd": mx.autograd}
    exec(PRELUDE, names)
    tree = ast.parse(textwrap.dedent(code).strip())
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "snippet", "exec"), names)
    return None if last is None else eval(compile(ast.Expression(last.value), "snippet", "eval"), names)


def encode(mx, value):
    """Return a value as JSON can hold it; arrays as shape, dtype and exact content."""
    if isinstance(value, mx.nd.NDArray):
        return {"nd": encode(mx, value.asnumpy())}
    if isinstance(value, mx.Context):
        return {"context": repr(value)}
    if isinstance(value, np.ndarray) and value.dtype == object:
        return {"objects": [encode(mx, item) for item in value.ravel()], "shape": list(value.shape)}
    if isinstance(value, (np.ndarray, np.generic)):
        kind = "array" if isinstance(value, np.ndarray) else "scalar"
        return {kind: [repr(n) if n != n or abs(n) == float("inf") else n for n in value.ravel().tolist()],
                "shape": list(value.shape), "dtype": value.dtype.name}  # fmt: skip
    if isinstance(value, type):
        return {"type": np.dtype(value).name}
    if isinstance(value, (list, tuple)):
        return {type(value).__name__: [encode(mx, item) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[encode(mx, k), encode(mx, v)] for k, v in value.items()]}
    return value


def answer(mx, code):
    """Return what a program answers: its value, or the class of its error."""
    try:
        return {"value": encode(mx, run(mx, code))}
    except Exception as error:
        return {"error": type(error).__name__}
