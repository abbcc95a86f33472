"""Counting tokens, vocabularies, token embeddings from files, and samplers of text."""

_COUNTS = """
from collections import Counter
from mxnet.contrib import text
V = text.vocab.Vocabulary
counts = Counter(["a", "b", "b", "c", "c", "c", "some_word$", "d", "D"])
def show(v):
    return v.idx_to_token, sorted(v.token_to_idx.items()), v.unknown_token, v.reserved_tokens, len(v)
"""
_FILES = (
    _COUNTS
    + """
import logging, os, tempfile, warnings
E = text.embedding
folder = tempfile.mkdtemp()
def load(content, **kwargs):
    path = os.path.join(folder, "vectors%d.txt" % len(os.listdir(folder)))
    with open(path, "w", encoding="utf8") as file:
        file.write(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return E.CustomEmbedding(path, **kwargs)
def vectors(e):
    return e.idx_to_token, e.vec_len, e.idx_to_vec
ABC = "a 0.1 0.2 0.3\\nb 1 2 3\\nc 4 5 6\\n"
"""
)
_TEXT = """
count = mx.contrib.text.utils.count_tokens_from_str
s = " Life is great ! \\n life is good . \\n"
"""
_WIKI = """
import os, tempfile
from mxnet.gluon.contrib.data import text as T
from mxnet.gluon.contrib.data.text import WikiText2, WikiText103
class Known:
    def __enter__(self):
        self.check, T.check_sha1 = T.check_sha1, lambda *args: True
    def __exit__(self, *args):
        T.check_sha1 = self.check
folder = tempfile.mkdtemp()
for name in ("train", "valid", "test"):
    with open(os.path.join(folder, "wiki.%s.tokens" % name), "w", newline="", encoding="utf8") as file:
        file.write(" \\n = Robert <unk> = \\n \\n Robert <unk> is an English film .\\r\\n")
        file.write(" He is good . \\nthe %s end\\n" % name)
def show(d):
    rows = [tuple(part.asnumpy().tolist() for part in d[i]) for i in range(len(d))]
    return len(d), rows, d.vocabulary.idx_to_token, sorted(d.frequencies.items()), d[0][0].dtype, d[0][1].dtype
"""

