"""mx.image beyond what MXNet 1.9.1 answers (see test_gluon_vision.py): what is promised, and what is refused."""

from __future__ import annotations

import logging
import os
import pickle
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

import mxnet as mx

image = mx.image


def picture(height, width, channels=3, seed=0, dtype="uint8"):
    return mx.nd.array(np.random.default_rng(seed).integers(0, 256, (height, width, channels)), dtype=dtype)


def content(height=6, width=7, value=0):
    """The bytes of a portable pixmap."""
    return b"P6 %d %d 255 " % (width, height) + bytes([value]) * (height * width * 3)


@pytest.fixture
def folder(tmp_path):
    """Five images 0.ppm ... 4.ppm with the values 0, 10 ... 40, a record file with its index, and a list."""
    record = mx.recordio.MXIndexedRecordIO(str(tmp_path / "a.idx"), str(tmp_path / "a.rec"), "w")
    for i in range(5):
        (tmp_path / f"{i}.ppm").write_bytes(content(value=10 * i))
        record.write_idx(i, mx.recordio.pack(mx.recordio.IRHeader(0, i, i, 0), content(value=10 * i)))
    record.close()
    return tmp_path


def labels(iterator):
    return [batch.label[0].asnumpy().tolist() for batch in iterator]


# -- reading ---------------------------------------------------------------------------------------------------------
def test_imdecode_takes_any_bytes():
    expected = image.imdecode(content(value=9)).asnumpy()
    array = np.frombuffer(content(value=9), "uint8")
    for kind in (memoryview(content(value=9)), array[::1], mx.nd.array(array, dtype="uint8")):
        np.testing.assert_array_equal(image.imdecode(kind).asnumpy(), expected)


def test_imread_takes_paths_and_out(folder):
    out = mx.nd.zeros((6, 7, 3), dtype="uint8")
    assert image.imread(folder / "3.ppm", out=out) is out
    assert out.asnumpy().min() == 30
    with pytest.raises(mx.base.ValueError, match=r"9\.ppm' cannot be read: No such file"):
        image.imread(folder / "9.ppm")


@pytest.mark.parametrize("buf", ["text", None, 3, [1, 2]])
def test_imdecode_refuses(buf):
    with pytest.raises(mx.base.ValueError, match=r"imdecode: buf is .*; expected bytes"):
        image.imdecode(buf)


# -- sizes and places ------------------------------------------------------------------------------------------------
SIDES = st.integers(1, 40)


@given(SIDES, SIDES, SIDES, SIDES)
def test_scale_down_fits_and_keeps_the_shape(width, height, w, h):
    wide, high = image.scale_down((width, height), (w, h))
    assert wide <= min(width, w)
    assert high <= min(height, h)
    assert (wide, high) == (w, h) or max(wide / width, high / height) > 1 - 1 / min(width, height)
    assert abs(wide * h - high * w) <= max(w, h)


@settings(max_examples=100, deadline=None)
@given(SIDES, SIDES, SIDES, SIDES, st.integers(0, 10**6))
def test_random_places_lie_in_the_image(height, width, h, w, seed):
    random.seed(seed)
    x = mx.nd.arange(height * width).reshape((height, width, 1))
    for made, (x0, y0, wide, high) in (
        image.random_crop(x, (w, h), 0),
        image.random_size_crop(x, (w, h), (0.05, 1), (0.2, 5), 0),
    ):
        assert made.shape == (h, w, 1)
        assert 0 <= x0 <= x0 + max(wide, 0) <= width
        assert 0 <= y0 <= y0 + max(high, 0) <= height
        if (wide, high) == (w, h):
            assert made[0, 0, 0].asscalar() == y0 * width + x0


