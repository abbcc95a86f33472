"""Images: functions, augmenters, iterators, data sets and transforms."""

# ruff: noqa: E501 (tables of short programs)

_IMAGE = """
import random
image = mx.image
r = np.random.RandomState(0)
x = mx.nd.array(r.randint(0, 256, (10, 20, 3)), dtype='uint8')
y = x.astype('float32')
z = y.transpose((2, 0, 1)) / 255
small = mx.nd.array(r.randint(0, 256, (3, 4, 3)), dtype='float32')
"""
_FILES = """
import os, random, shutil, struct, tempfile, zlib
folder = tempfile.mkdtemp()
def pixels(i):
    return (np.arange((4 + i) * (5 + i) * 3).reshape(4 + i, 5 + i, 3) * (i + 1) % 256).astype('uint8')
def png(array):
    def chunk(kind, content):
        check = zlib.crc32(kind + content) & 0xffffffff
        return struct.pack('>I', len(content)) + kind + content + struct.pack('>I', check)
    height, width = array.shape[:2]
    rows = zlib.compress(b''.join(b'\\0' + row.tobytes() for row in array))
    header = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    return b'\\x89PNG\\r\\n\\x1a\\n' + chunk(b'IHDR', header) + chunk(b'IDAT', rows) + chunk(b'IEND', b'')
def write(path, content):
    path = os.path.join(folder, path)
    if not os.path.isdir(os.path.dirname(path)):
        os.makedirs(os.path.dirname(path))
    with open(path, 'wb') as file:
        file.write(content)
    return path
def record(labels, name='a'):
    path = os.path.join(folder, name)
    file = mx.recordio.MXIndexedRecordIO(path + '.idx', path + '.rec', 'w')
    for i, label in enumerate(labels):
        file.write_idx(i, mx.recordio.pack(mx.recordio.IRHeader(0, label, i, 0), png(pixels(i))))
    file.close()
    return path + '.rec', path + '.idx'
def files(labels):
    return [[label, os.path.basename(write('%d.png' % i, png(pixels(i))))] for i, label in enumerate(labels)]
def batch(b):
    return [b.data[0].shape, b.data[0][:, 1, 2, 3], b.label[0], b.pad]
def epochs(iterator, count=2):
    found = []
    for _ in range(count):
        found.append([batch(b) for b in iterator])
        iterator.reset()
    shutil.rmtree(folder)
    return found
"""
_TRANSFORMS = (
    _IMAGE
    + """
from mxnet.gluon.data.vision import transforms
batch = mx.nd.stack(x, x.flip(1))
tensors = mx.nd.stack(z, z.flip(1))
"""
)
_BOXES = (
    _IMAGE
    + """
boxes = np.array([[0, .1, .2, .5, .6], [1, .6, .5, .9, .95]], 'float32')
def tries(augmenter, count=6):
    found = []
    for seed in range(count):
        random.seed(seed)
        np.random.seed(seed)
        changed, label = augmenter(y.copy(), boxes.copy())
        found.append([changed.shape, float(changed.sum().asscalar()), label])
    return found
"""
)
_CIFAR = (
    _FILES
    + """
import mxnet.gluon.data.vision.datasets
r = np.random.RandomState(1)
class Small10(mx.gluon.data.vision.CIFAR10):
    def _get_data(self):
        self._data, self._label = self._read_batch(write('b.bin', r.randint(0, 256, 3 * 3073).astype('uint8').tobytes()))
class Small100(mx.gluon.data.vision.CIFAR100):
    def _get_data(self):
        self._data, self._label = self._read_batch(write('b.bin', r.randint(0, 256, 3 * 3074).astype('uint8').tobytes()))
def told(s):
    return [s._data.shape, str(s._data.dtype), s._data[2, :2, 5], s._label, len(s), s[1][0].shape, s[1][1]]
"""
)


def _image(*sources):
    return (_IMAGE, *sources)


def _augmented(text):
    """Two calls of an augmenter, on a copy, and whether it changes its argument."""
    return _image(
        f"""
        augmenter = image.{text}
        random.seed(3)
        np.random.seed(3)
        answer = [augmenter(small.copy()), augmenter(small.copy()), augmenter.dumps()]
        copy = small.copy()
        given = augmenter(copy)
        answer.append(given is copy)
    """
    )


