"""Files of trained parameters: found in a cache folder, or fetched from the repository of models.

A model's file is ``NAME-HASH.params``, where HASH is the beginning of the SHA-1 of its bytes. The repository has it
packed as ``gluon/models/NAME-HASH.zip``. The variable MXNET_GLUON_REPO names another repository.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import zipfile
import zlib
from typing import BinaryIO

from ... import base
from ..._runtime.files import replacing
from ..utils import _get_repo_url, check_sha1, download

__all__ = ["get_model_file", "purge"]

#: Model -> SHA-1 of its file.
_model_sha1 = {
    "alexnet": "44335d1f0046b328243b32a26a4fbd62d9057b45",
    "densenet121": "f27dbf2dbd5ce9a80b102d89c7483342cd33cb31",
    "densenet161": "b6c8a95717e3e761bd88d145f4d0a214aaa515dc",
    "densenet169": "2603f878403c6aa5a71a124c4a3307143d6820e9",
    "densenet201": "1cdbc116bc3a1b65832b18cf53e1cb8e7da017eb",
    "inceptionv3": "ed47ec45a937b656fcc94dabde85495bbef5ba1f",
    "mobilenet0.25": "9f83e440996887baf91a6aff1cccc1c903a64274",
    "mobilenet0.5": "8e9d539cc66aa5efa71c4b6af983b936ab8701c3",
    "mobilenet0.75": "529b2c7f4934e6cb851155b22c96c9ab0a7c4dc2",
    "mobilenet1.0": "6b8c5106c730e8750bcd82ceb75220a3351157cd",
    "mobilenetv2_0.25": "ae8f9392789b04822cbb1d98c27283fc5f8aa0a7",
    "mobilenetv2_0.5": "aabd26cd335379fcb72ae6c8fac45a70eab11785",
    "mobilenetv2_0.75": "e2be7b72a79fe4a750d1dd415afedf01c3ea818d",
    "mobilenetv2_1.0": "36da4ff1867abccd32b29592d79fc753bca5a215",
    "resnet18_v1": "a0666292f0a30ff61f857b0b66efc0228eb6a54b",
    "resnet34_v1": "48216ba99a8b1005d75c0f3a0c422301a0473233",
    "resnet50_v1": "0aee57f96768c0a2d5b23a6ec91eb08dfb0a45ce",
    "resnet101_v1": "d988c13d6159779e907140a638c56f229634cb02",
    "resnet152_v1": "671c637a14387ab9e2654eafd0d493d86b1c8579",
    "resnet18_v2": "a81db45fd7b7a2d12ab97cd88ef0a5ac48b8f657",
    "resnet34_v2": "9d6b80bbc35169de6b6edecffdd6047c56fdd322",
    "resnet50_v2": "ecdde35339c1aadbec4f547857078e734a76fb49",
    "resnet101_v2": "18e93e4f48947e002547f50eabbcc9c83e516aa6",
    "resnet152_v2": "f2695542de38cf7e71ed58f02893d82bb409415e",
    "squeezenet1.0": "264ba4970a0cc87a4f15c96e25246a1307caf523",
    "squeezenet1.1": "33ba0f93753c83d86e1eb397f38a667eaf2e9376",
    "vgg11": "dd221b160977f36a53f464cb54648d227c707a05",
    "vgg11_bn": "ee79a8098a91fbe05b7a973fed2017a6117723a8",
    "vgg13": "6bc5de58a05a5e2e7f493e2d75a580d83efde38c",
    "vgg13_bn": "7d97a06c3c7a1aecc88b6e7385c2b373a249e95e",
    "vgg16": "e660d4569ccb679ec68f1fd3cce07a387252a90a",
    "vgg16_bn": "7f01cf050d357127a73826045c245041b0df7363",
    "vgg19": "ad2f660d101905472b83590b59708b71ea22b2e5",
    "vgg19_bn": "f360b758e856f1074a85abd5fd873ed1d98297c3",
}

apache_repo_url = "https://apache-mxnet.s3-accelerate.dualstack.amazonaws.com/"
_url_format = "{repo_url}gluon/models/{file_name}.zip"


def short_hash(name: str) -> str:
    """Return the eight hexadecimal digits that stand in the name of a model's file.

    Parameters
    ----------
    name : str
        The model, as in `mxnet.gluon.model_zoo.vision.get_model`.

    Raises
    ------
    ValueError
        No trained parameters are known for this model.

    Examples
    --------
    >>> mx.gluon.model_zoo.model_store.short_hash("resnet18_v1")
    'a0666292'
    """
    if name not in _model_sha1:
        known = ", ".join(sorted(_model_sha1))
        raise base.ValueError(f"Pretrained model for {name} is not available. Those that are: {known}")
    return _model_sha1[name][:8]


def get_model_file(name: str, root: str = os.path.join(base.data_dir(), "models")) -> str:
    """Return the path of a file with a model's trained parameters; fetch it if it is missing or damaged.

    Parameters
    ----------
    name : str
        The model, as in `mxnet.gluon.model_zoo.vision.get_model`.
    root : str
        The cache folder. The default is ``models`` in the folder that MXNET_HOME names, which is ``~/.mxnet`` unless
        set; it is read when mxnet is imported.

    Returns
    -------
    str
        ``root/NAME-HASH.params``. Its SHA-1 has been compared.

    Raises
    ------
    ValueError
        No trained parameters are known for this model, or what was fetched has another SHA-1.
    MXNetError
        The file could not be fetched. The message says what to put where by hand.

    Examples
    --------
    >>> mx.gluon.model_zoo.model_store.get_model_file("resnet18_v1")  # doctest: +SKIP
    '/home/me/.mxnet/models/resnet18_v1-a0666292.params'
    """
    file_name = f"{name}-{short_hash(name)}"
    root = os.path.expanduser(root)
    path = os.path.join(root, f"{file_name}.params")
    if os.path.exists(path):
        if check_sha1(path, _model_sha1[name]):
            return path
        logging.warning("Mismatch in the content of model file detected. Downloading again.")
    else:
        logging.info("Model file not found. Downloading to %s.", path)
    os.makedirs(root, exist_ok=True)
    url = _url_format.format(repo_url=_get_repo_url(), file_name=file_name)
    with tempfile.TemporaryDirectory(prefix=f".{file_name}.", dir=root) as folder:  # on the disk that has the space
        packed = os.path.join(folder, f"{file_name}.zip")
        try:
            download(url, path=packed, overwrite=True)
        except Exception as error:
            raise base.MXNetError(_how_to_fetch(name, url, path)) from error
        _unpack(packed, path, name, url)
    return path


def _how_to_fetch(name: str, url: str, path: str) -> str:
    """Return the message for a machine that cannot reach the repository of models."""
    return (
        f"get_model_file: the trained parameters of {name} could not be fetched from {url}. On a machine that reaches "
        f"this address, fetch and unpack it; then put {os.path.basename(path)} at {path} (SHA-1 {_model_sha1[name]}). "
        f"If you have a copy of the repository, set MXNET_GLUON_REPO to its address: the file is expected there as "
        f"gluon/models/{url.rpartition('/')[2]}. With pretrained=False the network starts untrained."
    )


def _unpack(packed: str, path: str, name: str, url: str) -> None:
    """Write the parameters in a zip file to `path`, if their SHA-1 is the right one."""
    wanted = os.path.basename(path)
    try:
        with zipfile.ZipFile(packed) as archive, archive.open(wanted) as member, replacing(path) as file:
            found = _copy(member, file)  # type: ignore[arg-type]
            if found != _model_sha1[name]:
                raise base.ValueError(
                    f"get_model_file: Downloaded file has different hash. {wanted} from {url} has SHA-1 {found}, "
                    f"expected {_model_sha1[name]}. Please try again, or look at what MXNET_GLUON_REPO names."
                )
    except (zipfile.BadZipFile, zlib.error, KeyError) as error:
        raise base.ValueError(
            f"get_model_file: what came from {url} is no zip file that holds {wanted} ({error}). "
            "A proxy may have answered with a page of its own; look at what MXNET_GLUON_REPO names."
        ) from error


def _copy(source: BinaryIO, target: BinaryIO) -> str:
    """Copy a file and return the SHA-1 of its bytes."""
    digest = hashlib.sha1(usedforsecurity=False)
    while block := source.read(1 << 20):
        digest.update(block)
        target.write(block)
    return digest.hexdigest()


def purge(root: str = os.path.join(base.data_dir(), "models")) -> None:
    """Delete the files of parameters in a cache folder: all that end in ``.params``.

    Parameters
    ----------
    root : str
        The cache folder, as in `get_model_file`.

    Examples
    --------
    >>> mx.gluon.model_zoo.model_store.purge("~/models")  # doctest: +SKIP
    """
    root = os.path.expanduser(root)
    for name in os.listdir(root):
        if name.endswith(".params"):
            os.remove(os.path.join(root, name))
