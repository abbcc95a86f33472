"""Decimal numbers out of text, many at a time.

Text is cut at every byte that is not a digit. What is between two cuts, a run of digits, is read as one 8-byte word,
and the digits of all words are put together by three multiplications for all of them at once (the method is known as
SWAR, "SIMD within a register": Lamport, "Multiple byte processing with full-word instructions", CACM 18(8), 1975).
The bytes at the cuts say which run is the integer part, the fraction or the exponent of which number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Int64 = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

#: Free bytes in front of a text, so that a word that ends with its first digit can be read.
MARGIN = 24
#: Digits that fit into an int64 whatever they are.
_DIGITS = 18
#: The largest exponent. With 18 digits, what is beyond is 0 or infinite in float32 anyway.
_LARGEST = 300
_POWERS = np.array([float(f"1e{k}") for k in range(-_LARGEST, _LARGEST + 1)])

# What a byte that is not a digit may be: its class, and which class may follow which. The number says what the run
# between them must be: 0 nothing allowed, 1 any length, 2 not empty, 3 empty.
_SEPARATOR, _SIGN, _DOT, _EXPONENT, _EXPONENT_SIGN, _OTHER = range(6)
_ALLOWED = np.zeros((6, 6), np.uint8)
for _before, _after, _length in (
    (_SEPARATOR, _SEPARATOR, 2),
    (_SEPARATOR, _SIGN, 3),
    (_SEPARATOR, _DOT, 1),
    (_SEPARATOR, _EXPONENT, 2),
    (_SIGN, _SEPARATOR, 2),
    (_SIGN, _DOT, 1),
    (_SIGN, _EXPONENT, 2),
    (_DOT, _SEPARATOR, 1),
    (_DOT, _EXPONENT, 1),
    (_EXPONENT, _SEPARATOR, 2),
    (_EXPONENT, _EXPONENT_SIGN, 3),
    (_EXPONENT_SIGN, _SEPARATOR, 2),
):
    _ALLOWED[_before, _after] = _length

_CLASSES = np.full(256, _OTHER, np.uint8)
_CLASSES[list(b"+-")] = _SIGN
_CLASSES[ord(".")] = _DOT
_CLASSES[list(b"eE")] = _EXPONENT


class Fields(NamedTuple):
    """The numbers of a text.

    Attributes
    ----------
    values : numpy.ndarray of float64 or int64
        One for each field; int64 where the text has nothing but integers.
    separators : numpy.ndarray of uint8
        The byte after each field.
    """

    values: np.ndarray
    separators: Bytes


def as_number(field: bytes) -> float:
    """Return one number as Python reads it, but without underscores; ValueError if it is none."""
    if b"_" in field:
        raise ValueError(field)
    return float(field)


class Scanner:
    """Reads all numbers of a text whose fields end with one of some separators.

    Parameters
    ----------
    separators : bytes
        The separators; the last field must end with one.

    Examples
    --------
    >>> from mxnet.io._numbers import Scanner
    >>> Scanner(b",\\n").read(b"1,-2.5,3e2\\n").values.tolist()
    [1.0, -2.5, 300.0]
    """

    def __init__(self, separators: bytes) -> None:
        self._classes = _CLASSES.copy()
        self._classes[list(separators)] = _SEPARATOR
        self._scratch = np.zeros(0, np.uint8)
        self._untidy = False

    def read_tidied(self, text: bytes, tidy: Callable[[bytes], bytes]) -> Fields | None:
        """Return the numbers of a text as it is or, where that fails, of what `tidy` makes of it.

        Most files are tidy, and looking for what is not costs as much as reading some of the numbers.
        """
        found = None if self._untidy else self.read(text)
        if found is None:
            found = self.read(tidy(text))
            self._untidy = found is not None
        return found

    def read(self, text: bytes) -> Fields | None:
        """Return the numbers of a text; None where a field is none."""
        length = len(text)
        if self._scratch.size < MARGIN + length:
            self._scratch = np.zeros(MARGIN + length + length // 8, np.uint8)
        scratch = self._scratch[: MARGIN + length]
        scratch[MARGIN:] = np.frombuffer(text, np.uint8)
        letters = scratch[MARGIN:]
        cuts = np.flatnonzero((letters - np.uint8(48)) > 9)
        if not cuts.size:
            return None
        lengths = np.empty_like(cuts)
        lengths[0] = cuts[0]
        np.subtract(cuts[1:], cuts[:-1], out=lengths[1:])
        lengths[1:] -= 1
        marks = letters.take(cuts)  # twice as fast as letters[cuts]
        classes = self._classes.take(marks)
        ends = np.flatnonzero(classes == _SEPARATOR)
        if not ends.size or ends[-1] != cuts.size - 1 or cuts[-1] != length - 1:
            return None
        separators = marks[ends]
        longest = int(lengths.max())
        if ends.size == cuts.size and longest <= _DIGITS and lengths.min() > 0:  # integers without signs
            return Fields(_runs(scratch, cuts, lengths, longest), separators)
        odd = _odd_fields(classes, lengths, ends, longest)
        runs = _runs(scratch, cuts, np.minimum(lengths, _DIGITS), min(longest, _DIGITS))
        values = _values(classes, marks, lengths, ends, runs)
        if odd.size:
            values = values.astype(np.float64)
            for field in odd.tolist():
                begin = int(cuts[ends[field - 1]]) + 1 if field else 0
                try:
                    values[field] = as_number(text[begin : int(cuts[ends[field]])])
                except ValueError:
                    return None
        return Fields(values, separators)


def _runs(scratch: Bytes, cuts: Int64, lengths: Int64, longest: int) -> np.ndarray:
    """Return the value of every run of digits; `lengths` are at most 18."""
    if longest <= 4:
        words = _words(scratch, cuts, np.int32)
        words &= _KEPT_OF_4.take(lengths)
        words *= 2561  # pairs: 10 times a digit and the next one
        words >>= 8
        words &= 0x00FF00FF
        words *= 6553601  # 100 times a pair and the next one
        words >>= 16
        return words
    if longest <= 8:
        return _eight(scratch, cuts, lengths)
    found = _eight(scratch, cuts, np.minimum(lengths, 8))
    for done, power in ((8, 10**8), (16, 10**16)):
        long = np.flatnonzero(lengths > done)
        if long.size:
            rest = np.minimum(lengths[long] - done, 8)
            found[long] += _eight(scratch, cuts[long] - done, rest) * power
    return found


def _eight(scratch: Bytes, cuts: Int64, lengths: Int64) -> Int64:
    """Return the value of the up to eight digits before each cut."""
    words = _words(scratch, cuts, np.int64)
    words &= _KEPT_OF_8.take(lengths)
    words *= 2561
    words >>= 8
    words &= 0x00FF00FF00FF00FF
    words *= 6553601
    words >>= 16
    words &= 0x0000FFFF0000FFFF
    words *= 42949672960001
    words >>= 32
    return words


def _words(scratch: Bytes, cuts: Int64, kind: type[np.signedinteger]) -> np.ndarray:
    """Return the bytes before each cut as little-endian integers, the first byte lowest."""
    size = np.dtype(kind).itemsize
    begin = MARGIN - size
    every = np.lib.stride_tricks.as_strided(
        scratch[begin : begin + size].view(np.dtype(kind).newbyteorder("<")),
        shape=(scratch.size - begin - size + 1,),
        strides=(1,),
        writeable=False,
    )
    return every[cuts].astype(kind, copy=False)


# Masks that keep the values of the last digits of a word, by their number.
_KEPT_OF_4 = np.array([(0x0F0F0F0F << 8 * (4 - k)) & 0x0F0F0F0F for k in range(5)], np.int32)
_KEPT_OF_8 = np.array([(0x0F0F0F0F0F0F0F0F << 8 * (8 - k)) & 0x0F0F0F0F0F0F0F0F for k in range(9)], np.int64)


def _odd_fields(classes: Bytes, lengths: Int64, ends: Int64, longest: int) -> Int64:
    """Return the fields that are not plain decimal numbers; marks the signs of exponents in `classes`."""
    before = np.empty_like(classes)
    before[0] = _SEPARATOR
    before[1:] = classes[:-1]
    signs = (classes == _SIGN) & (before == _EXPONENT)
    if signs.any():
        classes[signs] = _EXPONENT_SIGN
        before[1:] = classes[:-1]
    allowed = _ALLOWED.take(before * np.uint8(6) + classes)
    wrong = allowed == 0
    empty = lengths == 0
    if empty.any():
        wrong |= (allowed == 2) & empty
        lone = np.flatnonzero((before == _DOT) & empty)
        wrong[lone] |= lengths[lone - 1] == 0
    wrong |= (allowed == 3) & ~empty
    if longest > _DIGITS:
        wrong |= lengths > _DIGITS
    if not wrong.any():
        return np.zeros(0, np.int64)
    return np.unique(np.searchsorted(ends, np.flatnonzero(wrong)))


def _values(classes: Bytes, marks: Bytes, lengths: Int64, ends: Int64, runs: np.ndarray) -> np.ndarray:
    """Return the number of each field, where its marks are as `_odd_fields` wants them."""
    starts = np.empty_like(ends)
    starts[0] = 0
    np.add(ends[:-1], 1, out=starts[1:])
    signed = classes.take(starts) == _SIGN
    negative = np.flatnonzero(signed & (marks.take(starts) == ord("-")))
    whole = starts + signed if signed.any() else starts
    values = runs.take(whole).astype(np.int64)
    after = classes.take(whole)
    fractions = np.flatnonzero(after == _DOT)
    exponents = np.flatnonzero((after == _EXPONENT) | (classes.take(np.minimum(whole + 1, ends)) == _EXPONENT))
    if fractions.size or exponents.size:
        values = _with_fractions(values, fractions, whole[fractions] + 1, runs, lengths)
    if exponents.size:
        _scale(values, exponents, whole[exponents], classes, marks, runs)
    values[negative] = -values[negative]
    return values


def _with_fractions(
    values: Int64, fractions: Int64, places: Int64, runs: np.ndarray, lengths: Int64
) -> npt.NDArray[np.float64]:
    """Return the values as floats with their fractions.

    A mantissa of up to 53 bits and a power of ten are exact, so that their quotient is rounded once.
    """
    found = values.astype(np.float64)
    count = np.minimum(lengths.take(places), _DIGITS)
    powers = _POWERS.take(count + _LARGEST)
    digits = found[fractions] if fractions.size < found.size else found
    digits *= powers
    digits += runs.take(places)
    digits /= powers
    if fractions.size < found.size:
        found[fractions] = digits
    return found


def _scale(values: np.ndarray, exponents: Int64, place: Int64, classes: Bytes, marks: Bytes, runs: np.ndarray) -> None:
    """Multiply some values with their powers of ten; `place` is where their integer parts end."""
    place = place + (classes[place] == _DOT) + 1
    signed = np.flatnonzero(classes[np.minimum(place, classes.size - 1)] == _EXPONENT_SIGN)
    down = signed[marks[place[signed]] == ord("-")]
    place[signed] += 1
    powers = np.minimum(runs[place], 10**6).astype(np.int64)
    powers[down] = -powers[down]
    values[exponents] *= _POWERS[np.clip(powers, -_LARGEST, _LARGEST) + _LARGEST]
