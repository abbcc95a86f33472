"""Datasets, samplers, loaders and record files."""

_DATA = """
from mxnet.gluon import data as gd
from mxnet.gluon.data import dataloader, dataset
five = gd.SimpleDataset([1, 2, 3, 4, 5])
pairs = gd.ArrayDataset(np.arange(6).reshape(3, 2), [7, 8, 9])
"""
_LOADER = (
    _DATA
    + """
def plain(batch):
    if isinstance(batch, (list, tuple)):
        return [plain(item) for item in batch]
    return batch.asnumpy()
def epochs(loader, count=1):
    return [[plain(batch) for batch in loader] for _ in range(count)]
"""
)
_BATCHIFY = _LOADER + "default, shared = dataloader.default_batchify_fn, dataloader.default_mp_batchify_fn\n"
_RECORDS = """
import os, pickle, struct, tempfile
from mxnet import recordio
path = os.path.join(tempfile.mkdtemp(), 'a.rec')
index = path[:-4] + '.idx'
magic = struct.pack('<I', 0xced7230a)
def written(*records):
    writer = recordio.MXRecordIO(path, 'w')
    for record in records:
        writer.write(record)
    writer.close()
    with open(path, 'rb') as file:
        return file.read().hex()
def text(path):
    with open(path) as file:
        return file.read()
def read(path=path):
    reader = recordio.MXRecordIO(path, 'r')
    return [record.hex() for record in iter(reader.read, None)]
def holding(content):
    with open(path, 'wb') as file:
        file.write(content)
    return recordio.MXRecordIO(path, 'r')
def indexed(**records):
    writer = recordio.MXIndexedRecordIO(index, path, 'w')
    for key, record in enumerate((b'hello', b'world!!!!', b'')):
        writer.write_idx(key, record)
    writer.close()
    return recordio.MXIndexedRecordIO(index, path, 'r')
def index_of(text):
    indexed()
    with open(index, 'w') as file:
        file.write(text)
    reader = recordio.MXIndexedRecordIO(index, path, 'r')
    return [reader.keys, reader.idx, [reader.read_idx(key) for key in reader.keys]]
"""
_HEADERS = _RECORDS + "H = recordio.IRHeader\n"
_HELLO = "0a23d7ce0b00000068656c6c6f20776f726c6400"


def _refused(source):
    return (_DATA, source)


