"""Counting the tokens of a text."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from ... import base


def count_tokens_from_str(
    source_str: str,
    token_delim: str = " ",
    seq_delim: str = "\n",
    to_lower: bool = False,
    counter_to_update: Any = None,
) -> Any:
    """Count the tokens of a text.

    Parameters
    ----------
    source_str : str
        The text.
    token_delim : str
        What separates tokens: one character, or a regular expression.
    seq_delim : str
        What separates sequences of tokens, likewise.
    to_lower : bool
        Whether letters are made small first.
    counter_to_update : collections.Counter, optional
        Counts that those of the text are added to.

    Returns
    -------
    collections.Counter
        How often each token is in the text: `counter_to_update`, if it was given.

    Raises
    ------
    ValueError
        If `counter_to_update` is not a Counter.

    Examples
    --------
    >>> counts = mx.contrib.text.utils.count_tokens_from_str(" Life is great ! \\n life is good . ", to_lower=True)
    >>> counts["life"], counts["good"]
    (2, 1)
    """
    if counter_to_update is not None and not isinstance(counter_to_update, Counter):
        raise base.ValueError(
            f"count_tokens_from_str: counter_to_update is of {type(counter_to_update).__name__}, expected a "
            "collections.Counter"
        )
    pattern = f"{_expression(token_delim)}|{_expression(seq_delim)}"
    tokens = [token for token in re.split(pattern, source_str) if token]
    if to_lower:
        tokens = [token.lower() for token in tokens]
    if counter_to_update is None:
        return Counter(tokens)
    counter_to_update.update(tokens)
    return counter_to_update


def _expression(delimiter: str) -> str:
    """Return a regular expression for a delimiter: a single character, such as ``*``, is meant as it is."""
    if len(delimiter) == 1:
        return re.escape(delimiter)
    try:
        re.compile(delimiter)
    except re.error:
        return re.escape(delimiter)
    return delimiter