def test_interpolations_by_size_and_by_chance():
    x = picture(6, 8)
    for size, method in (((16, 12), 2), ((4, 3), 3), ((16, 3), 1)):
        np.testing.assert_array_equal(image.imresize(x, *size, 9).asnumpy(), image.imresize(x, *size, method).asnumpy())
    random.seed(1)
    seen = {image.imresize(x, 5, 5, 10).asnumpy().tobytes() for _ in range(60)}
    assert seen <= {image.imresize(x, 5, 5, method).asnumpy().tobytes() for method in range(5)}
    assert len(seen) > 2


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: image.imresize(x[0], 5, 5, 9), "imresize: src has shape"),
        (lambda x: image.resize_short(x, (3, 4)), "resize_short: size is (3, 4); expected one number"),
        (lambda x: image.center_crop(x, 5), "center_crop: size is 5; expected two numbers"),
        (lambda x: image.fixed_crop(x, 9, 0, 3, 3), "fixed_crop: x0=9, y0=0, w=3, h=3 and an image 8 wide and 6 high"),
        (lambda x: image.fixed_crop(x, -1, 0, 3, 3), "fixed_crop: x0=-1"),
        (lambda x: image.resize_short(x, 3, 8), "Unknown interp method 8; expected 0 (nearest)"),
        (lambda x: image.random_size_crop(x, (4, 4), 0.5, (1, 1), some=1), "unexpected keyword arguments some"),
    ],
)
def test_messages(call, words):
    with pytest.raises(mx.MXNetError) as caught:
        call(picture(6, 8))
    assert words in str(caught.value)


# -- rotation --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("degrees", [90, -90, 180, 270])
def test_quarter_turns(degrees):
    x = picture(5, 5, dtype="float32").transpose((2, 0, 1))
    expected = np.rot90(x.asnumpy(), degrees // 90, axes=(1, 2))
    np.testing.assert_allclose(image.imrotate(x, degrees).asnumpy(), expected, atol=1e-3)


@settings(max_examples=25, deadline=None)
@given(st.floats(-360, 360), st.integers(2, 12), st.integers(2, 12))
def test_rotation_is_that_of_scipy(degrees, height, width):
    x = picture(height, width, 1, dtype="float32")
    got = image.imrotate(x.transpose((2, 0, 1)), degrees).asnumpy()[0]
    expected = ndimage.rotate(x.asnumpy()[:, :, 0], degrees, reshape=False, order=1, mode="grid-constant")
    np.testing.assert_allclose(got, expected, atol=0.05)


@pytest.mark.parametrize("shape", [(1, 1, 4), (1, 4, 1), (2, 3, 1, 1)])
def test_single_rows_can_be_turned(shape):
    assert image.imrotate(mx.nd.ones(shape), 0).asnumpy().tolist() == np.ones(shape).tolist()


@pytest.mark.parametrize("angles", [[30, 60], (30, 60), np.array([30, 60]), mx.nd.array([30, 60])])
def test_an_angle_for_each_image(angles):
    x = mx.nd.stack(*[picture(6, 8, dtype="float32", seed=i).transpose((2, 0, 1)) for i in range(2)])
    turned = image.imrotate(x, angles, zoom_out=True)
    for i, angle in enumerate((30, 60)):
        expected = image.imrotate(x[i], angle, zoom_out=True)
        np.testing.assert_allclose(turned[i].asnumpy(), expected.asnumpy(), atol=1e-3)


def test_zooming_in_leaves_nothing_empty_and_out_loses_nothing():
    x = mx.nd.ones((1, 20, 31))
    for degrees in (10, 45, 100, -70):
        assert image.imrotate(x, degrees, zoom_in=True).asnumpy()[:, 1:-1, 1:-1].min() > 0.99
        assert image.imrotate(x, degrees, zoom_out=True).asnumpy()[0, [0, -1], :][:, [0, -1]].max() < 1


def test_gradients_flow_through_rotation():
    x = picture(5, 5, dtype="float32").transpose((2, 0, 1))
    x.attach_grad()
    with mx.autograd.record():
        total = image.imrotate(x, 90).sum()
    total.backward()
    np.testing.assert_allclose(x.grad.asnumpy(), 1, atol=1e-3)


def test_limits_of_angles():
    with pytest.raises(mx.base.TypeError, match="random_rotate: angle_limits is 5; expected two angles"):
        image.random_rotate(mx.nd.ones((3, 4, 4)), 5)


# -- augmenters ------------------------------------------------------------------------------------------------------
def test_augmenters_are_pickled():
    made = image.CreateAugmenter(
        (3, 4, 5), 8, True, True, True, True, True, brightness=0.1, contrast=0.1, saturation=0.1, hue=0.1, pca_noise=0.1
    )
    made += image.CreateDetAugmenter((3, 4, 5), 8, 0.5, 0.5, 0.5, True)
    copies = pickle.loads(pickle.dumps(made))
    assert [copy.dumps() for copy in copies] == [one.dumps() for one in made]


def test_dtypes_can_be_written_down():
    assert image.CastAug(np.uint8).dumps() == '["castaug", {"type": "uint8"}]'
    assert image.CastAug(np.uint8)(mx.nd.ones((2, 2, 3))).dtype is np.uint8


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: image.DetRandomCropAug(0.5, (2, 1)), r"DetRandomCropAug due to invalid aspect_ratio_range: \(2, 1\)"),
        (lambda: image.DetRandomCropAug(0.5, (1, 2), (0, 0)), r"DetRandomCropAug due to invalid area_range: \(0, 0\)"),
        (lambda: image.DetRandomPadAug((1, 2), (0.1, 1.0)), r"DetRandomPadAug due to invalid area_range"),
    ],
)
def test_ranges_that_change_nothing(make, words):
    with pytest.warns(UserWarning, match=words):
        augmenter = make()
    x, boxes = picture(6, 8), np.array([[0, 0.1, 0.1, 0.9, 0.9]])
    assert augmenter(x, boxes) == (x, boxes)


