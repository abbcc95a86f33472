"""Products of matrices."""

from __future__ import annotations

from ... import symbol as sym
from ...symbol import Symbol
from .call import Call, with_rank
from .registry import reads
from .values import Shape


@reads("MatMul")
def matmul(call: Call) -> Symbol:
    """Read the product of matrices or of stacks of them, with broadcasting over the stacks."""
    return product(call, call[0], call[1], call.worlds(0), call.worlds(1))


def product(call: Call, a: Symbol, b: Symbol, a_worlds: tuple[Shape, ...], b_worlds: tuple[Shape, ...]) -> Symbol:
    """Return ``a @ b`` as NumPy defines it, for tensors whose shapes are given in each world."""
    a_rank, b_rank = len(a_worlds[0]), len(b_worlds[0])
    if b_rank <= 2 and not (a_rank == 1 and b_rank == 1):
        return sym.dot(a, b)  # over the last axis of a and the first of b
    if a_rank == 1 and b_rank == 1:
        return sym.reshape(sym.dot(a, b), shape=(1,))
    if a_rank == 1:
        a, a_worlds = sym.expand_dims(a, axis=0), tuple((1, *shape) for shape in a_worlds)
        return sym.squeeze(product(call, a, b, a_worlds, b_worlds), axis=b_rank - 2)
    rank = max(a_rank, b_rank)
    a, b = with_rank(a, a_rank, rank), with_rank(b, b_rank, rank)
    a_worlds = tuple((1,) * (rank - a_rank) + shape for shape in a_worlds)
    b_worlds = tuple((1,) * (rank - b_rank) + shape for shape in b_worlds)
    for axis in range(rank - 2):
        ours, theirs = [shape[axis] for shape in a_worlds], [shape[axis] for shape in b_worlds]
        if ours == theirs:
            continue
        if set(ours) == {1}:
            a = sym.broadcast_like(a, b, lhs_axes=(axis,), rhs_axes=(axis,))
        elif set(theirs) == {1}:
            b = sym.broadcast_like(b, a, lhs_axes=(axis,), rhs_axes=(axis,))
    return stacked_product(a, b, rank, call.dtype())


def stacked_product(a: Symbol, b: Symbol, rank: int, dtype: str) -> Symbol:
    """Return the products of two stacks of matrices of the same length."""
    if rank == 3:
        return sym.batch_dot(a, b)
    if dtype in ("float32", "float64"):
        return sym.linalg.gemm2(a, b)
    rows = (-1, 0, 0)  # gemm2 has no other types
    found = sym.batch_dot(sym.reshape(a, shape=rows, reverse=True), sym.reshape(b, shape=rows, reverse=True))
    return sym.reshape_like(found, a, lhs_begin=0, lhs_end=1, rhs_begin=0, rhs_end=rank - 2)


@reads("Gemm")
def gemm(call: Call) -> Symbol:
    """Read alpha A' B' + beta C; as FullyConnected where it is one."""
    alpha, beta = call.attribute("alpha", 1.0), call.attribute("beta", 1.0)
    turned_a, turned_b = bool(call.attribute("transA", 0)), bool(call.attribute("transB", 0))
    weight = call.value(1)
    is_float = "int" not in call.dtype()
    if weight.constant is not None and not turned_a and alpha == 1 and is_float and weight.trainable:
        return _fully_connected(call, turned_b, beta)
    found = sym.dot(call[0], call[1], transpose_a=turned_a, transpose_b=turned_b)
    if alpha != 1:
        found = found * alpha
    if not call.has(2):
        return found
    return sym.broadcast_add(found, call[2] if beta == 1 else call[2] * beta)


def _fully_connected(call: Call, turned: bool, beta: float) -> Symbol:
    weight = call.value(1)
    known = weight.constant
    assert known is not None
    units = known.shape[0] if turned else known.shape[1]
    matrix = call[1] if turned else call.graph.transposed(weight)  # a layer's weight has a row for each unit
    bias = call.value(2) if call.has(2) else None
    plain = bias is not None and bias.shape == (units,) and beta == 1
    if plain:
        return sym.FullyConnected(call[0], matrix, call[2], num_hidden=units, flatten=False)
    found = sym.FullyConnected(call[0], matrix, num_hidden=units, no_bias=True, flatten=False)
    if bias is None:
        return found
    return sym.broadcast_add(found, call[2] if beta == 1 else call[2] * beta)


@reads("Einsum")
def einsum(call: Call) -> Symbol:
    """Read sums of products over named axes, two tensors at a time."""
    equation = call.text("equation", "").replace(" ", "")
    left, arrow, result = equation.partition("->")
    terms = left.split(",")
    if "..." in equation:
        terms, result, arrow = _spelled_out(call, terms, result, arrow)
    if not arrow:
        letters = "".join(terms)
        result = "".join(sorted(letter for letter in set(letters) if letters.count(letter) == 1))
    if any(len(set(term)) < len(term) for term in terms):
        if len(terms) == 1:
            return _diagonal(call, terms[0], result)
        call.refuse(f"its equation {equation!r} repeats a letter in one term")
    found, names = call[0], terms[0]
    for number, term in enumerate(terms[1:], 1):
        kept = set(result).union(*terms[number + 1 :])
        found, names = _contracted(found, names, call[number], term, kept, call.dtype())
    gone = tuple(axis for axis, letter in enumerate(names) if letter not in result)
    if gone:
        found, names = sym.sum(found, axis=gone), "".join(letter for letter in names if letter in result)
    order = tuple(names.index(letter) for letter in result)
    return found if order == tuple(range(len(order))) else sym.transpose(found, axes=order)