PROGRAMS = {
    # datasets
    "simple": (_DATA, "answer = [five[1], five[-1], five[1:3], len(five), list(five), five._data]"),
    "simple out of range": (_DATA, "five[9]"),
    "base class item": (_DATA, "gd.Dataset()[0]"),
    "base class length": (_DATA, "len(gd.Dataset())"),
    "arrays": (_DATA, "answer = [pairs[0], pairs[-1], pairs[0:2], len(pairs), pairs._length, pairs._data]"),
    "arrays out of range": (_DATA, "pairs[9]"),
    "one array gives no tuples": (_DATA, "answer = [gd.ArrayDataset([4, 5])[1], gd.ArrayDataset((4, 5))[0]]"),
    "an array of one axis becomes numpy": (
        _DATA,
        """
        d = gd.ArrayDataset(mx.nd.ones((3, 2)), mx.nd.array([1, 2, 3]))
        answer = [[type(x).__name__ for x in d._data], d[1]]
    """,
    ),
    "datasets as arrays": (_DATA, "answer = gd.ArrayDataset(gd.ArrayDataset([1, 2], [3, 4]), [5, 6])[1]"),
    "transform": (_DATA, "answer = [list(five.transform(lambda x: -x, lazy)) for lazy in (True, False)]"),
    "transform is lazy": (
        _DATA,
        """
        calls = []
        def f(x):
            calls.append(x)
            return x
        a = five.transform(f)
        before = list(calls)
        a[0], a[0]
        lazy, calls[:] = list(calls), []
        b = five.transform(f, lazy=False)
        b[0], b[0]
        answer = [before, lazy, calls, type(a), type(b), type(a._data), len(a)]
    """,
    ),
    "transform of tuples": (_DATA, "answer = list(pairs.transform(lambda x, y: (y, x)))"),
    "transform of lists": (_DATA, "answer = list(gd.SimpleDataset([[1, 2], [3, 4]]).transform(lambda x: x))"),
    "transform of tuples with too few parameters": (_DATA, "pairs.transform(lambda x: x)[0]"),
    "transform first": (_DATA, "answer = [list(d.transform_first(lambda x: x * 10)) for d in (pairs, five)]"),
    "transform first eager": (_DATA, "answer = list(pairs.transform_first(lambda x: x * 10, lazy=False))"),
    "transform first closure": (
        _DATA,
        """
        d = pairs.transform_first(abs)
        answer = [type(d), type(d._fn), d._fn._fn is abs, d._fn(-1), d._fn(-1, 5)]
    """,
    ),
    "filter": (
        _DATA,
        """
        d = five.filter(lambda x: x % 2)
        answer = [list(d), len(d), type(d), type(d._sampler), d._indices, d[1], d[-1]]
    """,
    ),
    "filter of tuples": (_DATA, "answer = list(pairs.filter(lambda sample: sample[1] > 7))"),
    "filter of tuples with two parameters": (_DATA, "pairs.filter(lambda x, y: y > 7)"),
    "filter and transform": (_DATA, "answer = list(five.transform(lambda x: x * x).filter(lambda x: x > 5).take(2))"),
    "shard": (_DATA, "answer = [[list(five.shard(n, i)) for i in range(n)] for n in range(1, 8)]"),
    "take": (_DATA, "answer = [(list(five.take(n)), len(five.take(n))) for n in (0, 2, 5, 9, None)]"),
    "take of a negative number": (_DATA, "len(five.take(-1))"),
    "sample": (
        _DATA,
        """
        d = five.sample(gd.SequentialSampler(2, start=2))
        answer = [list(d), len(d), type(d), d._indices, d._dataset is five]
    """,
    ),
    "sample at random": (
        _DATA,
        """
        np.random.seed(0)
        d = five.sample(gd.RandomSampler(5))
        answer = [list(d), list(d), d[1]]
    """,
    ),
    "sample by a list": (_DATA, "five.sample([0, 1])"),
    "downloaded": (
        _DATA,
        """
        import os, tempfile
        class D(dataset._DownloadedDataset):
            def _get_data(self):
                assert os.path.isdir(self._root)
                self._data, self._label = mx.nd.arange(6).reshape((3, 2)), np.array([1, 2, 3])
        root = os.path.join(tempfile.mkdtemp(), 'new', 'folder')
        answer = [D(root, None)[1], D(root, lambda x, y: (y, x))[2], len(D(root, None))]
    """,
    ),
    # samplers
    "sequential": (
        _DATA,
        "answer = [list(gd.SequentialSampler(3)), list(gd.SequentialSampler(3, 2)), len(gd.SequentialSampler(3, 2))]",
    ),
    "random": (
        _DATA,
        """
        np.random.seed(3)
        s = gd.RandomSampler(7)
        answer = [[int(i) for i in s] for _ in range(2)] + [len(s), type(next(iter(s)))]
    """,
    ),
    "filtered": (_DATA, "s = gd.FilterSampler(lambda x: x % 2, five); answer = [list(s), list(s), len(s)]"),
    "base sampler": (_DATA, "iter(gd.Sampler())"),
    "base sampler length": (_DATA, "len(gd.Sampler())"),
    "batches": (
        _DATA,
        """
        answer = []
        for last in ('keep', 'discard', 'rollover'):
            for length in (0, 1, 2, 3, 7):
                s = gd.BatchSampler(gd.SequentialSampler(length), 3, last)
                answer.append([(len(s), list(s), len(s)) for _ in range(4)])
    """,
    ),
    "batches keep by default": (_DATA, "answer = list(gd.BatchSampler([5, 6, 7], 2))"),
    "rollover and an unfinished iteration": (
        _DATA,
        """
        s = gd.BatchSampler(gd.SequentialSampler(10), 3, 'rollover')
        list(s)
        i = iter(s)
        answer = [next(i), list(s), list(s), len(s)]
    """,
    ),
    "last batch unknown": (_DATA, "list(gd.BatchSampler(gd.SequentialSampler(3), 2, 'wrong'))"),
    # batchify
    "batch of arrays": (_BATCHIFY, "answer = [f([mx.nd.ones((2,)), mx.nd.zeros((2,))]) for f in (default, shared)]"),
    "batch of integer arrays": (
        _BATCHIFY,
        "answer = [f([mx.nd.ones((2,), dtype='int32')] * 3) for f in (default, shared)]",
    ),
    "batch of numpy": (
        _BATCHIFY,
        """
        answer = [f([np.ones((2, 2), t)] * 2) for f in (default, shared)
                  for t in ('float16', 'float32', 'float64', 'uint8', 'int8', 'int32', 'int64', 'bool')]
    """,
    ),
    "batch of numbers": (
        _BATCHIFY,
        """
        answer = [f(x) for f in (default, shared)
                  for x in ([1, 2], [1.0, 2.5], [1, 2.5], [True, False], [2**40, 1], [np.float32(3)] * 2,
                            [np.array(3)] * 2)]
    """,
    ),
    "batch of lists": (_BATCHIFY, "answer = [f([[1, 2], [3, 4], [5, 6]]) for f in (default, shared)]"),
    "batch of tuples": (
        _BATCHIFY,
        "answer = [f([(np.ones(2, 'f'), 1), (np.zeros(2, 'f'), 2)]) for f in (default, shared)]",
    ),
    "batch of nested tuples": (_BATCHIFY, "answer = [f([((1, 2.0), 3), ((4, 5.0), 6)]) for f in (default, shared)]"),
    "batch of one": (_BATCHIFY, "answer = [f([(1, 2)]) for f in (default, shared)]"),
    "batch of nothing": (_BATCHIFY, "default([])"),
    "batch of different arrays": (_BATCHIFY, "default([mx.nd.ones((2,)), mx.nd.ones((3,))]).asnumpy()"),
    "batch's context": (_BATCHIFY, "answer = [str(f([1, 2]).context) for f in (default, shared)]"),
    "as in context": (
        _BATCHIFY,
        """
        moved = dataloader._as_in_context((mx.nd.ones(1), 3, 'x', [mx.nd.ones(1)]), mx.cpu(1))
        answer = [type(moved), str(moved[0].context), moved[1:3], str(moved[3][0].context)]
    """,
    ),
    # loaders
    "loader": (_LOADER, "answer = [epochs(gd.DataLoader(pairs, 2), 2), len(gd.DataLoader(pairs, 2))]"),
    "loader with workers": (_LOADER, "answer = epochs(gd.DataLoader(pairs, 2, num_workers=2), 2)"),
    "loader with threads": (_LOADER, "answer = epochs(gd.DataLoader(pairs, 2, num_workers=2, thread_pool=True), 2)"),
    "loader shuffles as numpy does": (
        _LOADER,
        """
        np.random.seed(5)
        answer = epochs(gd.DataLoader(five, 2, shuffle=True), 3)
    """,
    ),
    "loader with workers shuffles as numpy does": (
        _LOADER,
        """
        np.random.seed(5)
        answer = epochs(gd.DataLoader(five, 2, shuffle=True, num_workers=2), 3)
    """,
    ),
    "loader of the last batch": (
        _LOADER,
        "answer = [epochs(gd.DataLoader(five, 2, last_batch=x), 3) for x in ('keep', 'discard', 'rollover', None)]",
    ),
    "loader with a sampler": (_LOADER, "answer = epochs(gd.DataLoader(five, 2, sampler=[3, 1, 4]))"),
    "loader with a batch sampler": (
        _LOADER,
        "l = gd.DataLoader(five, batch_sampler=[[0, 1], [4]]); answer = [epochs(l), len(l)]",
    ),
    "loader of a list": (_LOADER, "answer = epochs(gd.DataLoader([1, 2, 3], 2))"),
    "loader of an array": (_LOADER, "answer = epochs(gd.DataLoader(mx.nd.arange(6).reshape((3, 2)), 2))"),
    "loader of nothing": (_LOADER, "l = gd.DataLoader([], 2); answer = [epochs(l), len(l)]"),
    "loader's batchify_fn": (_LOADER, "answer = list(gd.DataLoader(five, 2, batchify_fn=sum))"),
    "loader's batchify_fn in workers": (
        _LOADER,
        "answer = [list(gd.DataLoader(five, 2, batchify_fn=sum, num_workers=2, thread_pool=t)) for t in (False, True)]",
    ),
    "loader's iterators": (
        _LOADER,
        """
        l = gd.DataLoader(five, 2, num_workers=2)
        a, b = iter(l), iter(l)
        answer = [plain(x) for x in (next(a), next(b), next(b), next(a), next(a), next(b))] + [list(a), list(b)]
    """,
    ),
    "loader's attributes": (
        _LOADER,
        """
        answer = []
        for workers, prefetch in ((0, None), (2, None), (2, 3), (2, -1), (2, 2.5), (-1, None), (0, 5)):
            l = gd.DataLoader(five, 2, num_workers=workers, prefetch=prefetch, thread_pool=True)
            answer.append((l._num_workers, l._prefetch, l._timeout, l._pin_memory, l._pin_device_id, l._thread_pool,
                           l.auto_reload, type(l._batch_sampler), l._dataset is five, l._iter))
    """,
    ),
    "loader's functions": (
        _LOADER,
        """
        f = lambda samples: samples
        answer = [gd.DataLoader(five, 2)._batchify_fn.__name__,
                  gd.DataLoader(five, 2, num_workers=1)._batchify_fn.__name__,
                  gd.DataLoader(five, 2, batchify_fn=f)._batchify_fn is f]
    """,
    ),
    "loader reloads": (
        _LOADER,
        """
        l = gd.DataLoader(five, 2, num_workers=1, auto_reload=True)
        answer = [type(l._iter), l.auto_reload, epochs(l, 2), type(l._iter), l.clean(), l._iter, epochs(l), l.refresh(),
                  type(l._iter), epochs(l)]
    """,
    ),
    "loader refreshed": (
        _LOADER,
        """
        l = gd.DataLoader(five, 2, num_workers=1)
        answer = [l._iter, l.refresh(), type(l._iter), epochs(l), l._iter, l.clean()]
    """,
    ),
    "loader's prefetched iterator": (
        _LOADER,
        """
        l = gd.DataLoader(five, 2, num_workers=1, prefetch=1)
        i = l._prefetch_iter()
        answer = [len(i), i._sent_idx, i._rcvd_idx, sorted(i._data_buffer), plain(i.next()), plain(next(i)),
                  i._sent_idx, i._rcvd_idx, sorted(i._data_buffer), iter(i) is i]
    """,
    ),
    "loader with pinned memory": (
        _LOADER,
        "answer = [str(b.context) for w in (0, 1) for b in gd.DataLoader(five, 2, pin_memory=True, num_workers=w)]",
    ),
    "loader of before": (
        _LOADER,
        "l = dataloader.DataLoaderV1(five, 2, num_workers=1); answer = [epochs(l), len(l), l._num_workers]",
    ),
    "a pool of one's own": (
        _LOADER,
        """
        import multiprocessing
        class Loader(gd.DataLoader):
            def __init__(self, dataset, batch_size):
                super(Loader, self).__init__(dataset, batch_size)
                self._num_workers = 1
                self._worker_pool = multiprocessing.get_context('fork').Pool(
                    1, initializer=dataloader._worker_initializer, initargs=(dataset, False, False))
            def __iter__(self):
                return dataloader._MultiWorkerIter(
                    self._worker_pool, dataloader.default_mp_batchify_fn, self._batch_sampler, pin_memory=False,
                    worker_fn=dataloader._worker_fn, prefetch=2)
        l = Loader(pairs, 2)
        answer = epochs(l, 2)
    """,
    ),
    "an exception": (
        _LOADER,
        """
        def f(x):
            if x == 4:
                raise KeyError('four', x)
            return x
        answer = []
        for workers, threads in ((0, False), (2, False), (2, True)):
            seen = []
            try:
                for batch in gd.DataLoader(five.transform(f), 2, num_workers=workers, thread_pool=threads):
                    seen.append(batch.asnumpy())
            except KeyError as error:
                answer.append((seen, type(error).__name__, error.args))
    """,
    ),
    "a timeout": (
        _LOADER,
        "import time; list(gd.DataLoader(five.transform(lambda x: time.sleep(2)), 5, num_workers=1, timeout=0.3))",
    ),
    "no batch size": _refused("gd.DataLoader(five)"),
    "shuffle and sampler": _refused("gd.DataLoader(five, 2, shuffle=True, sampler=gd.SequentialSampler(3))"),
    "batch size and batch sampler": _refused("gd.DataLoader(five, 2, batch_sampler=[[0]])"),
    "shuffle and batch sampler": _refused("gd.DataLoader(five, shuffle=True, batch_sampler=[[0]])"),
    "sampler and batch sampler": _refused("gd.DataLoader(five, sampler=[0], batch_sampler=[[0]])"),
    "last batch and batch sampler": _refused("gd.DataLoader(five, last_batch='keep', batch_sampler=[[0]])"),
    "a dataset without length": _refused("gd.DataLoader(iter([1]), 2)"),
    "no timeout": _refused("gd.DataLoader(five, 2, timeout=None)"),
    "workers that are no number": _refused("gd.DataLoader(five, 2, num_workers='2')"),
    "workers that are None": _refused("gd.DataLoader(five, 2, num_workers=None)"),
    "prefetch that is no number": _refused("gd.DataLoader(five, 2, prefetch='x')"),
    # record files
    "bytes of records": (
        _RECORDS,
        """
        cases = [b'', b'a', b'abcd', b'abcde', magic, magic * 2, b'abcd' + magic + b'xy', b'ab' + magic + b'cd',
                 magic + b'a', b'abcd' + magic, magic * 3 + b'1', b'abc' + magic + b'd' + magic,
                 magic[:2] + magic + magic]
        answer = [(written(case), read() == [case.hex()]) for case in cases] + [written(*cases), read()]
    """,
    ),
    "the end of a record file": (
        _RECORDS,
        "written(b'a'); r = recordio.MXRecordIO(path, 'r'); answer = [r.read() for _ in range(3)]",
    ),
    "record file's attributes": (
        _RECORDS,
        """
        w = recordio.MXRecordIO(path, 'w')
        answer = [w.flag, w.is_open, w.writable, w.write(b'a'), w.close(), w.is_open, w.pid, w.close()]
        r = recordio.MXRecordIO(path, 'r')
        answer += [r.flag, r.is_open, r.writable, r.reset(), r.read(), r.reset(), r.read()]
    """,
    ),
    "reset empties what is written": (
        _RECORDS,
        "w = recordio.MXRecordIO(path, 'w'); w.write(b'a'); w.reset(); w.write(b'b'); w.close(); answer = read()",
    ),
    "reset of a closed record file": (
        _RECORDS,
        "written(b'a'); r = recordio.MXRecordIO(path, 'r'); r.close(); r.reset(); answer = r.read()",
    ),
    "reading a closed record file": (
        _RECORDS,
        "written(b'a'); r = recordio.MXRecordIO(path, 'r'); r.close(); r.read()",
    ),
    "writing to a closed record file": (_RECORDS, "w = recordio.MXRecordIO(path, 'w'); w.close(); w.write(b'a')"),
    "writing text": (_RECORDS, "recordio.MXRecordIO(path, 'w').write('abc')"),
    "writing None": (_RECORDS, "recordio.MXRecordIO(path, 'w').write(None)"),
    "flags": (_RECORDS, "recordio.MXRecordIO(path, 'rb')"),
    "no such record file": (_RECORDS, "recordio.MXRecordIO(path, 'r')"),
    "no such folder": (_RECORDS, "recordio.MXRecordIO(os.path.join(path, 'x'), 'w')"),
    "a pickled reader begins anew": (
        _RECORDS,
        """
        written(b'a', b'b')
        r = recordio.MXRecordIO(path, 'r')
        r.read()
        answer = [pickle.loads(pickle.dumps(r)).read(), pickle.loads(pickle.dumps(indexed())).read_idx(1)]
    """,
    ),
    "an empty record file": (_RECORDS, "answer = holding(b'').read()"),
    "padding is not looked at": (_RECORDS, "answer = holding(magic + struct.pack('<I', 1) + b'aBCD').read()"),
    **{
        f"a record file cut at {length}": (_RECORDS, f"holding(bytes.fromhex({_HELLO!r})[:{length}]).read()")
        for length in (3, 7, 8, 15, 19)
    },
    "a record without magic number": (_RECORDS, "holding(b'x' * 20).read()"),
    "a record longer than its file": (_RECORDS, "holding(magic + struct.pack('<I', 2**29 - 1) + b'abc').read()"),
    "a record that is too long": (_RECORDS, "recordio.MXRecordIO(path, 'w').write(bytes(2**29))"),
    # indexed record files
    "indexed": (
        _RECORDS,
        """
        r = indexed()
        answer = [r.keys, r.idx, [r.read_idx(k) for k in (2, 0, 1)], r.seek(1), r.read(), r.read(), r.read(), r.reset(),
                  r.read(), r.keys, r.key_type, r.writable, text(index)]
    """,
    ),
    "writing an index": (
        _RECORDS,
        """
        w = recordio.MXIndexedRecordIO(index, path, 'w')
        answer = [w.tell(), w.write_idx(0, b'hello'), w.tell(), w.write_idx('7', b'abc'), w.write_idx(7, b'again'),
                  w.write(b'plain'), w.tell(), w.idx, w.keys, w.close(), text(index)]
    """,
    ),
    "a key that is none": (_RECORDS, "recordio.MXIndexedRecordIO(index, path, 'w').write_idx('x', b'again')"),
    "no such key": (_RECORDS, "indexed().read_idx(8)"),
    "a key of another type": (_RECORDS, "indexed().read_idx('1')"),
    "types of keys": (
        _RECORDS,
        """
        answer = []
        for kind in (str, float):
            w = recordio.MXIndexedRecordIO(index, path, 'w', kind)
            w.write_idx('2', b'a')
            w.write_idx(3, b'b')
            w.close()
            r = recordio.MXIndexedRecordIO(index, path, 'r', kind)
            answer += [text(index), r.keys, r.idx, r.read_idx(kind('3'))]
    """,
    ),
    "no index": (_RECORDS, "indexed(); os.remove(index); recordio.MXIndexedRecordIO(index, path, 'r')"),
    "no records": (_RECORDS, "indexed(); os.remove(path); recordio.MXIndexedRecordIO(index, path, 'r')"),
    "index None": (_RECORDS, "indexed(); recordio.MXIndexedRecordIO(None, path, 'r')"),
    "index with more": (_RECORDS, "answer = index_of('0\\t0\\t7\\n')"),
    "index without last newline": (_RECORDS, "answer = index_of('1\\t16\\n0\\t0')"),
    "index of Windows": (_RECORDS, "answer = index_of('0\\t0\\r\\n1\\t16\\r\\n')"),
    "index with a key twice": (_RECORDS, "answer = index_of('0\\t0\\n0\\t16\\n')"),
    "empty index": (_RECORDS, "answer = index_of('')"),
    "index of floats": (_RECORDS, "index_of('0.5\\t0\\n')"),
    "index with spaces": (_RECORDS, "index_of('0 0\\n')"),
    "index with an empty line": (_RECORDS, "index_of('0\\t0\\n\\n')"),
    "index of text": (_RECORDS, "index_of('a\\t0\\n')"),
    "index with a negative offset": (_RECORDS, "index_of('0\\t-4\\n')"),
    "index into the middle": (_RECORDS, "index_of('0\\t4\\n')"),
    "indexed records with magic numbers": (
        _RECORDS,
        """
        w = recordio.MXIndexedRecordIO(index, path, 'w')
        for i in range(3):
            w.write_idx(i, b'abcd' + magic * 2 + b'zz%d' % i)
        w.close()
        r = recordio.MXIndexedRecordIO(index, path, 'r')
        answer = [[r.read_idx(i).hex() for i in (2, 0, 1)], r.idx]
    """,
    ),
    # headers
    "headers": (
        _HEADERS,
        """
        labels = [4, 4.5, True, np.float32(3), np.int64(3), [1, 2, 3], (1, 2), [], None, np.array(3.0),
                  np.array([1, 2], 'float64'), np.array([[1, 2], [3, 4]], 'float32')]
        answer = []
        for label in labels:
            record = recordio.pack(H(5, label, 7, 2**40), b'BODY')
            header, body = recordio.unpack(record)
            answer.append([record.hex(), header.flag, header.label, header.id, header.id2, body])
        answer.append([recordio.pack((0, 1, 2, 3), b'').hex(), type(recordio.pack(H(0, 1, 2, 3), bytearray(b'abc')))])
    """,
    ),
    "header's class": (
        _HEADERS,
        "answer = [repr(H(1, 2, 3, 4)), H._fields, recordio._IR_SIZE, H(1, 2, 3, 4)._replace(id=9).id]",
    ),
    "labels of a record": (
        _HEADERS,
        """
        header, _ = recordio.unpack(recordio.pack(H(0, [1, 2], 2, 3), b'xx'))
        answer = [header.label, header.label.flags.writeable, header.label.flags.owndata]
    """,
    ),
    "a label of text": (_HEADERS, "recordio.pack(H(0, 'a', 7, 0), b'')"),
    "a body of text": (_HEADERS, "recordio.pack(H(0, 1, 7, 0), 'abc')"),
    "too few labels": (_HEADERS, "recordio.unpack(recordio.pack(H(0, [1, 2], 2, 3), b'')[:-3])"),
    "far too few labels": (_HEADERS, "recordio.unpack(struct.pack('<IfQQ', 2**31, 0, 0, 0) + b'abcdefgh')"),
    # datasets of record files
    "record dataset": (
        _DATA,
        _RECORDS,
        """
        indexed()
        d = gd.RecordFileDataset(path)
        answer = [d[0], d[-1], d[1], len(d), list(d), d.idx_file == index, d.filename == path,
                  pickle.loads(pickle.dumps(d))[1],
                  [s for b in gd.DataLoader(d, 2, num_workers=2, batchify_fn=list) for s in b]]
    """,
    ),
    "record dataset in the order of its index": (
        _DATA,
        _RECORDS,
        """
        indexed()
        lines = text(index).splitlines(True)
        with open(index, 'w') as file:
            file.write(''.join(reversed(lines)))
        answer = list(gd.RecordFileDataset(path))
    """,
    ),
    "record dataset out of range": (_DATA, _RECORDS, "indexed(); gd.RecordFileDataset(path)[9]"),
    "record dataset without index": (_DATA, _RECORDS, "indexed(); os.remove(index); gd.RecordFileDataset(path)"),
    "record dataset that is not there": (_DATA, _RECORDS, "gd.RecordFileDataset(path)"),
}
