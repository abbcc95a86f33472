"""`SymbolBlock`: a block made from a symbol."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .. import base, symbol
from ..context import Context
from ..symbol import Symbol
from ._hybrid_block import Graph, HybridBlock
from ._structure import flatten, restore
from .parameter import DeferredInitializationError, ParameterDict

_NUMBERS = ("lr_mult", "wd_mult")
#: How graphs write that a variable is dense, or says nothing.
_DENSE = ("0", "-1")


class SymbolBlock(HybridBlock):
    """A block that computes a symbol; its other variables become parameters.

    Parameters
    ----------
    outputs : Symbol or list of Symbol
        What to compute.
    inputs : Symbol or list of Symbol
        Variables of it that are given at each call.
    params : ParameterDict, optional
        Parameters to share, such as another block's ``collect_params()``.

    Examples
    --------
    >>> x = mx.sym.var("x")
    >>> net = mx.gluon.SymbolBlock(mx.sym.FullyConnected(x, num_hidden=2, name="fc"), x)
    >>> net.initialize(mx.init.One())
    >>> net(mx.nd.ones((1, 3))).asnumpy().tolist()
    [[4.0, 4.0]]
    """

    def __init__(self, outputs: Any, inputs: Any, params: ParameterDict | None = None) -> None:
        super().__init__(prefix=None, params=None)
        self._prefix = ""
        self._params = ParameterDict("", params)
        found, self._input_form = flatten(inputs, "input")
        if isinstance(inputs, Symbol):
            self._input_form = ("tuple", self._input_form)
        if isinstance(outputs, (list, tuple)) and len(outputs) == 1:
            outputs = outputs[0]
        heads, self._output_form = flatten(outputs, "output")
        output = symbol.Group(heads)
        names: list[str] = []
        for variable in found:
            if len(variable._entries) != 1 or variable._entries[0].node.operator is not None:
                raise base.AssertionError(f"Input symbols must be variable, but {variable} is an output of operators")
            names.append(variable.name)
        self._input_names = names
        self._inputs, self._output = found, output
        nodes = [*output._variables()[0], *output._variables()[1]]
        states = set(output.list_auxiliary_states())
        for node in nodes:
            if node.name in names:
                continue
            if node.attributes.get("__storage_type__", "0") not in _DENSE:
                raise base.AssertionError(
                    f"SymbolBlock doesn't support Parameter '{node.name}' because its storage type is not 'default'"
                )
            self._make_parameter(node.name, node.attributes, node.name in states)
        self._cached_graph = (found, output)
        shared = _common_prefix(list(self._params.keys()))
        self._reg_params = {name[len(shared) :]: parameter for name, parameter in self._params.items()}

    def _make_parameter(self, name: str, attributes: dict[str, str], is_state: bool) -> None:
        known: dict[str, Any] = {}
        for key in _NUMBERS:
            if f"__{key}__" in attributes:
                known[key] = float(attributes[f"__{key}__"])
        if "__init__" in attributes:
            known["init"] = attributes["__init__"]
        existing = self._params._get_impl(name)
        if existing is not None:
            return
        parameter = self._params.get(
            name,
            grad_req="null" if is_state else "write",
            allow_deferred_init=True,
            differentiable=not is_state,
            **known,
        )
        dtype = self._dtypes().get(name)
        if dtype is not None:
            parameter._dtype = dtype

    def _dtypes(self) -> dict[str, Any]:
        """Return the dtypes that the symbol tells."""
        if "_known_dtypes" not in self.__dict__:
            arguments, _, states = self._output.infer_type_partial()
            found = dict(zip(self._output.list_arguments(), arguments or ()))
            found.update(zip(self._output.list_auxiliary_states(), states or ()))
            self._known_dtypes = {name: dtype for name, dtype in found.items() if dtype is not None}
        return self._known_dtypes

    def __repr__(self) -> str:
        return f"{type(self).__name__}(\n{self._output!r} : {len(self._inputs)} -> {len(self._output._entries)}\n)"

    @staticmethod
    def imports(
        symbol_file: str,
        input_names: str | Sequence[str],
        param_file: str | None = None,
        ctx: Context | Sequence[Context] | None = None,
        allow_missing: bool = False,
        ignore_extra: bool = False,
    ) -> SymbolBlock:
        """Return a block from the files of `HybridBlock.export` or a checkpoint.

        Parameters
        ----------
        symbol_file : str
            Path of the ``-symbol.json`` file.
        input_names : str or list of str
            Names of the variables that are given at each call.
        param_file : str, optional
            Path of the ``.params`` file.
        ctx : Context or list of Context, optional
            Where to put the parameters; the CPU when left out.
        allow_missing, ignore_extra : bool
            Whether the file may lack parameters, or hold others.

        Returns
        -------
        SymbolBlock

        Raises
        ------
        MXNetError
            If a file is missing or damaged.
        AssertionError
            If the parameters do not belong to the symbol.
        """
        output = symbol.load(symbol_file)
        names = [input_names] if isinstance(input_names, str) else list(input_names)
        unknown = [name for name in names if name not in output.list_inputs()]
        if unknown:
            raise base.ValueError(
                f"SymbolBlock.imports: {symbol_file!r} has no input {unknown[0]!r}; its variables: "
                f"{', '.join(output.list_inputs()[:20])}"
            )
        block = SymbolBlock(output, [symbol.var(name) for name in names])
        if param_file is not None:
            block.collect_params().load(
                param_file, ctx, allow_missing, ignore_extra, cast_dtype=True, dtype_source="saved"
            )
        return block

    def _trace(self, args: Sequence[Any], count: int) -> Graph:
        if count != len(self._inputs):
            raise base.ValueError(
                f"The argument structure of HybridBlock does not match the cached version: {count} arrays came, the "
                f"symbol has {len(self._inputs)} inputs: {', '.join(self._input_names)}"
            )
        return Graph(self._inputs, self._output, self._output_form)

    def forward(self, x: Any, *args: Any) -> Any:
        """Compute the symbol on arrays, or compose it with symbols; see `HybridBlock.forward`."""
        values, _ = flatten((x, *args), "input")
        if values and isinstance(values[0], Symbol):
            if len(values) != len(self._inputs):
                raise base.ValueError(
                    f"{self.name}: {len(values)} symbols came for inputs {', '.join(self._input_names)}"
                )
            composed = self._output(**dict(zip(self._input_names, values)))
            return restore(list(composed), self._output_form)
        try:
            return self._call_cached_op(x, *args)
        except DeferredInitializationError:
            self._initialize_deferred((x, *args))
            return self._call_cached_op(x, *args)

    def hybrid_forward(self, F: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Not used: the symbol is what is computed."""
        raise NotImplementedError("SymbolBlock.hybrid_forward: the symbol is what is computed")

    def _clear_cached_op(self) -> None:
        super()._clear_cached_op()
        if "_output" in self.__dict__:
            self._cached_graph = (self._inputs, self._output)  # never out of date

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._cached_graph = (self._inputs, self._output)

    def cast(self, dtype: Any) -> None:
        """Cast all parameters; see `Block.cast`."""
        super().cast(dtype)

    def reset_ctx(self, ctx: Context | Sequence[Context]) -> None:
        """Move all parameters to other contexts; see `Parameter.reset_ctx`."""
        self.collect_params().reset_ctx(ctx)


def _common_prefix(names: list[str]) -> str:
    """Return what all names begin with, up to its last underscore: how MXNet shortens them for `save_parameters`."""
    if not names:
        return ""
    first, last = min(names), max(names)
    length = 0
    while length < min(len(first), len(last)) and first[length] == last[length]:
        length += 1
    found = re.match(r"(.*_)", first[:length])
    return found[1] if found else ""
