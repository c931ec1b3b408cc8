"""A stand-in for `slicer.parameterNodeWrapper`: typed attributes kept in a real parameter node, bound to widgets.

Supported are the types and widgets that panels usually have; what is not raises, so that nothing passes by accident.
"""

from __future__ import annotations

import types
from typing import Any

from Testing.host.parameter_node.annotations import (
    Choice,
    Decimals,
    Default,
    Exclude,
    IsInstance,
    Maximum,
    Minimum,
    NotNone,
    SingleStep,
    Validator,
    WithinRange,
)
from Testing.host.parameter_node.wrapper import isParameterNodeWrapper, parameterNodeWrapper

_PUBLIC = (
    Choice,
    Decimals,
    Default,
    Exclude,
    IsInstance,
    Maximum,
    Minimum,
    NotNone,
    SingleStep,
    Validator,
    WithinRange,
    isParameterNodeWrapper,
    parameterNodeWrapper,
)


def make_module() -> types.ModuleType:
    """Return a new `slicer.parameterNodeWrapper` module."""
    module: Any = types.ModuleType("slicer.parameterNodeWrapper", __doc__)
    for member in _PUBLIC:
        setattr(module, member.__name__, member)
    return module
