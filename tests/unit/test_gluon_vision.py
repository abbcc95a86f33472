"""Data sets of images and transforms: against what MXNet 1.9.1 answers, and what is promised beyond it."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import pathlib
import pickle
import random
import shutil
import tarfile
import tempfile

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import mxnet as mx
from mxnet.gluon.data import DataLoader, vision
from mxnet.gluon.data.vision import transforms
from tests.golden import programs

GROUP = "gluon_vision"
ROOT = pathlib.Path(__file__).parent.parent.parent
MNIST = (
    pathlib.Path(os.environ.get("MXNET_HOME", "~/.mxnet")).expanduser() / "datasets" / "mnist",
    ROOT.parent / "shared" / "data" / "mnist",
)


@pytest.mark.parametrize("name", sorted(programs.table(GROUP)))
def test_as_mxnet_answers(name, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    programs.check(GROUP, name, mx, absolute=1e-4)


def picture(height, width, channels=3, seed=0, dtype="uint8"):
    return mx.nd.array(np.random.default_rng(seed).integers(0, 256, (height, width, channels)), dtype=dtype)


# -- MNIST -----------------------------------------------------------------------------------------------------------
def idx(array):
    """A file of unsigned bytes as the data set has them."""
    header = np.array([2048 + array.ndim, *array.shape], ">i4").tobytes()
    return gzip.compress(header + array.astype("uint8").tobytes(), mtime=0)


IMAGES = np.arange(3 * 4 * 5).reshape(3, 4, 5)
LABELS = np.array([7, 0, 255])


def small_mnist(root, images=None, labels=None, train=True, transform=None):
    """A data set like MNIST whose files have the contents given, and whose repository is `root`/mirror."""
    contents = {
        "images.gz": idx(IMAGES) if images is None else images,
        "labels.gz": idx(LABELS) if labels is None else labels,
    }
    mirror = root / "mirror" / "gluon" / "dataset" / "small"
    mirror.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (mirror / name).write_bytes(content)

    class Small(vision.MNIST):
        def _get_data(self):
            self._namespace = "small"
            files = [(name, hashlib.sha1(content).hexdigest()) for name, content in contents.items()]
            self._train_data, self._train_label = self._test_data, self._test_label = files
            super()._get_data()

    return Small(str(root / "files"), train, transform)


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    monkeypatch.setenv("MXNET_GLUON_REPO", (tmp_path / "mirror").as_uri())
    return tmp_path / "mirror"


@pytest.mark.usefixtures("mirror")
def test_mnist_is_downloaded_once(tmp_path, capfd):
    found = small_mnist(tmp_path)
    assert capfd.readouterr().out.count("Downloading") == 2
    assert found._data.shape == (3, 4, 5, 1)
    assert found._data.dtype is np.uint8
    np.testing.assert_array_equal(found[1][0].asnumpy()[:, :, 0], IMAGES[1])
    assert found._label.dtype == np.int32
    assert found._label.tolist() == [7, 0, 255]
    shutil.rmtree(tmp_path / "mirror" / "gluon")
    again = small_mnist(tmp_path, train=False, transform=lambda image, label: (image.shape, label + 1))
    assert again[2] == ((4, 5, 1), 256)
    assert not capfd.readouterr().out


@pytest.mark.usefixtures("mirror")
def test_another_file_is_replaced(tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "labels.gz").write_bytes(b"something else")
    assert small_mnist(tmp_path)._label.tolist() == [7, 0, 255]


@pytest.mark.usefixtures("mirror")
@pytest.mark.parametrize(
    ("images", "labels", "words"),
    [
        (b"rubbish", None, ["images.gz", "cannot be read"]),
        (idx(IMAGES)[:-12], None, ["images.gz", "cannot be read"]),
        (idx(LABELS), None, ["images.gz", "3 axes", "2051"]),
        (gzip.compress(b"\0\0", mtime=0), None, ["images.gz", "no IDX file"]),
        (gzip.compress(gzip.decompress(idx(IMAGES)) + b"\0", mtime=0), None, ["images.gz", "no IDX file"]),
        (None, idx(LABELS[:2]), ["3 images", "2 labels"]),
    ],
)
def test_a_damaged_file_is_named(tmp_path, images, labels, words):
    with pytest.raises(mx.MXNetError) as caught:
        small_mnist(tmp_path, images, labels)
    for word in ["Small", *words]:
        assert word in str(caught.value)


@pytest.mark.parametrize("kind", [vision.MNIST, vision.FashionMNIST, vision.CIFAR10, vision.CIFAR100])
def test_a_missing_file_is_named(kind, tmp_path, mirror):
    with pytest.raises(mx.MXNetError) as caught:
        kind(str(tmp_path / "files"))
    message = str(caught.value)
    for word in (kind.__name__, str(tmp_path / "files"), "is missing", mirror.as_uri(), "MXNET_GLUON_REPO", ".gz"):
        assert word in message


@pytest.mark.usefixtures("mirror")
def test_a_wrong_file_is_named(tmp_path):
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(b"abc")
    with pytest.raises(mx.MXNetError, match="is not the file of the data set"):
        vision.MNIST(str(tmp_path))


@pytest.mark.usefixtures("mirror")
def test_real_mnist_compressed_anew(tmp_path):
    folder = next((folder for folder in MNIST if (folder / "t10k-labels-idx1-ubyte.gz").is_file()), None)
    if folder is None:
        pytest.skip("no MNIST in " + " or ".join(map(str, MNIST)))
    for name in ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        content = gzip.decompress((folder / f"{name}.gz").read_bytes())
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content, 1))
    found = vision.MNIST(str(tmp_path), train=False)
    assert len(found) == 10000
    assert found._label[:5].tolist() == [7, 2, 1, 0, 4]
    assert found[0][0].shape == (28, 28, 1)
    assert round(float(found._data.astype("float32").mean().asscalar()), 3) == 33.791
    copy = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(copy[3][0].asnumpy(), found[3][0].asnumpy())


# -- CIFAR -----------------------------------------------------------------------------------------------------------
def small_cifar(root, contents, folder="", hidden=()):
    """A data set like CIFAR-10 with two files, whose archive has them in `folder`."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for name, content in contents.items():
            if name not in hidden:
                member = tarfile.TarInfo(folder + name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    mirror = root / "mirror" / "gluon" / "dataset" / "small"
    mirror.mkdir(parents=True, exist_ok=True)
    (mirror / "small.tar.gz").write_bytes(archive.getvalue())

    class Small(vision.CIFAR10):
        def _get_data(self):
            sha1 = {name: hashlib.sha1(content).hexdigest() for name, content in contents.items()}
            self._namespace = "small"
            self._archive_file = ("small.tar.gz", hashlib.sha1(archive.getvalue()).hexdigest())
            self._train_data, self._test_data = [("a.bin", sha1["a.bin"])], [("b.bin", sha1["b.bin"])]
            super()._get_data()

    return lambda train=True: Small(str(root / "files"), train)


@pytest.fixture
def records():
    return {name: np.random.default_rng(i).bytes(3073 * 4) for i, name in enumerate(("a.bin", "b.bin"))}


@pytest.mark.usefixtures("mirror")
@pytest.mark.parametrize("folder", ["", "cifar-10-batches-bin/", "../../"])
def test_cifar_is_unpacked_into_its_folder(tmp_path, records, folder):
    load = small_cifar(tmp_path, records, folder)
    train = load()
    assert sorted(p.name for p in (tmp_path / "files").iterdir()) == ["a.bin", "b.bin", "small.tar.gz"]
    first = np.frombuffer(records["a.bin"], "uint8").reshape(4, 3073)[1]
    assert train[1][1] == first[0]
    assert train._label.dtype == np.int32
    np.testing.assert_array_equal(train[1][0].asnumpy(), first[1:].reshape(3, 32, 32).transpose(1, 2, 0))
    (tmp_path / "files" / "small.tar.gz").unlink()
    shutil.rmtree(tmp_path / "mirror")
    assert len(load(train=False)) == 4


@pytest.mark.usefixtures("mirror")
def test_an_archive_of_the_same_files_will_do(tmp_path, records):
    load = small_cifar(tmp_path, records)
    (tmp_path / "files").mkdir()
    with tarfile.open(tmp_path / "files" / "small.tar.gz", "w") as tar:
        for name, content in records.items():
            (tmp_path / name).write_bytes(content)
            tar.add(tmp_path / name, "elsewhere/" + name)
    shutil.rmtree(tmp_path / "mirror")
    assert len(load()) == 4


@pytest.mark.usefixtures("mirror")
def test_an_archive_that_lacks_a_file_is_named(tmp_path, records):
    with pytest.raises(mx.MXNetError, match=r"does not contain b\.bin"):
        small_cifar(tmp_path, records, hidden=["b.bin"])()


@pytest.mark.usefixtures("mirror")
def test_a_cut_file_is_named(tmp_path, records):
    records["a.bin"] = records["a.bin"][:-1]
    with pytest.raises(mx.MXNetError, match=r"a\.bin has 12291 bytes; expected a multiple of 3073"):
        small_cifar(tmp_path, records)()


# -- images in folders -----------------------------------------------------------------------------------------------
def test_folders_reach_workers(tmp_path):
    for number, name in enumerate(("cat", "dog")):
        (tmp_path / name).mkdir()
        for i in range(3):
            pixels = bytes([10 * number + i]) * (3 * 4 * 5)
            (tmp_path / name / f"{i}.png").write_bytes(b"P6 5 4 255 " + pixels)
    data = vision.ImageFolderDataset(str(tmp_path)).transform_first(
        transforms.Compose([transforms.Resize(6), lambda image: image + 1, transforms.ToTensor()])
    )
    batches = list(DataLoader(data, batch_size=4, num_workers=2))
    assert [label.asnumpy().tolist() for _, label in batches] == [[0, 0, 0, 1], [1, 1]]
    values = np.concatenate([images.asnumpy()[:, 0, 0, 0] for images, _ in batches])
    np.testing.assert_allclose(values * 255, [1, 2, 3, 11, 12, 13], rtol=1e-5)


# -- transforms ------------------------------------------------------------------------------------------------------
FACTORS = {
    "RandomBrightness": lambda x: x[0, 0] / 100,
    "RandomContrast": lambda x: (x[0, 0] - x[0, 1]) / 50,
    "RandomSaturation": lambda x: (x[0, 0] - x[0, 1]) / 50,
}


@pytest.mark.parametrize("name", sorted(FACTORS))
@pytest.mark.parametrize(("amount", "low"), [(0.4, 0.6), (1.5, 0.0)])
def test_random_colours(name, amount, low):
    mx.random.seed(1)
    transform = getattr(transforms, name)(amount)
    x = mx.nd.array([[[100, 50, 20]]])
    factors = [FACTORS[name](transform(x).asnumpy()[0]) for _ in range(400)]
    assert low - 1e-5 <= min(factors) <= max(factors) <= 1 + amount + 1e-5
    assert stats.kstest(factors, stats.uniform(low, 1 + amount - low).cdf).pvalue > 1e-6


@pytest.mark.parametrize(
    "make",
    [
        lambda: transforms.RandomBrightness(0.5),
        lambda: transforms.RandomHue(0.5),
        lambda: transforms.RandomColorJitter(0.5, 0.5, 0.5, 0.5),
        lambda: transforms.RandomLighting(0.5),
        transforms.RandomFlipLeftRight,
        lambda: transforms.RandomResizedCrop(7),
        lambda: transforms.Compose([transforms.ToTensor(), transforms.RandomRotation((-50, 50))]),
        lambda: transforms.RandomApply(transforms.ToTensor()),
    ],
)
def test_seeds_make_transforms_repeatable(make):
    transform, x = make(), picture(8, 9)

    def draws(seed):
        mx.random.seed(seed)
        random.seed(seed)
        np.random.seed(seed)
        return [transform(x).asnumpy().tolist() for _ in range(8)]

    first = draws(1)
    assert draws(1) == first
    assert draws(2) != first
    assert any(one != first[0] for one in first)


@pytest.mark.parametrize(("name", "axis"), [("RandomFlipLeftRight", 1), ("RandomFlipTopBottom", 0)])
def test_half_of_the_images_are_flipped(name, axis):
    mx.random.seed(3)
    x = picture(4, 5)
    seen = [getattr(transforms, name)()(x).asnumpy() for _ in range(300)]
    flipped = sum(np.array_equal(one, np.flip(x.asnumpy(), axis)) for one in seen)
    assert flipped + sum(np.array_equal(one, x.asnumpy()) for one in seen) == 300
    assert 100 < flipped < 200


def test_random_apply_takes_a_list():
    both = transforms.RandomApply([transforms.ToTensor(), lambda x: x * 0], p=1)
    assert both(picture(4, 5)).asnumpy().tolist() == np.zeros((3, 4, 5)).tolist()
    with pytest.raises(mx.base.TypeError, match="RandomApply: transforms is 3"):
        transforms.RandomApply(3)


def test_crop_resize_is_bilinear_by_default():
    x = picture(8, 9)
    one = transforms.CropResize(1, 2, 4, 3, (8, 6))(x)
    np.testing.assert_array_equal(one.asnumpy(), transforms.CropResize(1, 2, 4, 3, (8, 6), 1)(x).asnumpy())


def test_a_list_of_transforms_stays_as_it_is():
    members = [transforms.ToTensor(), transforms.Normalize()]
    assert len(transforms.Compose(members)) == 1
    assert len(members) == 2
    assert len(transforms.Compose(tuple(members))) == 1
    with pytest.raises(mx.base.TypeError, match="Compose: transforms is ToTensor; expected a list"):
        transforms.Compose(members[0])


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 15), st.integers(1, 15), st.integers(0, 10**6))
def test_crops_have_the_size_asked_for(height, width, high, wide, seed):
    x = picture(height, width, seed=seed)
    for made in (
        transforms.CenterCrop((wide, high)),
        transforms.RandomResizedCrop((wide, high)),
        transforms.Resize((wide, high)),
    ):
        assert made(x).shape == (high, wide, 3)


