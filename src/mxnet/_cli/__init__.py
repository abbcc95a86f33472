"""The ``remx`` command: one module for each subcommand, loaded when it is called.

`main` and `arguments` import nothing of mxnet, so that help comes at once; see the package ``remx``.
"""