def test_a_grey_border():
    random.seed(1)
    padded, _ = image.DetRandomPadAug(area_range=(2, 3), pad_val=7)(picture(8, 8) * 0, np.zeros((1, 5)))
    assert set(np.unique(padded.asnumpy())) == {0, 7}
    assert (padded.asnumpy() == 7).all(axis=2).sum() == padded.shape[0] * padded.shape[1] - 64


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 0.9), st.floats(0, 0.9))
def test_boxes_stay_on_their_objects(seed, covered, ejected):
    """An object is a bright rectangle: after cutting and padding its box holds exactly what is bright."""
    random.seed(seed)
    pixels = np.zeros((40, 60, 3), "float32")
    pixels[10:30, 15:45] = 1
    boxes = np.array([[3, 15 / 60, 10 / 40, 45 / 60, 30 / 40]])
    crop = image.DetRandomCropAug(covered, (0.5, 2.0), (0.1, 1.0), ejected)
    pad = image.DetRandomPadAug((0.5, 2.0), (1.5, 3.0), pad_val=0)
    changed, found = pad(*crop(mx.nd.array(pixels), boxes))
    rows, columns = np.nonzero(changed.asnumpy()[:, :, 0])
    height, width = changed.shape[:2]
    expected = [3, columns.min() / width, rows.min() / height, (columns.max() + 1) / width, (rows.max() + 1) / height]
    np.testing.assert_allclose(found, [expected], atol=1e-6)


# -- ImageIter -------------------------------------------------------------------------------------------------------
def test_large_labels_are_exact(folder):
    large = 2**24 + 1
    made = image.ImageIter(2, (3, 4, 4), imglist=[[large, "0.ppm"], [3, "1.ppm"]], path_root=str(folder), dtype="int64")
    batch = made.next()
    assert batch.label[0].dtype is np.int64
    assert batch.label[0].asnumpy().tolist() == [large, 3]
    (folder / "a.lst").write_text(f"0\t{large}\t0.ppm\n\n1\t3\t1.ppm\n")
    made = image.ImageIter(2, (3, 4, 4), path_imglist=str(folder / "a.lst"), path_root=str(folder), dtype="int32")
    assert labels(made) == [[large, 3]]


def test_a_batch_larger_than_the_data_is_filled(folder):
    made = image.ImageIter(12, (3, 4, 4), path_imgrec=str(folder / "a.rec"))
    batch = made.next()
    assert batch.pad == 7
    assert batch.label[0].asnumpy().tolist() == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]
    assert batch.data[0].asnumpy()[:, 0, 0, 0].tolist() == [0, 10, 20, 30, 40, 0, 10, 20, 30, 40, 0, 10]
    with pytest.raises(StopIteration):
        made.next()


