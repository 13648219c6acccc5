"""Functions of the user, named so that a fresh process finds them: `package.module:function` or `file.py:function`."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from benchfmt.finding import BenchfmtError


class CallableError(BenchfmtError):
    """A function that cannot be found or named; the message says what was tried."""


def load(name: str) -> Any:
    """Return what a name stands for; raises CallableError."""
    place, attribute = _parts(name)
    module = _file_module(Path(place)) if place.endswith(".py") else _module(place)
    found: Any = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise CallableError(f"{place} has no {attribute!r}")
        found = getattr(found, part)
    return found


def check(name: str) -> None:
    """Raise CallableError where a name surely stands for nothing; nothing of the user is run for that."""
    place, attribute = _parts(name)
    if not place.endswith(".py"):
        if find_spec(place.partition(".")[0]) is None:
            raise CallableError(f"{place} cannot be imported: there is no such module")
        return
    path = Path(place)
    if not path.is_file():
        raise CallableError(f"{path} does not exist")
    try:
        tree = ast.parse(path.read_bytes(), place)
    except (SyntaxError, ValueError) as error:
        raise CallableError(f"{path} is not a Python file: {error}") from error
    names = {name for node in ast.walk(tree) for name in _names(node)}
    if not names & {"*", attribute.partition(".")[0]}:
        raise CallableError(f"{place} has no {attribute!r}")


def _parts(name: str) -> tuple[str, str]:
    """Return the module or file of a function and its name there; raises CallableError."""
    place, _, attribute = name.rpartition(":")
    if not place or not attribute:
        raise CallableError(
            f"{name!r} names no function; write package.module:function or file.py:function"
        )
    return place, attribute


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.alias):
        yield (node.asname or node.name).partition(".")[0]


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise CallableError(f"{name} cannot be imported: {error}") from error


def _file_module(path: Path) -> ModuleType:
    if not path.is_file():
        raise CallableError(f"{path} does not exist")
    name = f"benchfmt_profiled_{path.stem}"
    if name in sys.modules and getattr(sys.modules[name], "__file__", None) == str(path.resolve()):
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    if spec is None or spec.loader is None:
        raise CallableError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.resolve().parent))  # what the file imports from beside it
    spec.loader.exec_module(module)
    return module


def name_of(function: Callable[..., object] | str | None) -> str | None:
    """Return the name under which a fresh process finds a function; raises CallableError for one without.

    A function of the file that was started (`__main__`) goes by that file, which is imported again, not started again.
    """
    if function is None or isinstance(function, str):
        return function and _absolute(function)
    name = getattr(function, "__qualname__", "")
    if not name or "<" in name:
        raise CallableError(
            f"{function!r} has no name that a fresh process could find; define it with `def` at the top of a module"
        )
    if function.__module__ == "__main__":
        try:
            path = Path(inspect.getfile(function)).resolve(strict=True)
        except (TypeError, OSError):
            raise CallableError(f"{name} was defined interactively; put it into a file") from None
        return f"{path}:{name}"
    return f"{function.__module__}:{name}"


def _absolute(name: str) -> str:
    place, _, attribute = name.rpartition(":")
    return f"{Path(place).resolve()}:{attribute}" if place.endswith(".py") else name
