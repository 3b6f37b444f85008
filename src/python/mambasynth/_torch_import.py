"""Runs something once PyTorch is imported, without importing it: that alone takes more than a second."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any


def after_torch(action: Callable[[], Any]) -> None:
    """Calls `action` now if PyTorch is imported, else when it has been."""
    if "torch" in sys.modules:
        action()
    else:
        sys.meta_path.insert(0, _TorchFinder(action))


class _TorchFinder(MetaPathFinder):
    """Finds PyTorch as the other finders do, but with a loader that calls the action afterwards."""

    def __init__(self, action: Callable[[], Any]):
        self.action = action
        self.asking = False  # the other finders

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname != "torch" or self.asking:
            return None
        self.asking = True
        try:
            spec = find_spec(fullname)
        finally:
            self.asking = False
        if spec is not None and spec.loader is not None:
            spec.loader = _LoaderThenAction(spec.loader, self.loaded)
        return spec

    def loaded(self) -> None:
        if self in sys.meta_path:  # whoever only asks for the specification loads nothing
            sys.meta_path.remove(self)
            self.action()


class _LoaderThenAction(Loader):
    def __init__(self, loader: Loader, action: Callable[[], Any]):
        self.loader = loader
        self.action = action

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        # PyTorch, too, must see the loader that it would have had without us.
        module.__loader__ = self.loader
        if module.__spec__ is not None:
            module.__spec__.loader = self.loader
        self.loader.exec_module(module)
        self.action()
