"""Compressed forms of tensors: from a dense tensor and back, parts of them, and what makes them valid.

A csr matrix is ``values, (indptr, indices)``: row i holds ``values[indptr[i]:indptr[i + 1]]`` in the columns
``indices[indptr[i]:indptr[i + 1]]``. A row_sparse array is ``values, (indices,)``: ``values[k]`` is row ``indices[k]``,
and all other rows are zero. Indices are int64, as in MXNet. The tensors of a compressed form are never written to.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

Tensor = torch.Tensor
Parts = tuple[Tensor, tuple[Tensor, ...]]


def counted(counts: Tensor) -> Tensor:
    """Return the row pointers of a csr matrix from the number of elements in each row."""
    pointers = counts.new_zeros(counts.numel() + 1, dtype=torch.int64)
    torch.cumsum(counts, 0, out=pointers[1:])
    return pointers


def row_numbers(indptr: Tensor) -> Tensor:
    """Return the row of each stored element of a csr matrix."""
    return torch.repeat_interleave(indptr.diff())


def csr_from_dense(dense: Tensor) -> Parts:
    """Return the elements of a matrix that are not zero."""
    kept = dense != 0
    rows, columns = kept.nonzero(as_tuple=True)
    return dense[rows, columns], (counted(kept.sum(1)), columns)


def csr_to_dense(parts: Parts, shape: Sequence[int]) -> Tensor:
    """Return a matrix as a dense tensor; of two elements in one place, the later counts."""
    values, (indptr, indices) = parts
    dense = values.new_zeros(shape)
    if values.numel():
        dense[row_numbers(indptr), indices] = values
    return dense


def csr_from_elements(values: Tensor, rows: Tensor, columns: Tensor, shape: Sequence[int]) -> Parts:
    """Return a csr matrix of elements in any order; those in one place are added up."""
    places, where = torch.unique(rows * shape[1] + columns, return_inverse=True)
    summed = values.new_zeros(places.numel()).index_add_(0, where, values)
    return summed, (counted(torch.bincount(places // max(shape[1], 1), minlength=shape[0])), places % max(shape[1], 1))


def csr_rows(parts: Parts, start: int, stop: int) -> Parts:
    """Return the rows from `start` to `stop`."""
    values, (indptr, indices) = parts
    first, last = (int(n) for n in indptr[[start, stop]])
    return values[first:last], (indptr[start : stop + 1] - first, indices[first:last])


def csr_columns(parts: Parts, start: int, stop: int) -> Parts:
    """Return the columns from `start` to `stop`."""
    values, (indptr, indices) = parts
    kept = (indices >= start) & (indices < stop)
    counts = indptr.new_zeros(indptr.numel() - 1).index_add_(0, row_numbers(indptr), kept.long())
    return values[kept], (counted(counts), indices[kept] - start)


def csr_take(parts: Parts, rows: Tensor) -> Parts:
    """Return the rows with the given numbers, in that order."""
    values, (indptr, indices) = parts
    lengths = indptr.diff()[rows]
    pointers = counted(lengths)
    shift = torch.repeat_interleave(indptr[rows] - pointers[:-1], lengths)
    source = torch.arange(shift.numel(), device=values.device) + shift
    return values[source], (pointers, indices[source])


def csr_times_dense(parts: Parts, dense: Tensor) -> Tensor:
    """Return the product of a csr matrix and a dense one."""
    values, (indptr, indices) = parts
    if values.is_floating_point() and values.numel():
        # The sum of weighted rows is what bags of embeddings are; torch's csr matrices are still in beta.
        return torch.nn.functional.embedding_bag(
            indices, dense, indptr, mode="sum", per_sample_weights=values, include_last_offset=True
        )
    rows = row_numbers(indptr)
    product = dense.new_zeros((indptr.numel() - 1, dense.shape[1]))
    return product.index_add_(0, rows, values[:, None] * dense[indices])


def csr_transposed(parts: Parts) -> tuple[Tensor, Parts]:
    """Return the columns that hold anything, and the parts of a csr matrix with those columns as rows."""
    values, (indptr, indices) = parts
    found, where = torch.unique(indices, return_inverse=True)
    order = torch.argsort(where, stable=True)
    pointers = counted(torch.bincount(where, minlength=found.numel()))
    return found, (values[order], (pointers, row_numbers(indptr)[order]))


def rows_from_dense(dense: Tensor) -> Parts:
    """Return the rows of an array that are not all zero."""
    kept = dense != 0 if dense.dim() == 1 else (dense != 0).flatten(1).any(1)
    (rows,) = kept.nonzero(as_tuple=True)
    return dense[rows], (rows,)


def rows_to_dense(parts: Parts, shape: Sequence[int]) -> Tensor:
    """Return an array as a dense tensor; of two rows with one number, the later counts."""
    values, (indices,) = parts
    return values.new_zeros(shape).index_copy_(0, indices, values) if values.shape[0] else values.new_zeros(shape)


def merged(arrays: Sequence[Parts]) -> Parts:
    """Return the sum of row_sparse arrays; its rows are those of any of them, in ascending order."""
    rows, where = torch.unique(torch.cat([indices for _, (indices,) in arrays]), return_inverse=True)
    values = torch.cat([values for values, _ in arrays])
    return values.new_zeros((rows.numel(), *values.shape[1:])).index_add_(0, where, values), (rows,)


def at_rows(parts: Parts, wanted: Tensor) -> Tensor:
    """Return the given rows of a row_sparse array; those that it does not hold are zero."""
    values, (indices,) = parts
    found = values.new_zeros((wanted.numel(), *values.shape[1:]))
    if not indices.numel():
        return found
    ascending, order = indices.sort()
    place = torch.searchsorted(ascending, wanted).clamp_(max=indices.numel() - 1)
    held = ascending[place] == wanted
    found[held] = values[order[place[held]]]
    return found


def csr_problem(parts: Parts, shape: Sequence[int], full: bool) -> str | None:
    """Return what is wrong with a csr matrix, None if nothing is; without `full`, only what costs little to see."""
    values, (indptr, indices) = parts
    if len(shape) != 2 or indptr.shape != (shape[0] + 1,) or indices.dim() != 1 or values.shape != indices.shape:
        return (
            f"shape {tuple(shape)} does not go with data {tuple(values.shape)}, indices {tuple(indices.shape)} and "
            f"indptr {tuple(indptr.shape)}; expected (rows, columns), (stored,), (stored,) and (rows + 1,)"
        )
    if int(indptr[0]) != 0 or int(indptr[-1]) != indices.numel():
        return (
            f"indptr goes from {int(indptr[0])} to {int(indptr[-1])}; expected 0 to {indices.numel()}, the stored ones"
        )
    if not full or not indices.numel():
        return None
    if bool((indptr.diff() < 0).any()):
        return "indptr decreases; expected each row to begin where the row before it ends"
    if int(indices.min()) < 0 or int(indices.max()) >= shape[1]:
        return f"indices go from {int(indices.min())} to {int(indices.max())}; expected 0 to {shape[1] - 1}"
    same_row = row_numbers(indptr).diff() == 0
    if bool((same_row & (indices.diff() <= 0)).any()):
        return "indices do not ascend within a row; expected the columns of a row in ascending order, each once"
    return None


def rows_problem(parts: Parts, shape: Sequence[int], full: bool) -> str | None:
    """Return what is wrong with a row_sparse array, None if nothing is."""
    values, (indices,) = parts
    if indices.dim() != 1 or values.shape != (indices.numel(), *shape[1:]):
        return (
            f"shape {tuple(shape)} does not go with data {tuple(values.shape)} and indices {tuple(indices.shape)}; "
            f"expected data of (stored, {', '.join(map(str, shape[1:]))}) and indices of (stored,)"
        )
    if not full or not indices.numel():
        return None
    if int(indices.min()) < 0 or int(indices.max()) >= shape[0]:
        return f"indices go from {int(indices.min())} to {int(indices.max())}; expected 0 to {shape[0] - 1}"
    if bool((indices.diff() <= 0).any()):
        return "indices do not ascend; expected the numbers of the rows in ascending order, each once"
    return None