@pytest.mark.parametrize("hybrid", [False, True])
def test_tensors_are_what_torch_computes(hybrid):
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    pipeline = mx.gluon.nn.HybridSequential()
    pipeline.add(transforms.ToTensor(), transforms.Normalize(mean, std))
    pipeline.hybridize(hybrid)
    for seed in range(3):
        x = picture(5 + seed, 7, seed=seed)
        pixels = torch.from_numpy(x.asnumpy()).permute(2, 0, 1).float() / 255
        expected = (pixels - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)
        np.testing.assert_allclose(pipeline(x).asnumpy(), expected.numpy(), 1e-5, 1e-6)


@pytest.mark.parametrize("name", transforms.__all__)
def test_transforms_are_pickled(name):
    given = {
        "CenterCrop": (5,), "Compose": ([transforms.ToTensor(), transforms.Cast()],), "CropResize": (0, 0, 3, 4),
        "RandomApply": (transforms.ToTensor(), 1), "RandomBrightness": (0,), "RandomContrast": (0,), "RandomHue": (0,),
        "RandomLighting": (0,), "RandomResizedCrop": (5, (1, 1), (1.0, 1.0)), "RandomRotation": ((-1, 1),),
        "RandomSaturation": (0,), "Resize": (5,), "Rotate": (5,),
    }  # fmt: skip
    kind = getattr(transforms, name)
    assert kind.__module__ == "mxnet.gluon.data.vision.transforms"
    copy = pickle.loads(pickle.dumps(kind(*given.get(name, ()))))
    assert type(copy) is kind
    x = (
        picture(8, 9)
        if "Rot" not in name and name != "Normalize"
        else picture(8, 9).transpose((2, 0, 1)).astype("float32")
    )
    assert copy(x).size