PROGRAMS = {
    # counting
    "count tokens": (_TEXT, "answer = dict(count(s)), type(count(s)).__name__"),
    "count small letters": (_TEXT, "answer = dict(count(s, ' ', '\\n', True))"),
    "count with other delimiters": (_TEXT, "answer = dict(count('axxbyycxxa', 'xx', 'yy'))"),
    "count with a regular expression": (_TEXT, "answer = dict(count('a1b22c a', '[0-9]+'))"),
    "count into a counter": (
        _TEXT,
        """
        from collections import Counter
        counter = Counter({"life": 2})
        found = count(s, to_lower=True, counter_to_update=counter)
        answer = found is counter, dict(counter)
    """,
    ),
    "count into a dict": (_TEXT, "count(s, counter_to_update={'a': 1})"),
    "count nothing": (_TEXT, "answer = dict(count('')), dict(count('\\n \\n'))"),
    "count tabs are letters": (_TEXT, "answer = dict(count('a\\tb  c'))"),
    # vocabularies
    "vocabulary of nothing": (_COUNTS, "answer = show(V())"),
    "vocabulary": (_COUNTS, "answer = show(V(counts))"),
    "vocabulary most frequent": (_COUNTS, "answer = [V(counts, n).idx_to_token for n in (0, 1, 2, 100, -1, None)]"),
    "vocabulary least frequency": (_COUNTS, "answer = [V(counts, min_freq=n).idx_to_token for n in (1, 2, 2.5, 9)]"),
    "vocabulary least frequency of 0": (_COUNTS, "V(counts, min_freq=0)"),
    "vocabulary reserved": (_COUNTS, "answer = show(V(counts, reserved_tokens=['b', '<pad>']))"),
    "vocabulary reserved and limited": (
        _COUNTS,
        """
        answer = [V(counts, most_freq_count=2, reserved_tokens=r).idx_to_token for r in (['c'], ['zz'], [], ('p',))]
    """,
    ),
    "vocabulary reserved twice": (_COUNTS, "V(counts, reserved_tokens=['x', 'x'])"),
    "vocabulary reserved unknown": (_COUNTS, "V(counts, reserved_tokens=['<unk>'])"),
    "vocabulary unknown token": (
        _COUNTS,
        "answer = [show(V(counts, 3, unknown_token=u)) for u in ('UNK', '', 'a', 'c')]",
    ),
    "vocabulary unknown token none": (_COUNTS, "answer = V(counts, unknown_token=None).idx_to_token"),
    "vocabulary of numbers": (_COUNTS, "answer = V(Counter([1, 2, 2])).idx_to_token"),
    "vocabulary of tuples": (_COUNTS, "answer = V(Counter([('a',), ('b',)])).idx_to_token"),
    "vocabulary of a dict": (_COUNTS, "V({'a': 1})"),
    "vocabulary of a list": (_COUNTS, "V(['a'])"),
    "to indices": (
        _COUNTS,
        """
        v = V(counts, reserved_tokens=['<pad>'])
        answer = [v.to_indices(t) for t in ('c', ['c'], ['c', 'zz'], [], '', None, 3, ('c', 'b'), ['<unk>', '<pad>'])]
    """,
    ),
    "to tokens": (_COUNTS, "v = V(counts); answer = [v.to_tokens(i) for i in (0, [0], [1, 2], [], -1, [6], True)]"),
    "to tokens beyond": (_COUNTS, "V(counts).to_tokens(100)"),
    "to tokens beyond in a list": (_COUNTS, "V(counts).to_tokens([0, 100])"),
    "to tokens of a float": (_COUNTS, "V(counts).to_tokens(1.0)"),
    "reserved tokens are copied": (
        _COUNTS,
        "r = ['p']; v = V(counts, reserved_tokens=r); r.append('q'); answer = v.reserved_tokens, sorted(vars(v))",
    ),
    "vocabulary is read only": (_COUNTS, "V(counts).idx_to_token = []"),
    # embeddings
    "embedding of a file": (
        _FILES,
        "e = load(ABC); answer = vectors(e), sorted(vars(e)), len(e), e.unknown_token, e.reserved_tokens",
    ),
    "embedding unknown first": (_FILES, "answer = vectors(load('<unk> 9 9\\na 1 2\\n', init_unknown_vec=mx.nd.ones))"),
    "embedding unknown later": (_FILES, "answer = vectors(load('a 1 2\\n<unk> 9 9\\n'))"),
    "embedding unknown by function": (_FILES, "answer = vectors(load(ABC, init_unknown_vec=mx.nd.ones))"),
    "embedding duplicate": (_FILES, "answer = vectors(load('a 1 2\\na 3 4\\nb 5 6\\n'))"),
    "embedding header": (_FILES, "answer = vectors(load('2 2\\na 1 2\\nb 3 4\\n'))"),
    "embedding single numbers are headers": (_FILES, "answer = vectors(load('a 1 2\\nb 3\\n'))"),
    "embedding lengths differ": (_FILES, "load('a 1 2\\nb 3 4 5\\n')"),
    "embedding blank line": (_FILES, "load('a 1 2\\n\\nb 3 4\\n')"),
    "embedding trailing space": (_FILES, "answer = vectors(load('a 1 2 \\nb 3 4\\n'))"),
    "embedding no number": (_FILES, "load('a x y\\n')"),
    "embedding delimiters": (
        _FILES,
        "answer = vectors(load('a,1,2\\n', elem_delim=',')), vectors(load('a\\t1\\t2\\n', elem_delim='\\t'))",
    ),
    "embedding letters": (_FILES, "answer = vectors(load('\\u00e4 1 2\\n\\u00df 3e-3 -4.5\\n'))"),
    "embedding vocabulary": (
        _FILES,
        """
        v = V(Counter(['b', 'q']))
        e = load(ABC, vocabulary=v)
        answer = vectors(e), e.token_to_idx is v.token_to_idx
        """,
    ),
    "embedding vocabulary with other unknown": (
        _FILES,
        """
        v = V(Counter(['b', 'q']), unknown_token='UU', reserved_tokens=['pp'])
        e = load('<unk> 5 5\\nb 3 4\\n', vocabulary=v)
        answer = vectors(e), e.unknown_token, e.reserved_tokens
    """,
    ),
    "embedding vocabulary of something else": (_FILES, "load(ABC, vocabulary=3)"),
    "embedding with own unknown token": (
        _FILES,
        "answer = vectors(load('<UNK> 1 2\\nb 3 4\\n', unknown_token='<UNK>'))",
    ),
    "embedding missing file": (_FILES, "E.CustomEmbedding(os.path.join(folder, 'none'))"),
    "embedding of a folder": (_FILES, "E.CustomEmbedding(folder)"),
    "vectors by tokens": (
        _FILES,
        """
        e = load(ABC)
        answer = [e.get_vecs_by_tokens(t) for t in ('a', ['a', 'zz'], ['A', 'b'], 3)]
        answer += [e.get_vecs_by_tokens(t, True) for t in ('A', ['A', 'b', 'C', 'ZZ'])]
    """,
    ),
    "update vectors": (
        _FILES,
        """
        answer = []
        both = [[7, 8, 9], [1, 1, 1]]
        for tokens, new in (("a", [7, 8, 9]), (["a"], [7, 8, 9]), ("a", [[7, 8, 9]]), (["a", "b"], both),
                            ("<unk>", [7, 8, 9]), (["a", "a"], both)):
            e = load(ABC)
            e.update_token_vectors(tokens, mx.nd.array(new))
            answer.append(e.idx_to_vec)
    """,
    ),
    "update an unknown token": (_FILES, "load(ABC).update_token_vectors('zz', mx.nd.ones((3,)))"),
    "update with a wrong length": (_FILES, "load(ABC).update_token_vectors('a', mx.nd.ones((2,)))"),
    "update with too few rows": (_FILES, "load(ABC).update_token_vectors(['a', 'b'], mx.nd.ones((1, 3)))"),
    "update two with one vector": (_FILES, "load(ABC).update_token_vectors(['a', 'b'], mx.nd.ones((3,)))"),
    "update with a list": (_FILES, "load(ABC).update_token_vectors('a', [1, 2, 3])"),
    "composite": (
        _FILES,
        """
        one, other = load(ABC), load('a 10 20\\nq 30 40\\n', init_unknown_vec=mx.nd.ones)
        v = V(Counter(['a', 'q', 'q']), reserved_tokens=['p'])
        answer = [vectors(E.CompositeEmbedding(v, e)) for e in ([one, other], [other, one], one)]
    """,
    ),
    "composite of something else": (_FILES, "E.CompositeEmbedding(V(counts), [3])"),
    "composite with no vocabulary": (_FILES, "E.CompositeEmbedding(3, load(ABC))"),
    "file names": (
        _FILES,
        """
        names = E.get_pretrained_file_names()
        answer = names['glove'], sorted(names['fasttext']), E.get_pretrained_file_names('glove')
    """,
    ),
    "file names of an unknown class": (_FILES, "E.get_pretrained_file_names('foo')"),
    "checksums": (
        _FILES,
        """
        import hashlib
        tables = [getattr(k, n) for k in (E.GloVe, E.FastText)
                  for n in ("pretrained_file_name_sha1", "pretrained_archive_name_sha1")]
        answer = [(len(t), hashlib.sha1(repr(sorted(t.items())).encode()).hexdigest()) for t in tables]
    """,
    ),
    "addresses": (
        _FILES,
        """
        glove = ["glove.6B.50d.txt", "glove.42B.300d.txt", "glove.twitter.27B.25d.txt", "glove.840B.300d.txt"]
        answer = [E.GloVe._get_pretrained_file_url(name) for name in glove]
        answer += [E.FastText._get_pretrained_file_url(name) for name in ("wiki.simple.vec", "crawl-300d-2M.vec")]
    """,
    ),
    "unknown pretrained file": (_FILES, "E.create('glove', pretrained_file_name='nope')"),
    "unknown class": (_FILES, "E.create('foo')"),
    "own class": (
        _FILES,
        """
        @E.register
        class Own(E._TokenEmbedding):
            pretrained_file_name_sha1 = {"own.vec": "1"}
            def __init__(self, pretrained_file_name="own.vec", vocabulary=None, **kwargs):
                Own._check_pretrained_file_names(pretrained_file_name)
                super().__init__(**kwargs)
                path = os.path.join(folder, "own.vec")
                with open(path, "w") as file:
                    file.write(ABC)
                self._load_embedding(path, " ", mx.nd.zeros)
                if vocabulary is not None:
                    self._build_embedding_for_vocabulary(vocabulary)
        answer = [vectors(E.create("own")), vectors(Own(vocabulary=V(Counter(["c", "r"]))))]
        answer.append(E.get_pretrained_file_names("own"))
    """,
    ),
    "unpacked and found": (
        _FILES,
        """
        import hashlib, zipfile
        content = b"2 3\\na 1 2 3\\nb 4 5 6\\n"
        class Fast(E.FastText):
            pretrained_file_name_sha1 = {"x.vec": hashlib.sha1(content).hexdigest()}
        os.makedirs(os.path.join(folder, "fast"))
        archive = os.path.join(folder, "fast", "x.zip")
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr("x.vec", content)
        with open(archive, "rb") as file:
            Fast.pretrained_archive_name_sha1 = {"x.zip": hashlib.sha1(file.read()).hexdigest()}
        first = os.path.relpath(Fast._get_pretrained_file(folder, "x.vec"), folder)
        os.remove(archive)
        second = os.path.relpath(Fast._get_pretrained_file(folder, "x.vec"), folder)
        answer = first, second, sorted(os.listdir(os.path.join(folder, "fast")))
    """,
    ),
    # samplers and data sets
    "intervals": """
        S = mx.gluon.contrib.data.IntervalSampler
        answer = [list(S(*a)) for a in ((13, 3), (13, 3, False), (5, 1), (5, 1, False), (3, 3), (6, 2, False), (6, 4))]
        answer += [len(S(13, 3)), sorted(vars(S(3, 2)))]
    """,
    "interval too long": "mx.gluon.contrib.data.IntervalSampler(3, 5)",
    "wikitext segments": (
        _WIKI,
        """
        with Known():
            answer = [show(WikiText2(folder, s, seq_len=n)) for s, n in (("train", 4), ("validation", 3), ("test", 1))]
    """,
    ),
    "wikitext 103": (
        _WIKI,
        """
        with Known():
            d = WikiText103(root=folder, seq_len=5)
        answer = show(d), d._archive_file, d._data_file, d._namespace, d._segment, d._seq_len
    """,
    ),
    "wikitext vocabulary": (
        _WIKI,
        """
        with Known():
            one = WikiText2(folder, seq_len=4)
            other = WikiText2(root=folder, segment="test", vocab=one.vocabulary, seq_len=4)
        answer = show(other), other.vocabulary is one.vocabulary
    """,
    ),
    "wikitext items": (
        _WIKI,
        """
        with Known():
            d = WikiText2(folder, seq_len=4)
        answer = d[-1], d[1:3], type(d._data).__name__, d._data, d._label, d._archive_file, d._data_file
    """,
    ),
    "wikitext beyond": (
        _WIKI,
        """
        with Known():
            d = WikiText2(folder, seq_len=4)
        d[100]
    """,
    ),
    "wikitext wrong segment": (
        _WIKI,
        """
        with Known():
            WikiText2(folder, "val")
    """,
    ),
    "wikitext strange whitespace": (
        _WIKI,
        """
        with open(os.path.join(folder, "wiki.train.tokens"), "w", newline="", encoding="utf8") as file:
            file.write("a b\\x0bc\\n d\\u2028e\\x85f\\r\\ng\\x1ch i\\rj\\n\\n")
        with Known():
            d = WikiText2(folder, seq_len=1)
        answer = show(d)
    """,
    ),
}