def _spelled_out(call: Call, terms: list[str], result: str, arrow: str) -> tuple[list[str], str, str]:
    """Put letters in the place of dots."""
    most = max(call.rank(number) - len(term.replace("...", "")) for number, term in enumerate(terms) if "..." in term)
    free = [letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if letter not in "".join(terms)][:most]
    dots = "".join(free)
    found: list[str] = []
    for number, term in enumerate(terms):
        count = call.rank(number) - len(term.replace("...", ""))
        found.append(term.replace("...", dots[len(dots) - count :]))
    if not arrow:
        letters = "".join(terms).replace(".", "")
        result = "..." + "".join(sorted(letter for letter in set(letters) if letters.count(letter) == 1))
    return found, result.replace("...", dots), "->"


def _diagonal(call: Call, term: str, result: str) -> Symbol:
    """Read sums over the diagonal of the last two axes."""
    if len(set(term)) != len(term) - 1 or term[-1] != term[-2]:
        call.refuse(f"its equation repeats letters of {term!r} in a way that cannot be expressed")
    found, names = sym.diag(call[0], axis1=-2, axis2=-1), term[:-1]
    gone = tuple(axis for axis, letter in enumerate(names) if letter not in result)
    if gone:
        found, names = sym.sum(found, axis=gone), "".join(letter for letter in names if letter in result)
    order = tuple(names.index(letter) for letter in result)
    return found if order == tuple(range(len(order))) else sym.transpose(found, axes=order)


def _contracted(a: Symbol, a_names: str, b: Symbol, b_names: str, kept: set[str], dtype: str) -> tuple[Symbol, str]:
    """Return the product of two tensors, summed over letters that nobody else wants."""
    summed = [letter for letter in a_names if letter in b_names and letter not in kept]
    batch = [letter for letter in a_names if letter in b_names and letter in kept]
    own_a = [letter for letter in a_names if letter not in b_names]
    own_b = [letter for letter in b_names if letter not in a_names]
    names = "".join([*batch, *own_a, *own_b])
    if len(summed) == 1 and len(own_a) <= 1 and len(own_b) <= 1 and len(batch) in (1, 2):
        a = _arranged(a, a_names, [*batch, *own_a, *summed])
        b = _arranged(b, b_names, [*batch, *summed, *own_b])
        if not own_a:
            a = sym.expand_dims(a, axis=len(batch))
        if not own_b:
            b = sym.expand_dims(b, axis=len(batch) + 1)
        found = stacked_product(a, b, len(batch) + 2, dtype)
        gone = tuple(axis for axis, own in ((len(batch), own_a), (len(batch) + 1, own_b)) if not own)
        return (sym.squeeze(found, axis=gone) if gone else found), names
    if len(summed) == 1 and not batch:
        return sym.dot(_arranged(a, a_names, [*own_a, *summed]), _arranged(b, b_names, [*summed, *own_b])), names
    every = [*batch, *own_a, *own_b, *summed]
    a, b = _aligned(a, a_names, every), _aligned(b, b_names, every)
    found = sym.broadcast_mul(a, b)
    if summed:
        found = sym.sum(found, axis=tuple(range(len(every) - len(summed), len(every))))
    return found, names


def _arranged(x: Symbol, names: str, wanted: list[str]) -> Symbol:
    order = tuple(names.index(letter) for letter in wanted)
    return x if order == tuple(range(len(order))) else sym.transpose(x, axes=order)


def _aligned(x: Symbol, names: str, every: list[str]) -> Symbol:
    x = _arranged(x, names, [letter for letter in every if letter in names])
    for axis, letter in enumerate(every):
        if letter not in names:
            x = sym.expand_dims(x, axis=axis)
    return x


@reads("MatMulInteger")
def matmul_integer(call: Call) -> Symbol:
    """Read the product of matrices of 8-bit integers less their zero points; exact in float64."""
    sides: list[Symbol] = []
    for index in (0, 1):
        side = sym.Cast(call[index], dtype="float64")
        if call.has(index + 2):
            zero = sym.Cast(call[index + 2], dtype="float64")
            if index == 0 and call.rank(2) == 1 and call.shape(2) != (1,):
                zero = sym.expand_dims(zero, axis=1)  # one for each row
            side = sym.broadcast_sub(side, zero)
        sides.append(side)
    return sym.Cast(product(call, sides[0], sides[1], call.worlds(0), call.worlds(1)), dtype="int32")