def test_images_of_a_list(tmp_path):
    pictures = [np.full((3, 4, 3), value, "uint8") for value in (10, 200)]
    for number, picture in enumerate(pictures):
        cv2.imwrite(str(tmp_path / f"{number}.png"), picture)
    large = 2**24 + 1  # which float32 cannot hold
    (tmp_path / "train.lst").write_text(f"0\t{large}\t0.png\n\n1\t0.5\t3\t1.png\n")
    for source in ("train.lst", [[large, "0.png"], [[0.5, 3], "1.png"]]):
        data = vision.ImageListDataset(str(tmp_path), source)
        assert len(data) == 2
        (first, label), (second, labels) = data[0], data[1]
        np.testing.assert_array_equal(first.asnumpy(), pictures[0])
        np.testing.assert_array_equal(second.asnumpy(), pictures[1])
        assert (label, labels.tolist()) == (large, [0.5, 3])
    assert vision.ImageListDataset(str(tmp_path), "train.lst", flag=0)[0][0].shape == (3, 4, 1)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (None, "imglist is missing"),
        ([["a.png"]], "entry 0"),
        ([[1, 2]], "entry 0"),
        ("absent.lst", "cannot read"),
        ("bad.lst", "line 1: a label is no number"),
    ],
)
def test_wrong_lists_are_told(tmp_path, source, message):
    (tmp_path / "bad.lst").write_text("0\tcat\ta.png\n")
    with pytest.raises(mx.MXNetError, match=message):
        vision.ImageListDataset(str(tmp_path), source)