def test_images_roll_over(folder):
    made = image.ImageIter(
        2,
        (3, 4, 4),
        path_imgrec=str(folder / "a.rec"),
        path_imgidx=str(folder / "a.idx"),
        last_batch_handle="roll_over",
    )
    assert labels(made) == [[0, 1], [2, 3]]
    made.reset()
    batch = made.next()
    assert batch.label[0].asnumpy().tolist() == [4, 0]
    assert batch.pad == 0
    assert labels(made) == [[1, 2], [3, 4]]
    made.reset()
    assert labels(made) == [[0, 1], [2, 3]]
    made.hard_reset()
    assert labels(made) == [[0, 1], [2, 3]]


def test_a_list_chooses_records(folder):
    (folder / "a.lst").write_text("3\t103\tx\n1\t101\tx\n")
    made = image.ImageIter(
        2,
        (3, 4, 4),
        path_imgrec=str(folder / "a.rec"),
        path_imgidx=str(folder / "a.idx"),
        path_imglist=str(folder / "a.lst"),
    )
    batch = made.next()
    assert batch.label[0].asnumpy().tolist() == [103, 101]
    assert batch.data[0].asnumpy()[:, 0, 0, 0].tolist() == [30, 10]


def test_paths_need_no_root(folder):
    made = image.ImageIter(1, [3, 4, 4], imglist=[[5, str(folder / "2.ppm")]])
    assert made.next().data[0].asnumpy().max() == 20


def test_reading_is_logged(folder, caplog):
    with caplog.at_level(logging.INFO):
        image.ImageIter(2, (3, 4, 4), path_imgrec=str(folder / "a.rec"))
    assert caplog.messages == [f"ImageIter: loading recordio {folder / 'a.rec'}..."]


def test_invalid_images_are_left_out(folder):
    class Choosy(image.ImageIter):
        def check_valid_image(self, data):
            if data.asnumpy().max() == 10:
                raise RuntimeError("ten")

    assert labels(Choosy(2, (3, 4, 4), path_imgrec=str(folder / "a.rec"))) == [[0, 2], [3, 4]]


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({}, AssertionError, "no images; expected path_imgrec"),
        ({"path_imgrec": "a.rec", "last_batch_handle": "keep"}, ValueError, "last_batch_handle is 'keep'"),
        ({"path_imgrec": "a.rec", "dtype": "float16"}, AssertionError, "float16 label not supported"),
        ({"path_imgrec": "a.rec", "shuffle": True}, AssertionError, "need path_imgidx"),
        ({"path_imgrec": "a.rec", "batch_size": 0}, ValueError, "batch_size is 0"),
        ({"path_imgrec": "a.rec", "data_shape": (1, 4, 4)}, ValueError, "3 channels"),
        ({"path_imglist": "bad.lst"}, ValueError, "bad.lst, line 2: "),
        ({"path_imgrec": "a.rec", "rand_resize": True}, AssertionError, "needs rand_crop=True"),
    ],
)
def test_iterators_refuse(folder, monkeypatch, arguments, kind, words):
    monkeypatch.chdir(folder)
    (folder / "bad.lst").write_text("0\t1\t0.ppm\none\t1\t1.ppm\n")
    with pytest.raises(kind) as caught:
        image.ImageIter(**{"batch_size": 2, "data_shape": (3, 4, 4), **arguments})
    assert isinstance(caught.value, mx.MXNetError)
    assert words in str(caught.value)


def test_broken_images_are_named(folder):
    (folder / "2.ppm").write_bytes(b"abc")
    made = image.ImageIter(1, (3, 4, 4), imglist=[[i, f"{i}.ppm"] for i in range(5)], path_root=str(folder))
    made.next()
    made.next()
    with pytest.raises(mx.MXNetError, match=r"Broken image filename: 2\.ppm, .*3 bytes that start with b'abc'"):
        made.next()


