"""Files from a network or a disk: fetched, checked, and put in their place complete or not at all."""

from __future__ import annotations

import hashlib
import os
import ssl
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPException
from typing import BinaryIO

from .. import base
from .._runtime.files import replacing
from .._warning import warn

_PIECE = 1 << 20  # bytes that are read at once
_PATIENCE = 60  # seconds without a byte until a connection counts as broken


class _DownloadError(base.MXNetError, OSError):
    """A file could not be fetched."""


class _WrongContent(base.MXNetError, UserWarning):
    """A file was fetched, but is not the one that was expected; MXNet raises a warning as an error."""


def check_sha1(filename: str | os.PathLike[str], sha1_hash: str) -> bool:
    """Return whether a file's SHA-1 is the given one.

    Parameters
    ----------
    filename : str
        Name of the file.
    sha1_hash : str
        40 hexadecimal digits, in small letters.
    """
    digest = hashlib.sha1(usedforsecurity=False)
    with open(filename, "rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest() == sha1_hash


def replace_file(src: str, dst: str) -> None:
    """Move a file to another name on the same disk, in one step, over what may be there.

    Parameters
    ----------
    src, dst : str
        The old and the new name.

    Raises
    ------
    OSError
        If that is not possible; `src` is removed then.
    """
    try:
        os.replace(src, dst)
    except OSError as error:
        if os.path.isfile(src):
            os.remove(src)
        raise _DownloadError(
            f"Moving downloaded temp file - {src}, to {dst} failed ({error}). Please retry the download."
        ) from error


def download(
    url: str,
    path: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    sha1_hash: str | None = None,
    retries: int = 5,
    verify_ssl: bool = True,
) -> str:
    """Fetch a file, unless it is there already.

    The file appears complete or not at all, also when several processes fetch it at once.

    Parameters
    ----------
    url : str
        An address that begins with ``https:``, ``http:`` or ``file:``.
    path : str, optional
        Name of the file, or of the folder for it (``~`` is the home folder); the present folder when left out.
    overwrite : bool
        Fetch a file that is there already, too.
    sha1_hash : str, optional
        SHA-1 that the file must have, as 40 hexadecimal digits. A file that is there with another one is fetched anew.
    retries : int
        How often to try; 0 is once, too.
    verify_ssl : bool
        Whether the server has to prove who it is.

    Returns
    -------
    str
        Name of the file.

    Raises
    ------
    RuntimeError
        If the file could not be fetched. When the server cannot be reached, this is an OSError as well.
    UserWarning
        If the file is not what `sha1_hash` says.
    """
    name = _target(url, path)
    if retries < 0:
        raise base.AssertionError(f"Number of retries should be at least 0, currently it's {retries}")
    if not verify_ssl:
        warn(
            "Unverified HTTPS request is being made (verify_ssl=False). Adding certificate verification is strongly "
            "advised."
        )
    if not overwrite and os.path.exists(name) and (not sha1_hash or check_sha1(name, sha1_hash)):
        return name
    folder = os.path.dirname(os.path.abspath(name))
    os.makedirs(folder, exist_ok=True)
    left = max(retries, 1)
    while True:
        print(f"Downloading {name} from {url}...")
        left -= 1
        try:
            with replacing(name) as file:
                _fetch(url, name, file, sha1_hash, verify_ssl)
            return name
        except (_DownloadError, _WrongContent) as error:
            if left == 0:
                raise
            print(f"download failed due to {error!r}, retrying, {left} attempt{'s' if left > 1 else ''} left")


def _target(url: str, path: str | os.PathLike[str] | None) -> str:
    """Return the name of the file that `url` goes to."""
    if urllib.parse.urlsplit(url).scheme not in ("https", "http", "file"):
        raise base.ValueError(f"download: the url is {url!r}, expected one that begins with https:, http: or file:")
    given = "" if path is None else os.path.expanduser(os.fspath(path))
    if given and not given.endswith("/") and not os.path.isdir(given):
        return given
    name = url.split("/")[-1]
    if not name:
        raise base.AssertionError(
            f"Can't construct file-name from this URL ({url}). Please set the `path` option manually."
        )
    return os.path.join(given, name)


def _fetch(url: str, name: str, file: BinaryIO, sha1_hash: str | None, verify_ssl: bool) -> None:
    """Write what `url` gives to an open file, and check it."""
    digest = hashlib.sha1(usedforsecurity=False)
    request = urllib.request.Request(url, headers={"User-Agent": "remx"})
    context = None
    if not verify_ssl:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    count = 0
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE, context=context) as answer:
            expected = answer.headers.get("Content-Length")
            while piece := answer.read(_PIECE):
                digest.update(piece)
                file.write(piece)
                count += len(piece)
    except urllib.error.HTTPError as error:
        error.close()
        raise _DownloadError(f"Failed downloading url {url}: the server says {error.code} {error.reason}") from None
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise _DownloadError(
            f"Failed downloading url {url}: {reason}. Without a network, put the file there yourself: {name}"
        ) from error
    if expected is not None and count != int(expected):
        raise _DownloadError(f"Failed downloading url {url}: {count} bytes came, {expected} were announced")
    if sha1_hash and digest.hexdigest() != sha1_hash:
        raise _WrongContent(
            f"File {name} is downloaded but the content hash does not match: it is {digest.hexdigest()}, expected "
            f'{sha1_hash}. The repo may be outdated or download may be incomplete. If the "repo_url" is overridden, '
            "consider switching to the default repo."
        )


def _get_repo_url() -> str:
    """Return the address of the repository of models and data sets: MXNET_GLUON_REPO, or MXNet's own."""
    default = "https://apache-mxnet.s3-accelerate.dualstack.amazonaws.com/"
    found = os.environ.get("MXNET_GLUON_REPO", default)
    return found if found.endswith("/") else found + "/"


def _get_repo_file_url(namespace: str, filename: str) -> str:
    """Return the address of a file in a folder of the repository."""
    return f"{_get_repo_url()}{namespace}/{filename}"
