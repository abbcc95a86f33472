"""Recording and differentiating: as MXNet 1.9.1 answers, and what torch's autograd must not show."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
import torch

import mxnet as mx
from mxnet import autograd, nd
from tests.golden.arrays import ANSWERS, check, check_error, programs, snippets
from tests.tolerances import GRADIENT

REFUSED_WRITES = [name for name, answer in ANSWERS["writes"].items() if "error" in answer]


def attached(*values, dtype="float32", grad_req="write"):
    x = nd.array(values, dtype=dtype)
    x.attach_grad(grad_req)
    return x


@programs("autograd", "writes")
def test_answers_of_mxnet(table, name):
    check(table, name, GRADIENT)


class TestWrites:
    @pytest.mark.parametrize("name", REFUSED_WRITES)
    def test_refusal_says_what_to_do(self, name):
        check_error("writes", name, r"autograd\.record\(\)")

    @pytest.mark.parametrize("write", [
        lambda x: x.__setitem__(slice(None), 10),
        lambda x: x.__setitem__(1, 10),
        lambda x: x.__imul__(2),
        lambda x: x[:2].__imul__(2),
        lambda x: nd.ones((3,)).copyto(x),
        lambda x: nd.exp(nd.ones((3,)), out=x),
        lambda x: x.handle.zero_(),
        lambda x: x.reshape((3, 1)).__setitem__(slice(None), 2),
    ], ids=["x[:]=", "x[1]=", "*=", "view *=", "copyto", "out=", "torch", "view[:]="])  # fmt: skip
    @pytest.mark.parametrize("program", [
        lambda x: x * x,
        nd.sin,
        lambda x: nd.dot(x, x),
        lambda x: nd.log_softmax(x[1:]) * x[1:],
    ], ids=["x*x", "sin", "dot", "views"])  # fmt: skip
    def test_overwritten_before_backward_is_an_error_and_never_a_wrong_gradient(self, write, program):
        x = attached(1, 2, 3)
        with autograd.record():
            y = program(x)
        write(x)
        with pytest.raises(mx.MXNetError, match="written to after it was used"):
            y.backward()

    def test_overwriting_what_the_gradient_does_not_need_is_fine(self):
        x = attached(1, 2, 3)
        with autograd.record():
            y = x * 3
        x[:] = 10
        y.backward()
        assert x.grad.asnumpy().tolist() == [3, 3, 3]

    def test_numpy_assignment_to_a_recorded_result_is_refused(self):
        """MXNet 1.9.1 accepts this and delivers the gradient of the value that is gone."""
        x = attached(1, 2)
        with autograd.record():
            y = x * 2
            with pytest.raises(mx.MXNetError, match=r"autograd\.record\(\)"):
                y[:] = np.ones(2)

    def test_failed_write_changes_nothing(self):
        x = attached(1, 2)
        with autograd.record():
            y = x * x
            with pytest.raises(mx.MXNetError):
                x += 1
        y.backward()
        assert x.asnumpy().tolist() == [1, 2]
        assert x.grad.asnumpy().tolist() == [2, 4]


class TestGradients:
    @pytest.mark.parametrize("dtype", ["int32", "uint8", "bool"])
    def test_integers_have_none(self, dtype):
        with pytest.raises(mx.MXNetError, match=rf"{dtype}.*astype"):
            nd.ones((2,), dtype=dtype).attach_grad()
        nd.ones((2,), dtype=dtype).attach_grad("null")

    def test_gradient_array_is_written_in_place(self):
        x = attached(1, 2)
        gradient = x.grad
        with autograd.record():
            y = x * x
        y.backward()
        assert gradient.asnumpy().tolist() == [2, 4]

    def test_gradient_belongs_to_the_array_and_not_to_its_views(self):
        x = attached(1, 2, 3)
        assert x[1:].grad is None
        assert x.detach().grad is None

    def test_array_attached_through_a_view_stands_alone(self):
        x = nd.array([1, 2, 3])
        part = x[1:]
        part.attach_grad()
        with autograd.record():
            y = (part * part).sum() + x.sum()
        y.backward()
        assert part.grad.asnumpy().tolist() == [4, 6]

    def test_head_gradient_of_another_shape_is_refused(self):
        x = attached(1, 2)
        with autograd.record():
            y = x * 2
        with pytest.raises(mx.MXNetError, match=r"\(3,\).*\(2,\)"):
            y.backward(nd.ones((3,)))

    def test_numbers_of_variables_and_gradients_must_agree(self):
        with pytest.raises(mx.MXNetError, match="1 variables, 2 gradients"):
            autograd.mark_variables([nd.ones((1,))], [nd.ones((1,)), nd.ones((1,))])
        with pytest.raises(mx.MXNetError, match=r"\(1,\).*\(2,\)"):
            autograd.mark_variables([nd.ones((1,))], [nd.ones((2,))])

    @pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
    def test_losses_one_after_another_add_up(self, order):
        x = attached(1, 2, grad_req="add")
        with autograd.record():
            losses = [(x * k).sum() for k in (1, 10, 100)]
        for k in order:
            losses[k].backward()
        assert x.grad.asnumpy().tolist() == [111, 111]

    def test_losses_that_share_a_part_need_retain_graph(self):
        x = attached(1, 2)
        with autograd.record():
            shared = nd.exp(x)
            first, second = shared * 2, shared * 3
        first.backward()
        with pytest.raises(mx.MXNetError, match="retain_graph"):
            second.backward()

    def test_used_up_result_is_a_constant_in_the_next_recording(self):
        x = attached(3)
        with autograd.record():
            y = x * x
        y.backward()
        with autograd.record():
            z = y * x
        z.backward()
        assert x.grad.asscalar() == 9

    @pytest.mark.parametrize("grad_req", ["write", "add"])
    def test_detached_hidden_state_carries_no_gradient(self, grad_req):
        w = attached(0.5, grad_req=grad_req)
        h, expected = nd.ones((1,)), 0.0
        for _ in range(3):
            h = h.detach()
            before = float(h)
            with autograd.record():
                h = h * w
            h.backward()
            expected = before + (expected if grad_req == "add" else 0)
            assert w.grad.asscalar() == expected

    @pytest.mark.parametrize("operator", ["add", "mul", "function"])
    def test_deep_graph(self, operator):
        x = attached(1)
        step = {"add": lambda y: y + x, "mul": lambda y: y * 1, "function": nd.relu}[operator]
        with autograd.record():
            y = x
            for _ in range(10_000):
                y = step(y)
        y.backward()
        assert x.grad.asscalar() == (10_001 if operator == "add" else 1)

    def test_deep_graph_that_is_never_differentiated_can_be_dropped(self):
        x = attached(1)
        with autograd.record():
            y = x
            for _ in range(10_000):
                y = y + 1
        del y
        assert x.grad.asscalar() == 0

    def test_arrays_are_freed_without_the_garbage_collector(self):
        gc.collect()
        gc.disable()
        try:
            x = attached(1, 2)
            with autograd.record():
                y = nd.softmax(x) * x
                z = nd.SoftmaxOutput(y.reshape((1, 2)), nd.array([1]))
            z.backward()
            memory = [weakref.ref(array) for array in (x, y, z)] + [weakref.ref(x.handle)]
            del x, y, z
            assert [reference() for reference in memory] == [None] * 4
        finally:
            gc.enable()

    def test_dropout_masks_gradient_and_value_alike(self):
        x = attached(*[1.0] * 1000)
        with autograd.record():
            y = nd.Dropout(x, p=0.5)
        y.backward()
        assert 0 < (y.asnumpy() == 0).sum() < 1000
        np.testing.assert_array_equal(x.grad.asnumpy(), y.asnumpy())

    def test_grad_gives_a_list_for_one_variable_too(self):
        x = attached(2)
        with autograd.record():
            y = x * x
        found = autograd.grad(y, x)
        assert [g.asscalar() for g in found] == [4]

    def test_gradients_to_the_third_order(self):
        x = attached(2, dtype="float64")
        with autograd.record():
            y = x**4
            for _ in range(2):
                (y,) = autograd.grad(y, x, create_graph=True)
        y.backward()
        assert x.grad.asscalar() == pytest.approx(4 * 3 * 2 * 2)


class TestBatchNorm:
    @staticmethod
    def statistics(**options):
        mean, variance = nd.zeros((3,)), nd.ones((3,))
        x = nd.array([[0, 1, 2], [3, 4, 5]])
        x.attach_grad()
        return x, mean, variance, lambda: nd.BatchNorm(x, nd.ones((3,)), nd.zeros((3,)), mean, variance, **options)

    def test_moving_statistics_change_in_backward_only(self):
        _, mean, _, run = self.statistics(momentum=0.5)
        with autograd.record():
            y = run()
        assert mean.asnumpy().tolist() == [0, 0, 0]
        y.backward()
        np.testing.assert_allclose(mean.asnumpy(), [0.75, 1.25, 1.75])

    @pytest.mark.parametrize(("options", "train_mode"), [({"use_global_stats": True}, True), ({}, False)])
    def test_moving_statistics_stay(self, options, train_mode):
        _, mean, variance, run = self.statistics(**options)
        with autograd.record(train_mode=train_mode):
            y = run()
        y.backward()
        assert mean.asnumpy().tolist() == [0, 0, 0]
        assert variance.asnumpy().tolist() == [1, 1, 1]


class TestFunction:
    def test_wrong_number_of_gradients_is_named(self):
        class Halves(autograd.Function):
            def forward(self, a, b):
                return a + b

            def backward(self, gradient):
                return gradient

        x = attached(1)
        with autograd.record():
            y = Halves()(x, x)
        with pytest.raises(mx.MXNetError, match=r"Halves\.backward returned 1 gradients for 2 inputs"):
            y.backward()

    def test_wrong_shape_of_a_gradient_is_named(self):
        class Short(autograd.Function):
            def forward(self, a):
                return a * 1

            def backward(self, gradient):
                return gradient[:1]

        x = attached(1, 2)
        with autograd.record():
            y = Short()(x)
        with pytest.raises(mx.MXNetError, match=r"Short.*\(1,\).*\(2,\)"):
            y.backward()

    def test_error_of_the_user_comes_through(self):
        class Broken(autograd.Function):
            def forward(self, a):
                return a * 1

            def backward(self, gradient):
                raise KeyError("mine")

        x = attached(1)
        with autograd.record():
            y = Broken()(x)
        with pytest.raises(KeyError, match="mine"):
            y.backward()

    def test_methods_must_be_overridden(self):
        with pytest.raises(NotImplementedError, match="forward"):
            autograd.Function()(nd.ones((1,)))
        with pytest.raises(NotImplementedError, match="backward"):
            autograd.Function().backward(nd.ones((1,)))

    def test_second_output_alone_is_differentiated(self):
        class Both(autograd.Function):
            def forward(self, a):
                return a * 1, a * 2

            def backward(self, first, second):
                return first * 10 + second * 2

        x = attached(1, 2)
        with autograd.record():
            y = Both()(x)[1]
        y.backward()
        assert x.grad.asnumpy().tolist() == [2, 2]


class Identity(autograd.Function):
    def forward(self, x):
        return x * 1

    def backward(self, gradient):
        return gradient


def filled(x):
    result = nd.zeros((1,))
    result[:] = x
    return result


PROGRAMS_OF_IDENTITY = {
    "item": lambda x: x[0],
    "list": lambda x: x[[0]],
    "reshape": lambda x: x.reshape((1, 1)),
    "expand_dims": lambda x: x.expand_dims(0, inplace=True),
    "operator": lambda x: nd.relu(x),
    "as_in_context": lambda x: x.as_in_context(mx.cpu(1)),
    "copyto": lambda x: x.copyto(nd.zeros((1,))),
    "copyto float64": lambda x: x.copyto(nd.zeros((1,), dtype="float64")).astype("float32"),
    "Function": lambda x: Identity()(x),
    "x[:]=": filled,
    "out=": lambda x: nd.exp(nd.log(x), out=nd.zeros((1,))),
}


class TestTorchIsLeftAlone:
    def test_grad_mode_stays_on(self):
        x = attached(1)
        with autograd.record():
            assert torch.is_grad_enabled()
            y = nd.exp(x)
            assert torch.is_grad_enabled()
        y.backward()
        assert torch.is_grad_enabled()

    @pytest.mark.parametrize("program", PROGRAMS_OF_IDENTITY.values(), ids=PROGRAMS_OF_IDENTITY)
    def test_recording_works_inside_no_grad(self, program):
        x = attached(2)
        with torch.no_grad():
            with autograd.record():
                y = nd.exp(x) * program(x)
                assert not torch.is_grad_enabled()
            y.backward()
            assert not torch.is_grad_enabled()
        assert x.grad.asscalar() == pytest.approx(np.exp(2) * 3, rel=1e-5)

    def test_second_order_inside_no_grad(self):
        x = attached(2)
        with torch.no_grad(), autograd.record():
            (dx,) = autograd.grad(x * x * x, x, create_graph=True)
            dx.backward()
        assert x.grad.asscalar() == 12

    def test_arrays_hold_plain_tensors(self):
        x = attached(1)
        with autograd.record():
            y = nd.exp(x)
        for array in (x, y, x.grad):
            assert not array.handle.requires_grad
            assert array.handle.is_leaf

    def test_recording_does_not_follow_torch_parameters(self):
        weight = torch.ones(1, requires_grad=True)
        with autograd.record():
            y = nd.from_dlpack(weight.detach()) * 2
        assert weight.grad is None
        with pytest.raises(mx.MXNetError, match="not part of a recorded graph"):
            y.backward()

    def test_torch_programs_differentiate_beside(self):
        weight = torch.tensor([3.0], requires_grad=True)
        x = attached(3)
        with autograd.record():
            y = x * x
            (weight * weight).backward()
        y.backward()
        assert weight.grad.tolist() == x.grad.asnumpy().tolist() == [6]


class TestScopes:
    def test_error_inside_restores(self):
        for scope in (autograd.record, autograd.pause, autograd.train_mode, autograd.predict_mode):
            with pytest.raises(KeyError), scope():
                raise KeyError
            assert (autograd.is_recording(), autograd.is_training()) == (False, False)

    def test_scope_object_can_be_entered_again(self):
        scope = autograd.record()
        for _ in range(2):
            with scope:
                assert autograd.is_recording()
            with scope, scope:
                pass
            assert not autograd.is_recording()

    def test_results_of_paused_operators_are_constants(self):
        x = attached(2)
        with autograd.record(), autograd.pause():
            y = x * x
        with pytest.raises(mx.MXNetError, match=r"autograd\.record"):
            y.backward()

    def test_symbol_of_a_recording_is_refused_with_the_way_out(self):
        x = attached(1)
        with autograd.record():
            y = x * 2
        with pytest.raises(mx.MXNetError, match=r"mx\.sym"):
            autograd.get_symbol(y)


def test_table_of_writes_is_not_trivial():
    assert 5 < len(REFUSED_WRITES) < len(snippets.WRITES) - 5


# -- large gradients are taken over, unless somebody would notice ------------------------------------------------------
LARGE = (64, 128)


def doubled(x, times=2.0):
    with mx.autograd.record():
        y = x * times
    y.backward()


@pytest.fixture
def large():
    x = mx.nd.ones(LARGE)
    x.attach_grad()
    doubled(x)
    return x


def test_a_large_gradient_arrives(large):
    gradient = large.grad
    doubled(large, 3)
    assert large.grad is gradient
    assert (gradient.asnumpy() == 3).all()


def test_a_view_of_a_gradient_sees_the_next_one(large):
    rows = large.grad[2:4]
    doubled(large, 3)
    assert (rows.asnumpy() == 3).all()


def test_memory_lent_by_dlpack_sees_the_next_gradient(large):
    lent = torch.from_dlpack(large.grad)
    doubled(large, 3)
    assert (lent == 3).all()


def test_an_executor_and_a_recording_share_a_gradient(large):
    executor = (mx.sym.var("x") * 5).bind(mx.cpu(), {"x": large}, {"x": large.grad})
    doubled(large, 3)
    assert (executor.grad_dict["x"].asnumpy() == 3).all()
    executor.forward(is_train=True)
    executor.backward(mx.nd.ones(LARGE))
    assert (large.grad.asnumpy() == 5).all()
    doubled(large, 3)
    assert (executor.grad_dict["x"].asnumpy() == 3).all()


def test_gradients_share_no_memory_with_each_other_or_the_head():
    x, y = mx.nd.ones(LARGE), mx.nd.ones(LARGE)
    x.attach_grad()
    y.attach_grad()
    head = mx.nd.ones(LARGE)
    for _ in range(2):
        with mx.autograd.record():
            z = x + y
        z.backward(head)
        x.grad[:] = 7
        assert (head.asnumpy() == 1).all()
        assert (y.grad.asnumpy() == 1).all()


def test_a_gradient_that_is_a_view_of_the_head_is_copied():
    x = mx.nd.ones(LARGE)
    x.attach_grad()
    head = mx.nd.ones((LARGE[0] * LARGE[1],))
    for _ in range(2):
        with mx.autograd.record():
            z = x.reshape((-1,))
        z.backward(head)
        x.grad[:] = 7
        assert (head.asnumpy() == 1).all()


def test_a_part_of_a_larger_gradient_is_copied():
    x, y = mx.nd.ones(LARGE), mx.nd.ones(LARGE)
    x.attach_grad()
    y.attach_grad()
    for times in (1, 2):
        with mx.autograd.record():
            z = mx.nd.concat(x, y, dim=0) * times
        z.backward()
        x.grad[:] = 7
        assert (y.grad.asnumpy() == times).all()
