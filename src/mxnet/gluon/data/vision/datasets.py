"""Data sets of images. The classes live in modules by subject beside this one."""

from __future__ import annotations

from ._cifar import CIFAR10, CIFAR100
from ._image_files import ImageFolderDataset, ImageListDataset, ImageRecordDataset
from ._mnist import MNIST, FashionMNIST

__all__ = ["CIFAR10", "CIFAR100", "FashionMNIST", "ImageFolderDataset", "ImageListDataset", "ImageRecordDataset",
           "MNIST"]  # fmt: skip

for _name in __all__:
    globals()[_name].__module__ = __name__  # where MXNet has them, and where pickles look for them
