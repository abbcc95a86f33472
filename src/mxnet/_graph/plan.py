"""A graph lowered to straight-line Python over torch tensors.

A `Plan` belongs to one graph. `Plan.inference` and `Plan.training` print one Python function each, in which every node
is one call, and compile it. There is no interpreter between the calls.

Gradients. A node whose operator has a gradient rule (`gradient=` or `plan_gradient=`) is *explicit*: its kernel runs on
plain tensors and the backward function calls the rule. All other nodes on the way to a wanted gradient are *traced* by
torch's autograd. Nodes are put into levels, so that a level's traced nodes form one region: a forward piece whose
inputs are fresh leaves, and a single run of torch's engine in the backward function, which walks the levels
from the last to the first: explicit nodes of a level, then its region.

                 level 0                    level 1               level 2
    data ──► Convolution, relu (region) ──► BatchNorm (rule) ──► Pooling (region) ──► SoftmaxOutput (rule)

A node of control flow calls its subgraphs, which are lowered to functions of their own; on the way to a wanted gradient
these run under torch's autograd as a whole.

A loss layer's rule needs no head gradient, so it is where a backward pass starts.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import torch

from ..base import MXNetError
from . import passes
from .attention import fuse_attention
from .autocast import idle_casts
from .collector import held_back
from .fusing import fuse_convolutions
from .lowering import Lowering
from .node import Entry, Node, topological_order
from .step import Training

Tensor = torch.Tensor


@dataclass(frozen=True)
class Placement:
    """Where nodes run: a device and a random generator for each, by node."""

    device: Callable[[Node], torch.device]
    generator: Callable[[Node], torch.Generator]


#: What plans do for speed, each to be turned off by its name in the variable REMX_WITHOUT, with commas between them, or
#: `all` together.
#: attention: scores, softmax and weighted values of attention are one operator.
#: casts: mixed precision casts only what has another dtype.
#: channels_last: values between convolutions of images and of volumes have their channels last in memory.
#: common: what several nodes would compute alike is computed once.
#: fused_inference: convolutions that only predict run with normalization, sum and activation in one kernel.
#: pieces: the first layers of a network that predicts take a few images of a batch at a time.
#: pool_first: a maximum is pooled before an activation that keeps the order, not after it.
#: pool_places: poolings of maxima note where these were, so that training need not keep their input.
#: reuse: elementwise operators and sums of gradients write into memory that nobody needs any more.
#: rnn_apart: recurrent layers take their parameters one by one, not as the vector that the graph makes of them.
IMPROVEMENTS = frozenset(
    {
        "attention",
        "casts",
        "channels_last",
        "common",
        "fused_inference",
        "pieces",
        "pool_first",
        "pool_places",
        "reuse",
        "rnn_apart",
    }
)


Pass = Callable[[list[Entry], dict[int, Node]], list[Entry]]
_ALWAYS: Mapping[str, Pass] = {
    "casts": idle_casts,
    "common": passes.common,
    "attention": fuse_attention,
    "pool_first": passes.pool_first,
    "rnn_apart": passes.rnn_apart,
}


def _without() -> frozenset[str]:
    names = frozenset(filter(None, os.environ.get("REMX_WITHOUT", "").replace(" ", "").split(",")))
    if names == {"all"}:
        return IMPROVEMENTS
    if names - IMPROVEMENTS:
        expected = f"'all', or names of {', '.join(sorted(IMPROVEMENTS))}"
        raise MXNetError(f"REMX_WITHOUT={','.join(sorted(names))}; expected {expected}")
    return names


class Plan:
    """The lowered forms of one graph.

    Parameters
    ----------
    heads : entries
        The outputs.
    placement : Placement
        Where nodes run.

    Attributes
    ----------
    variables : list of Node
        The variables, in the order in which the functions take their tensors.
    """

    def __init__(self, heads: Sequence[Entry], placement: Placement) -> None:
        self.heads = list(heads)
        self.order = topological_order(heads)
        self.variables = [node for node in self.order if node.operator is None]
        self.placement = placement
        self.without = _without()
        self._lowered: dict[Any, Any] = {}
        self._inner: dict[int, list[Plan]] = {}
        self._kept: dict[int, dict[str, Any]] = {}
        self._origins: dict[int, Node] = {}  # by the id of an improved graph's node: the one that it stands for

    @cached_property
    def improved(self) -> tuple[list[Entry], list[Node]]:
        """The heads and nodes of a graph that computes the same in less time, on the same variables."""
        return self._passed({**_ALWAYS, "pool_places": passes.pool_places})

    @cached_property
    def predicting(self) -> tuple[list[Entry], list[Node]]:
        """The same for a graph that is not in training mode and never needs a gradient."""
        first = {"casts": idle_casts, "fused_inference": fuse_convolutions}
        return self._passed({**first, **_ALWAYS, "attention": partial(fuse_attention, predicts=True)})

    def _passed(self, named: Mapping[str, Pass]) -> Any:
        heads = self.heads
        for name, improve in named.items():
            if name not in self.without:
                heads = improve(heads, self._origins)
        return (self.heads, self.order) if heads is self.heads else (heads, topological_order(heads))

    def inner(self, node: Node) -> list[Plan]:
        """Return the plans of a node's subgraphs, which run where the node runs."""
        if id(node) not in self._inner:
            here = Placement(lambda _: self.device(node), lambda _: self.generator(node))
            self._inner[id(node)] = [Plan(graph, here) for graph in node.subgraphs]
        return self._inner[id(node)]

    def device(self, node: Node) -> torch.device:
        """Return where a node runs, of this graph or of the improved one."""
        return self.placement.device(self._origins.get(id(node), node))

    def generator(self, node: Node) -> torch.Generator:
        """Return what a node draws from, of this graph or of the improved one."""
        return self.placement.generator(self._origins.get(id(node), node))

    def kept(self, node: Node) -> dict[str, Any]:
        """Return what a node keeps from call to call."""
        return self._kept.setdefault(id(self._origins.get(id(node), node)), {})

    def body(self, training: bool, live: bool) -> Callable[[Sequence[Tensor]], tuple[Tensor, ...]]:
        """Return ``f(arguments) -> outputs`` for a graph that another one runs, perhaps many times.

        With `live`, its tensors carry autograd history.
        """
        key = ("body", training, live)
        if key not in self._lowered:
            self._lowered[key] = Lowering(self, training, frozenset(), ()).body(live)
        return self._lowered[key]

    def inference(
        self, training: bool = False, watch: Sequence[Entry] = (), for_compiler: bool = False
    ) -> Callable[[Sequence[Tensor]], tuple[tuple[Tensor, ...], tuple[Tensor, ...]]]:
        """Return ``f(arguments) -> (outputs, watched)``, which keeps nothing for a backward pass.

        One that is made `for_compiler` leaves it to that to fuse kernels.
        """
        key = (training, None, tuple((id(e.node), e.index) for e in watch), for_compiler)
        if key not in self._lowered:
            predicts = not training and not for_compiler
            with held_back(len(self.order)):
                self._lowered[key] = Lowering(self, training, frozenset(), watch, predicts=predicts).inference()
        return self._lowered[key]

    def training(
        self,
        training: bool,
        wanted: Sequence[int],
        watch: Sequence[Entry] = (),
        put_off: Sequence[int] = (),
        apart: bool = False,
    ) -> Training:
        """Return both halves of a step that finds the gradients of the variables numbered in `wanted`.

        Those in `put_off` are replaced by a `Later` where an operator allows it: see ``linear_in`` in the registry.
        With `apart`, the gradients of each node's inputs are returned, too: see `Training.noted`.
        """
        key = (training, tuple(wanted), tuple((id(e.node), e.index) for e in watch), tuple(put_off), apart)
        if key not in self._lowered:
            with held_back(len(self.order)):
                lowering = Lowering(self, training, frozenset(wanted), watch, apart)
                self._lowered[key] = lowering.training_step(wanted, put_off)
        return self._lowered[key]
