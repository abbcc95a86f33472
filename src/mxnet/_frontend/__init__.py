"""Generates what users call (``mx.nd.X``, ``mx.sym.X``, fluent methods, stubs) from the registry."""