def test_sizes_that_do_not_fit_are_told(folder):
    made = image.ImageIter(1, (3, 4, 4), path_imgrec=str(folder / "a.rec"), aug_list=[])
    with pytest.raises(mx.base.ValueError, match=r"shape \(3, 6, 7\) after its augmenters; expected data_shape"):
        made.next()


def test_a_module_learns_from_an_image_iter(folder):
    random.seed(0)
    mx.random.seed(0)
    made = image.ImageIter(5, (3, 4, 4), path_imgrec=str(folder / "a.rec"), std=np.array([40.0]))
    net = mx.sym.FullyConnected(mx.sym.Flatten(mx.sym.var("data")), num_hidden=1)
    net = mx.sym.LinearRegressionOutput(net, mx.sym.var("softmax_label"))
    module = mx.mod.Module(net)
    module.fit(made, num_epoch=150, optimizer_params={"learning_rate": 0.1}, eval_metric="mse")
    assert dict(module.score(made, "mse"))["mse"] < 0.05


# -- ImageDetIter ----------------------------------------------------------------------------------------------------
def boxes_of(folder, rows, **arguments):
    listed = [[[2, 5, *row], f"{i}.ppm"] for i, row in enumerate(rows)]
    return image.ImageDetIter(2, (3, 6, 7), imglist=listed, path_root=str(folder), **arguments)


ONE, TWO = [0, 0.1, 0.2, 0.5, 0.6], [1, 0.5, 0.5, 0.75, 1.0]


def test_boxes_fill_labels(folder):
    made = boxes_of(folder, [ONE, ONE + TWO, TWO], last_batch_handle="roll_over")
    assert made.label_shape == (2, 5)
    batch = made.next()
    assert batch.label[0].shape == (2, 2, 5)
    np.testing.assert_allclose(batch.label[0].asnumpy(), [[ONE, [-1] * 5], [ONE, TWO]], rtol=1e-6)
    with pytest.raises(StopIteration):
        made.next()
    made.reset()
    batch = made.next()
    assert batch.pad == 0
    np.testing.assert_allclose(batch.label[0].asnumpy(), [[TWO, [-1] * 5], [ONE, [-1] * 5]], rtol=1e-6)


def test_images_without_a_box_are_left_out(folder):
    class Forget(image.DetAugmenter):
        def __call__(self, src, label):
            return src, label[label[:, 0] > 0]

    made = boxes_of(folder, [ONE, TWO, ONE, TWO], aug_list=[Forget()])
    assert made.next().data[0].asnumpy()[:, 0, 0, 0].tolist() == [10, 30]


def test_labels_grow_together(folder):
    small, large = boxes_of(folder, [ONE]), boxes_of(folder, [ONE + TWO + ONE])
    assert small.sync_label_shape(large) is large
    assert small.label_shape == large.label_shape == (3, 5)
    assert small.next().label[0].shape == (2, 3, 5)
    wide = image.ImageDetIter(1, (3, 6, 7), imglist=[[[2, 6, *ONE, 9], "0.ppm"]], path_root=str(folder))
    with pytest.raises(mx.base.AssertionError, match="object width mismatch: boxes have 5 numbers here and 6 there"):
        small.sync_label_shape(wide)


def test_drawing(folder):
    made = boxes_of(folder, [ONE + TWO, TWO])
    drawn = list(made.draw_next(color=(1, 2, 200), thickness=1, mean=np.array([-5.0]), id2labels={0: "cat"}))
    assert [one.shape for one in drawn] == [(6, 7, 3)] * 2
    assert drawn[1].dtype == np.uint8
    assert drawn[1][0, 0].tolist() == [5, 5, 5]
    assert drawn[1][3, 3].tolist() == [1, 2, 200]


def test_reading_in_a_relative_folder(folder, monkeypatch):
    monkeypatch.chdir(folder)
    made = image.ImageIter(1, (3, 4, 4), imglist=[[0, "4.ppm"]], path_root=os.curdir)
    assert made.next().data[0].asnumpy().max() == 40
