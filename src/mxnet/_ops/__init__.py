"""What each operator means: a schema and a function on torch tensors. Importing this package registers all of them.

``registry``, ``attributes`` and ``families`` are the frame. Every other module holds operators of one subject, or what
several of them share (``draws``, ``products``, ``gathering``, ``suppression``, ``recurrent_layers``,
``recurrent_steps``, ``sharing``, ``derivatives``), or what plans put in the place of operators (``fused_convolution``,
``fused_attention``):

============  =========================================================================================================
elements      unary, binary, broadcast, scalar, elementwise, surrogate, contrib
arrays        creation, shape, slicing, joining, indexing, selection, encoding, ordering, reduce, cumulative, sequence,
              storage, device
matrices      matrix, linalg, linalg_factors, linalg_packing, sketch
networks      dense, convolution, pooling, batch_norm, normalization, activation, output, attention, recurrent, ctc,
              patches, legacy
vision        spatial, region, deformable, boxes, multibox, proposal, image, image_color, image_resize, image_files
chance        sampling, multisampling, density, hawkes
optimizers    optimizer, adaptive_optimizer, decoupled_optimizer, mixed_precision, multi_optimizer
programs      control_flow, custom, refused
============  =========================================================================================================
"""

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
