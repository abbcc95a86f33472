"""Stores that sum gradients over devices and keep the weights, ``mx.kv``."""

from __future__ import annotations

from . import base, kvstore, kvstore_server
from .base import KVStoreBase, create
from .kvstore import KVStore
from .kvstore_server import KVStoreServer

__all__ = ["KVStore", "KVStoreBase", "KVStoreServer", "create"]