def _transformed(text, argument="x"):
    return (_TRANSFORMS, f"answer = transforms.{text}({argument})")


PROGRAMS = {
    # functions
    **{
        f"scale_down {text}": _image(f"answer = image.scale_down({text})")
        for text in ("(20, 10), (4, 4)", "(20, 10), (40, 4)", "(20, 10), (40, 40)", "(20, 10), (30, 11)", "(7, 5), (9, 14)")
    },
    **{
        f"interpolation {text}": _image(f"from mxnet.image.image import _get_interp_method as f\nanswer = f({text})")
        for text in ("0", "4", "9", "9, (10, 10, 20, 20)", "9, (20, 20, 10, 10)", "9, (20, 10, 10, 20)", "5", "11", "-1",
                     "9, (1, 2)", "2, (1, 1, 2, 2)")
    },
    **{
        f"resize_short {text}": _image(f"answer = image.resize_short({text})")
        for text in ("y, 5", "y, 15", "x, 5, 0", "x, 5, 9", "y, 7, 1", "y.transpose((1, 0, 2)), 7", "x, 0", "x, 5.5",
                     "x, (5, 5)", "x[0], 5", "x, 5, 7")
    },
    **{
        f"imresize {text}": _image(f"answer = image.imresize({text})")
        for text in ("x, 5, 6", "x, 5, 6, 0", "x, w=5, h=6, interp=2", "y, 30, 25, 3", "x, 0, 6")
    },
    **{
        f"fixed_crop {text}": _image(f"answer = image.fixed_crop({text})")
        for text in ("x, 1, 2, 3, 4", "x, 1, 2, 3, 4, (6, 7)", "x, 1, 2, 3, 4, (6, 7), 0", "x, 18, 2, 3, 4",
                     "x, 1, 2, 3, 4, (3, 4)", "x, 1, 2, 0, 4", "x, 1.0, 2, 3, 4", "x, 1, 2, 3, 4, 5")
    },
    **{
        f"center_crop {text}": _image(f"answer = image.center_crop({text})")
        for text in ("x, (4, 6)", "x, (5, 5)", "y, (30, 6)", "x, (40, 40), 0", "y, (20, 10)", "x, 5", "mx.nd.stack(x, x), (4, 4)")
    },
    **{
        f"random crops {seed}": _image(
            f"""
            random.seed({seed})
            answer = [image.random_crop(x, (4, 6)), image.random_crop(x, (40, 6), 0),
                image.random_size_crop(y, (4, 6), (0.1, 1), (0.5, 2)), image.random_size_crop(y, (8, 7), 0.2, (0.5, 2)),
                image.random_size_crop(x, (4, 6), (2, 3), (0.5, 2), interp=1), random.random()]
        """
        )
        for seed in range(4)
    },
    "random_size_crop unknown": _image("image.random_size_crop(x, (4, 6), 0.1, (1, 1), foo=1)"),
    "color_normalize is in place": _image(
        """
        copy = small.copy()
        same = image.color_normalize(copy, mx.nd.array([1, 2, 3]), mx.nd.array([4, 5, 6]))
        answer = [copy, same is copy]
    """
    ),
    "color_normalize by numbers": _image("answer = image.color_normalize(small.copy(), 3, 2)"),
    "color_normalize by nothing": _image("answer = image.color_normalize(small.copy(), None)"),
    "color_normalize std only": _image("answer = image.color_normalize(small.copy(), None, 2)"),
    "color_normalize of NumPy": _image("image.color_normalize(small.copy(), np.array([1., 2, 3]))"),
    **{
        f"copyMakeBorder {text}": _image(f"answer = image.image.copyMakeBorder({text})")
        for text in ("x, 1, 2, 3, 4", "x, 1, 2, 3, 4, 0, 5", "x, 1, 2, 3, 4, type=1", "x, 1, 2, 3, 4, values=(1, 2, 3)",
                     "small, 1, 0, 2, 0, 4")
    },
    **{
        f"imrotate {text}": _image(f"t = mx.nd.stack(z, z.flip(1))\nanswer = image.imrotate({text})")
        for text in ("z, 30", "z, 90", "z, -47.5, True", "z, 30, False, True", "t, 200", "t, mx.nd.array([30, 60]), True",
                     "t, mx.nd.array([30, -60]), zoom_out=True", "z, 0", "x, 30", "z, mx.nd.array([30])", "z[0], 30",
                     "t, mx.nd.array([30])", "z, 30, True, True", "z, 'a'", "z.astype('float64'), 30")
    },
    "random_rotate": _image(
        """
        np.random.seed(2)
        answer = [image.random_rotate(z, (-10, 10)), image.random_rotate(mx.nd.stack(z, z), (-90, 90), zoom_in=True)]
    """
    ),
    # reading
    "imdecode": (
        _FILES,
        """
        content = png(pixels(1))
        answer = [mx.image.imdecode(a) for a in (content, bytearray(content), np.frombuffer(content, 'uint8'))]
        answer += [mx.image.imdecode(content, 0), mx.image.imdecode(content, to_rgb=0), mx.image.imdecode(content, 1, False)]
    """,
    ),
    "imdecode text": "mx.image.imdecode('abc')",
    "imdecode nothing": "mx.image.imdecode(b'')",
    "imdecode rubbish": "mx.image.imdecode(b'abc')",
    "imdecode floats": "mx.image.imdecode(mx.nd.array([1, 2]))",
    "imread": (
        _FILES,
        """
        path = write('a.png', png(pixels(2)))
        answer = [mx.image.imread(path), mx.image.imread(path, 0), mx.image.imread(path, to_rgb=False)]
        shutil.rmtree(folder)
    """,
    ),
    "imread missing": "mx.image.imread('no such file.png')",
    # augmenters
    **{
        f"augmenter {text}": _augmented(text)
        for text in (
            "ResizeAug(5)", "ResizeAug(5, 9)", "ForceResizeAug((5, 6))", "ForceResizeAug((5, 2), 9)", "RandomCropAug((2, 2))",
            "RandomSizedCropAug((4, 6), (0.1, 1), (0.5, 2))", "RandomSizedCropAug((4, 6), 0.3, (0.5, 2), 1)",
            "CenterCropAug((2, 2), 1)", "HorizontalFlipAug(0.5)", "CastAug()", "CastAug('int32')", "BrightnessJitterAug(0.3)",
            "ContrastJitterAug(0.3)", "SaturationJitterAug(0.3)", "HueJitterAug(0.3)", "ColorJitterAug(0.3, 0.2, 0.1)",
            "ColorJitterAug(0.3, 0, 0)", "RandomGrayAug(1.)", "RandomGrayAug(0.)",
            "LightingAug(0.1, np.array([55.46, 4.794, 1.148]), np.array([[1., 2, 3], [4, 5, 6], [7, 8, 9]]))",
            "ColorNormalizeAug([1, 2, 3], [2, 2, 4])", "ColorNormalizeAug(None, np.array([1, 2, 3]))", "ColorNormalizeAug(None, None)",
            "SequentialAug([image.HorizontalFlipAug(1), image.CastAug('float16')])",
            "RandomOrderAug([image.HorizontalFlipAug(0.5), image.ResizeAug(2), image.CastAug()])",
        )
    },
    "augmenter of one's own": """
        class My(mx.image.Augmenter):
            pass
        answer = [My(a=1, b=np.array([1, 2]), c=mx.nd.array([3])).dumps(), mx.image.Augmenter().dumps()]
    """,
    "augmenter abstract": "mx.image.Augmenter()(1)",
    "augmenter of bytes": _image("image.ContrastJitterAug(0.1)(x)"),
    **{
        f"CreateAugmenter {text}": _image(
            f"""
            made = image.CreateAugmenter({text})
            random.seed(1)
            np.random.seed(1)
            changed = y.copy()
            for augmenter in made:
                changed = augmenter(changed)
            answer = [[a.dumps() for a in made], [type(a).__name__ for a in made], changed]
        """
        )
        for text in (
            "(3, 4, 5)", "(3, 4, 5), resize=7, rand_crop=True, rand_mirror=True, mean=True, std=True, inter_method=1",
            "(3, 4, 5), rand_crop=True, rand_resize=True, brightness=.1, contrast=.2, saturation=.3, hue=.4, pca_noise=.5",
            "(3, 4, 5), rand_gray=1, mean=np.array([1, 2, 3])", "(3, 4, 5), std=mx.nd.array([1, 2, 3])",
            "(3, 4, 5), rand_resize=True", "(3, 4, 5), mean=[1, 2, 3]", "(3, 4, 5), mean=np.array([1, 2])", "(3, 4, 5), mean=5",
        )
    },
    # boxes
    **{
        f"boxes {text}": (_BOXES, f"a = image.{text}\nanswer = [tries(a), a.dumps()]")
        for text in (
            "DetHorizontalFlipAug(0.5)", "DetBorrowAug(image.HorizontalFlipAug(1))", "DetRandomSelectAug([])",
            "DetRandomSelectAug([image.DetHorizontalFlipAug(1)], 0.5)", "DetRandomSelectAug(image.DetHorizontalFlipAug(1))",
            "DetRandomCropAug(0.1, (.5, 2.), (.1, 1.), .3, 6)", "DetRandomCropAug(0.9, (.5, 2.), (.5, 1.), .3, 3)",
            "DetRandomCropAug(0.5, 1.5, 0.5)", "DetRandomPadAug((.5, 2.), (1., 3.), 5)", "DetRandomPadAug(1.2, 2.5, 5, (1, 2, 3))",
            "CreateMultiRandCropAugmenter([.1, .5], [(.5, 1), (.3, 2)], (.1, 1), [.1, .2], [5], 0.3)",
        )
    },
    **{
        f"boxes wrong {text}": _image(f"image.{text}")
        for text in ("DetBorrowAug(3)", "DetRandomSelectAug([3])", "DetRandomCropAug(0.5, 'a')",
                     "DetAugmenter()(1, 2)", "CreateMultiRandCropAugmenter([.1, .2], max_attempts=[1, 2, 3])",
                     "CreateDetAugmenter((3, 4, 5), mean=[1, 2, 3])")
    },
    "CreateDetAugmenter": (
        _BOXES,
        """
        made = image.CreateDetAugmenter((3, 6, 7), resize=12, rand_crop=.5, rand_pad=.5, rand_gray=.1, rand_mirror=True,
            mean=True, std=True, brightness=.1, contrast=.1, saturation=.1, pca_noise=.1, hue=.1)
        answer = [[a.dumps() for a in made], []]
        random.seed(1)
        np.random.seed(1)
        for _ in range(5):
            changed, label = y, boxes.copy()
            for a in made:
                changed, label = a(changed, label)
            answer[1].append([changed, label])
    """,
    ),
    # iterators
    **{
        f"ImageIter {name}": (
            _FILES,
            f"rec, idx = record([3, 1, 4, 1, 5])\nrandom.seed(1)\n"
            f"answer = epochs(mx.image.ImageIter(2, (3, 4, 4), path_imgrec=rec, {text}))",
        )
        for name, text in {
            "record": "",
            "index": "path_imgidx=idx",
            "shuffled": "path_imgidx=idx, shuffle=True",
            "part": "path_imgidx=idx, part_index=1, num_parts=2",
            "part that is not": "path_imgidx=idx, part_index=2, num_parts=2",
            "discard": "path_imgidx=idx, last_batch_handle='discard'",
            "random": "resize=6, rand_crop=True, rand_mirror=True, mean=True, std=True",
            "shuffled without index": "shuffle=True",
            "parts without index": "part_index=1, num_parts=2",
            "no such augmenter": "foo=1",
            "bytes as labels": "dtype='uint8'",
        }.items()
    },
    "ImageIter list": (
        _FILES,
        """
        iterator = mx.image.ImageIter(2, (3, 4, 4), imglist=files([0, 1.5, [2]]), path_root=folder, data_name='x', label_name='y')
        answer = [iterator.provide_data, iterator.provide_label, iterator.num_image, iterator.seq, epochs(iterator)]
    """,
    ),
    "ImageIter list with labels": (
        _FILES,
        "answer = epochs(mx.image.ImageIter(2, (3, 4, 4), 2, imglist=files([[1, 2], [3, 4], [5, 6]]), path_root=folder))",
    ),
    "ImageIter list file": (
        _FILES,
        """
        lines = ''.join('%d\\t%f\\t%s\\n' % (i, label, name) for i, (label, name) in enumerate(files([5, 6, 7])))
        path = write('a.lst', lines.encode())
        answer = epochs(mx.image.ImageIter(2, (3, 4, 4), path_imglist=path, path_root=folder))
    """,
    ),
    "ImageIter record with labels": (
        _FILES,
        """
        rec, idx = record([np.array([i, i + 1.5], 'float32') for i in range(3)])
        answer = epochs(mx.image.ImageIter(2, (3, 4, 4), label_width=2, path_imgrec=rec))
    """,
    ),
    "ImageIter labels of another width": (
        _FILES,
        """
        rec, idx = record([np.array([i, i + 1.5], 'float32') for i in range(3)])
        epochs(mx.image.ImageIter(2, (3, 4, 4), label_width=3, path_imgrec=rec))
    """,
    ),
    "ImageIter without images": "mx.image.ImageIter(2, (3, 4, 4))",
    "ImageIter of grey": (_FILES, "mx.image.ImageIter(2, (1, 4, 4), path_imgrec=record([1])[0])"),
    "ImageIter of rows": (_FILES, "mx.image.ImageIter(2, (3, 4), path_imgrec=record([1])[0])"),
    "ImageIter missing record": "mx.image.ImageIter(2, (3, 4, 4), path_imgrec='no such.rec')",
    "ImageIter broken image": (
        _FILES,
        """
        write('b.png', b'abc')
        mx.image.ImageIter(2, (3, 4, 4), imglist=[[0, 'b.png']], path_root=folder).next()
    """,
    ),
    "ImageIter images of another size": (
        _FILES,
        "mx.image.ImageIter(2, (3, 4, 4), path_imgrec=record([1, 2])[0], aug_list=[]).next()",
    ),
    "ImageIter cut short": (
        _FILES,
        """
        it = mx.image.ImageIter(2, (3, 4, 4), path_imgrec=record([3, 1, 4])[0])
        answer = [batch(it.next())]
        it.reset()
        answer += [batch(it.next()), batch(it.next())]
        try:
            it.next()
        except StopIteration:
            answer.append('end')
    """,
    ),
    **{
        f"ImageDetIter {name}": (
            _FILES,
            f"""
            labels = [[0, .1, .1, .5, .5], [1, .2, .2, .6, .7, 2, .3, .3, .9, .8], [3, .1, .1, .2, .2]]
            rec, idx = record([np.array([2, 5] + label, 'float32') for label in labels])
            random.seed(4)
            iterator = mx.image.ImageDetIter(2, (3, 4, 4), path_imgrec=rec, {text})
            answer = [iterator.label_shape, iterator.provide_label, epochs(iterator)]
        """,
        )
        for name, text in {
            "record": "",
            "shuffled": "path_imgidx=idx, shuffle=True",
            "discard": "path_imgidx=idx, last_batch_handle='discard', data_name='x', label_name='y'",
            "random": "rand_mirror=True, rand_crop=.5, rand_pad=.5, mean=True",
        }.items()
    },
    **{
        f"ImageDetIter shapes {text}": (
            _FILES,
            f"""
            a = mx.image.ImageDetIter(2, (3, 4, 4), imglist=files([[2, 5, 0, .1, .1, .5, .5]]), path_root=folder)
            b = mx.image.ImageDetIter(2, (3, 4, 4), imglist=files([[2, 5] + [0, .1, .1, .5, .5] * 3]), path_root=folder)
            {text}
            answer = [a.label_shape, a.provide_label, a.provide_data, b.label_shape]
        """,
        )
        for text in ("a.sync_label_shape(b)", "b.sync_label_shape(a, verbose=True)", "a.reshape((3, 8, 9), (4, 5))",
                     "b.reshape(label_shape=(2, 5))", "a.reshape(label_shape=(4, 6))", "a.reshape(label_shape=(4,))",
                     "a.reshape((1, 4, 4))", "a.sync_label_shape(3)")
    },
    **{
        f"boxes in a label {text}": (
            _FILES,
            f"""
            a = mx.image.ImageDetIter(2, (3, 4, 4), imglist=files([[2, 5, 0, .1, .1, .5, .5]]), path_root=folder)
            answer = a._parse_label(np.array({text}, 'float32'))
        """,
        )
        for text in ("[4, 5, 0, 0, 1, .1, .1, .5, .5]", "[2, 6, 1, .1, .1, .5, .5, 9]", "[2, 5]", "[1, 5, 1, .1, .1, .5, .5]",
                     "[2, 5, 1, .5, .5, .1, .1]", "[2, 5, 1, .1, .1, .5, .5, 3]", "[2, 5, 1, .1, .1, .5, .5, 1, .3, .3, .2, .2]")
    },
    # data sets
    "CIFAR10": (_CIFAR, "answer = told(Small10(folder))"),
    "CIFAR100": (_CIFAR, "answer = [told(Small100(folder)), told(Small100(folder, True)), Small100(folder)._fine_label]"),
    "files of data sets": """
        import tempfile
        answer = []
        for kind in (mx.gluon.data.vision.MNIST, mx.gluon.data.vision.FashionMNIST, mx.gluon.data.vision.CIFAR10,
                mx.gluon.data.vision.CIFAR100):
            class Empty(kind):
                def _get_data(self):
                    pass
            made = Empty(tempfile.mkdtemp(), train=False)
            answer.append({k: v for k, v in vars(made).items() if k != '_root'})
    """,
    "ImageFolderDataset": (
        _FILES,
        """
        import warnings
        for path in ('b/2.png', 'b/10.PNG', 'b/.hid.png', 'b/x.txt', 'b/deep/z.png', 'a/1.jpeg', 'a/1.JPG', 'a/q.bmp', 'c.png'):
            write(path, png(pixels(len(path))))
        os.mkdir(os.path.join(folder, 'empty'))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter('always')
            found = mx.gluon.data.vision.ImageFolderDataset(folder)
            grey = mx.gluon.data.vision.ImageFolderDataset(folder, 0, lambda data, label: (data, label, 'more'))
        answer = [found.synsets, [(path[len(folder):], label) for path, label in found.items], len(found), found[3], grey[0],
            sorted(str(warning.message).replace(folder, '') for warning in caught)]
    """,
    ),
    "ImageFolderDataset missing": "mx.gluon.data.vision.ImageFolderDataset('no such folder')",
    "ImageFolderDataset broken": (
        _FILES,
        """
        write('a/b.png', b'abc')
        mx.gluon.data.vision.ImageFolderDataset(folder)[0]
    """,
    ),
    "ImageRecordDataset": (
        _FILES,
        """
        rec, idx = record([3.0, 7, [1, 2, 3], np.array([4.5], 'float32')])
        found = mx.gluon.data.vision.ImageRecordDataset(rec)
        other = mx.gluon.data.vision.ImageRecordDataset(rec, 0, lambda data, label: (data, label, 'more'))
        answer = [len(found), found[0], found[1], found[2], found[3], other[1]]
    """,
    ),
    "ImageRecordDataset past the end": (_FILES, "mx.gluon.data.vision.ImageRecordDataset(record([1])[0])[1]"),
    # transforms
    **{
        f"transform {text} {argument}": _transformed(text, argument)
        for text, arguments in {
            "Cast()": "x", "Cast('float16')": "y", "ToTensor()": "x y batch", "Normalize(0.5, 0.2)": "z tensors",
            "Normalize((.1, .2, .3), [1, 2, 3])": "z tensors", "Normalize((1, 2), 1)": "z", "Resize(5)": "x y batch",
            "Resize((5, 6), interpolation=0)": "x", "Resize(5, True)": "x batch", "Resize(5.5)": "x", "Resize(0)": "x",
            "CropResize(1, 2, 3, 4)": "x batch", "CropResize(1, 2, 3, 4, (6, 5), 1)": "x batch", "CropResize(18, 0, 3, 4)": "x",
            "CenterCrop(5)": "x batch", "CenterCrop((5, 6), 0)": "x", "CenterCrop((30, 6))": "y", "Rotate(30)": "z tensors x",
            "Rotate(-50.5, True)": "z", "Rotate(30, zoom_out=True)": "z", "Rotate(30, True, True)": "z",
            "RandomBrightness(0)": "x", "RandomContrast(0)": "x", "RandomSaturation(0)": "x",
            "RandomLighting(0)": "x", "RandomApply(transforms.ToTensor(), 0.)": "x", "RandomApply(transforms.ToTensor(), 1.)": "x",
            "Compose([transforms.Resize(4), transforms.ToTensor(), lambda t: t * 2])": "x",
            "Compose([transforms.CenterCrop(4), transforms.ToTensor(), transforms.Normalize((.1, .2, .3), .5)])": "x",
            "Compose([])": "x", "RandomBrightness(.1)": "z", "RandomRotation((5, -5))": "z",
            "RandomRotation((-5, 5), rotate_with_proba=2)": "z", "RandomRotation(5)": "z", "RandomBrightness('a')": "x",
            "RandomRotation((-5, 5), rotate_with_proba=0)": "x",
        }.items()
        for argument in arguments.split()
    },
    **{
        f"random transform {text}": (
            _TRANSFORMS,
            f"""
            random.seed(5)
            np.random.seed(5)
            transform = transforms.{text}
            answer = [transform({argument}) for _ in range(4)]
        """,
        )
        for text, argument in {
            "RandomResizedCrop(6)": "x", "RandomResizedCrop((6, 5), (.5, 1), (.9, 1.1), 2)": "y",
            "RandomRotation((-40, 40), zoom_in=True)": "z", "RandomRotation((-40, 40), rotate_with_proba=0.5)": "tensors",
            "RandomApply(transforms.ToTensor())": "x",
        }.items()
    },
    "transforms in pipelines": (
        _TRANSFORMS,
        """
        t = transforms
        def told(made):
            return [(type(c).__name__, [type(d).__name__ for d in c] if hasattr(c, '__len__') else 0) for c in made]
        f = lambda v: v
        answer = [told(t.Compose(l)) for l in ([t.ToTensor()], [f, t.ToTensor()], [t.CenterCrop(4), t.ToTensor(), t.Normalize()],
            [t.ToTensor(), f, t.Resize(5), t.Cast(), f], [t.Compose([t.ToTensor(), t.Cast()]), t.Cast()])]
    """,
    ),
    "transforms keep what they were given": (
        _TRANSFORMS,
        """
        t = transforms
        answer = [t.RandomBrightness(.3)._args, t.RandomHue(1.5)._args, t.RandomContrast(0)._args, t.CenterCrop(5)._args,
            t.RandomResizedCrop((5, 6))._args, t.Rotate(5)._args, t.RandomRotation((-5, 5))._args, t.Resize(5)._size,
            t.RandomColorJitter(.1, hue=.2)._args, t.RandomLighting(.1)._alpha, t.Cast()._dtype, t.Normalize()._mean,
            t.RandomRotation((-5, 5))._rotate_with_proba, t.Resize(5, True)._keep, t.Resize(5)._interpolation]
    """,
    ),
    "transforms of symbols": (
        _TRANSFORMS,
        """
        net = mx.gluon.nn.HybridSequential(prefix='net_')
        with net.name_scope():
            net.add(transforms.Resize(4), transforms.ToTensor(), transforms.Normalize((.1, .2, .3), .5))
        made = net(mx.sym.var('data'))
        net.hybridize()
        answer = [made.list_arguments(), made.get_internals().list_outputs(), made.eval(data=x)[0], net(x)]
    """,
    ),
    "transforms of two arguments": (_TRANSFORMS, "transforms.ToTensor()(x, x)"),
    "transforms of NumPy": (_TRANSFORMS, "transforms.ToTensor()(x.asnumpy())"),
    "transform_first": (
        _TRANSFORMS,
        """
        data = mx.gluon.data.ArrayDataset(mx.nd.stack(x, x), [1, 2]).transform_first(transforms.ToTensor())
        answer = [data[1][0], data[1][1]]
    """,
    ),
}  # fmt: skip
