"""The calls by which this process changes files, seen one by one before and after they happen."""

import builtins
import io
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import wraps
from typing import Any
from unittest import mock

NAMES = ("open", "write", "fsync", "link", "rename", "replace", "unlink", "mkdir", "rmdir", "close")
"""Functions of `os`. What `open` itself opens for writing is seen as if these had been called."""

Before = Callable[[str, tuple[Any, ...]], None]
After = Callable[[str, tuple[Any, ...], Any], None]


@contextmanager
def unhurried() -> Iterator[None]:
    """Wait for no disk until the end of the block: for what is only looked at."""
    with mock.patch.object(os, "fsync", return_value=None):
        yield


@contextmanager
def watched(before: Before, after: After, lock: AbstractContextManager[object] | None = None) -> Iterator[None]:
    """Have each call seen until the end of the block, by whichever thread.

    Args:
        before: is told the name and the arguments; what it raises is raised to the caller.
        after: is told the result too, if there is one.
        lock: is held from the one to the other, so that the calls of several threads are seen in their order.
    """
    alone = lock or nullcontext()

    def seen(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        @wraps(real)
        def call(*arguments: Any, **more: Any) -> Any:
            with alone:
                before(name, arguments)
                result = real(*arguments, **more)
                after(name, arguments, result)
                return result

        return call

    class Raw(io.FileIO):
        """A file that `open` has opened for writing."""

        def __init__(self, path: str, mode: str) -> None:
            flags = os.O_CREAT | (os.O_TRUNC if "w" in mode else os.O_APPEND)
            with alone:
                before("open", (path, flags))
                super().__init__(path, mode)
                after("open", (path, flags), self.fileno())

        def write(self, data: Any) -> int:
            arguments = self.fileno(), bytes(data)
            with alone:
                before("write", arguments)
                written = super().write(data)
                after("write", arguments, written)
                return written

        def close(self) -> None:
            if self.closed:
                return
            arguments = (self.fileno(),)
            with alone:
                before("close", arguments)
                super().close()
                after("close", arguments, None)

    real_open = builtins.open

    def opened(file: Any, mode: str = "r", *arguments: Any, **more: Any) -> Any:
        if isinstance(file, int) or not {*"wax"} & {*mode}:
            return real_open(file, mode, *arguments, **more)
        buffered = io.BufferedWriter(Raw(os.fspath(file), mode.replace("b", "").replace("t", "")))
        return buffered if "b" in mode else io.TextIOWrapper(buffered, *arguments[1:], **more)

    with ExitStack() as patches:
        for name in NAMES:
            patches.enter_context(mock.patch.object(os, name, seen(name)))
        patches.enter_context(mock.patch.object(builtins, "open", opened))
        yield
