"""What kind of file somebody passed, for messages about the wrong one."""

from __future__ import annotations

import os

_HEAD = 1 << 16  # bytes that are looked at

#: How files begin, and what they are called.
_BEGINNINGS = (
    (b"\x12\x01\0\0\0\0\0\0", "a .params file of MXNet"),
    (b"\x93NUMPY", "a NumPy array (.npy)"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"\x1f\x8b", "a gzip file, which has to be unpacked first"),
    (b"7z\xbc\xaf", "a 7z archive, which has to be unpacked first"),
    (b"version https://git-lfs", "a pointer of Git LFS; `git lfs pull` fetches the file itself"),
    (b"<", "an HTML or XML page, perhaps of a download that failed"),
)


def looks_like(path: str | os.PathLike[str]) -> str:
    """Return what a file looks like by its first bytes.

    Examples
    --------
    >>> import os, tempfile
    >>> from mxnet._runtime.kinds import looks_like
    >>> path = os.path.join(tempfile.mkdtemp(), "net-symbol.json")
    >>> mx.nd.save(path, [mx.nd.ones((2,))])
    >>> looks_like(path)
    'a .params file of MXNet'
    """
    with open(path, "rb") as file:
        head = file.read(_HEAD)
    return _kind(head)


def _kind(head: bytes) -> str:
    for start, name in _BEGINNINGS:
        if head.lstrip().startswith(start) if start == b"<" else head.startswith(start):
            return name
    if head.startswith(b"PK\x03\x04"):
        if b"data.pkl" in head[:512]:
            return "a file of torch.save (.pt, .pth)"
        return "a NumPy archive (.npz)" if b".npy" in head[:512] else "a zip archive"
    if len(head) > 8 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 1 << 32:
        return "a safetensors file"
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return "a Python pickle"
    if head[:1] == b"\x08" and head[2:3] in (b"\x12", b"\x1a", b"\x22", b"\x3a", b"\x42"):  # version, then producer
        return "an ONNX file"
    if head[257:262] == b"ustar":
        return "a tar archive, which has to be unpacked first"
    return _kind_of_text(head)


def _kind_of_text(head: bytes) -> str:
    if not head.strip():
        return "an empty file"
    try:
        text = head.decode("utf-8", errors="strict" if len(head) < _HEAD else "ignore").lstrip("\ufeff \t\r\n")
    except UnicodeDecodeError:
        return "binary data of an unknown kind"
    if "\0" in text:
        return "binary data of an unknown kind"
    if text[:1] in ("{", "["):
        return "a symbol file of MXNet" if '"nodes"' in text and '"op"' in text else "JSON that is no symbol"
    return "text that is no JSON"
