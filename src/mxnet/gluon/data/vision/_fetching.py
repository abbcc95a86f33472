"""Files of data sets: found in a folder, or fetched from the repository of data sets."""

from __future__ import annotations

import os

from .... import base
from ...utils import _get_repo_file_url, check_sha1, download


def fetched(owner: str, root: str, namespace: str, name: str, sha1: str) -> str:
    """Return the path of a data set's file in the folder `root`; it is downloaded if it is missing or another one."""
    path, url = os.path.join(root, name), _get_repo_file_url(f"gluon/dataset/{namespace}", name)
    try:
        return download(url, path=root, sha1_hash=sha1)
    except Exception as error:
        if os.path.exists(path) and not check_sha1(path, sha1):
            state = f"is not the file of the data set: its SHA-1 is not {sha1}"
        else:
            state = "is missing"
        raise base.MXNetError(
            f"{owner}: {path} {state}, and it cannot be downloaded from {url} ({type(error).__name__}: {error}). Put "
            f"the file there yourself, name another folder by root=..., or set MXNET_GLUON_REPO to a mirror."
        ) from error
