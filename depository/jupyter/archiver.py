"""The contents manager that archives: a subclass made for whatever contents manager a server is configured with.

A subclass, and neither hooks nor a manager that delegates: not all managers run hooks, and much of Jupyter looks behind
a manager's interface. The user's file is written first and as ever; while Jupyter writes it, what it writes goes into
the spool as well. A save is answered when both are on disk.
"""

import asyncio
import inspect
from collections.abc import Coroutine, Iterator
from concurrent.futures import wait
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager

from depository.jupyter import following
from depository.jupyter import service as services
from depository.jupyter.capture import Tee, current
from depository.jupyter.crew import Ticket
from depository.jupyter.legacy import FormerNames

if TYPE_CHECKING:
    from depository.jupyter.following import Accepted

_PATIENCE = 10.0
"""Seconds for which a disk that hangs may hold up an answer; what was to be written there is written when it can be."""

_HANGING = "The disk of the spool hangs: a save was answered that is not there yet."

_made: dict[type, type] = {}


class Archiving(FormerNames):
    """What all contents managers that archive have in common."""


class _Asynchronous(Archiving):
    """Over a contents manager with coroutines."""

    async def save(self, model: Any, path: str = "") -> Any:
        """Save as ever, and archive what was saved."""
        capture = following.begin(self, model, path)
        if capture is None:
            return await super().save(model, path)  # type: ignore[misc]
        token = current.set(capture)
        try:
            result = await super().save(model, path)  # type: ignore[misc]
        except BaseException:
            following.end(self, capture, model, happened=False)
            raise
        finally:
            current.reset(token)
        if following.is_in_parts(self, model):
            model = await following.present(self, path, type="file") or model
        await _done(self, following.end(self, capture, model, happened=True))
        return result

    async def rename(self, old_path: str, new_path: str) -> Any:
        """Rename as ever, and the history with it."""
        with following.once():
            result = await super().rename(old_path, new_path)  # type: ignore[misc]
            directory = await following.is_directory_anywhere(self, new_path)
            await _done(self, following.after_change(self, "renaming", old_path, new_path, directory=directory))
        return result

    async def rename_file(self, old_path: str, new_path: str) -> Any:
        """Rename as ever, and the history with it."""
        result = await super().rename_file(old_path, new_path)  # type: ignore[misc]
        directory = await following.is_directory_anywhere(self, new_path)
        await _done(self, following.after_change(self, "renaming", old_path, new_path, directory=directory))
        return result

    async def delete(self, path: str) -> Any:
        """Delete as ever. The history stays."""
        with following.once():
            directory = await following.is_directory_anywhere(self, path)
            result = await super().delete(path)  # type: ignore[misc]
            await _done(self, following.after_change(self, "deletion", path, None, directory=directory))
        return result

    async def delete_file(self, path: str) -> Any:
        """Delete as ever. The history stays."""
        directory = await following.is_directory_anywhere(self, path)
        result = await super().delete_file(path)  # type: ignore[misc]
        await _done(self, following.after_change(self, "deletion", path, None, directory=directory))
        return result

    async def copy(self, from_path: str, to_path: str | None = None) -> Any:
        """Copy as ever, and archive the copy."""
        with following.saving_as("copy"):
            result = await super().copy(from_path, to_path)  # type: ignore[misc]
            await _done(self, following.copied(self, result))
        return result

    async def restore_checkpoint(self, checkpoint_id: str, path: str) -> Any:
        """Restore as ever, and archive what the notebook is now, and what was being edited in it before."""
        await following.before_restoring(self, path)
        with following.saving_as("restore"):
            result = await super().restore_checkpoint(checkpoint_id, path)  # type: ignore[misc]
            found = None if hasattr(self, "atomic_writing") else await following.present(self, path)
            await _done(self, following.restored(self, path, found))
        return result


class _Synchronous(Archiving):
    """Over a contents manager with plain methods."""

    def save(self, model: Any, path: str = "") -> Any:
        """Save as ever, and archive what was saved."""
        capture = following.begin(self, model, path)
        if capture is None:
            return super().save(model, path)  # type: ignore[misc]
        token = current.set(capture)
        try:
            result = super().save(model, path)  # type: ignore[misc]
        except BaseException:
            following.end(self, capture, model, happened=False)
            raise
        finally:
            current.reset(token)
        if following.is_in_parts(self, model):
            model = _run(following.present(self, path, type="file")) or model
        _wait(self, following.end(self, capture, model, happened=True))
        return result

    def rename(self, old_path: str, new_path: str) -> Any:
        """Rename as ever, and the history with it."""
        with following.once():
            result = super().rename(old_path, new_path)  # type: ignore[misc]
            directory = following.is_directory(self, new_path)
            _wait(self, following.after_change(self, "renaming", old_path, new_path, directory=directory))
        return result

    def rename_file(self, old_path: str, new_path: str) -> Any:
        """Rename as ever, and the history with it."""
        result = super().rename_file(old_path, new_path)  # type: ignore[misc]
        directory = following.is_directory(self, new_path)
        _wait(self, following.after_change(self, "renaming", old_path, new_path, directory=directory))
        return result

    def delete(self, path: str) -> Any:
        """Delete as ever. The history stays."""
        with following.once():
            directory = following.is_directory(self, path)
            result = super().delete(path)  # type: ignore[misc]
            _wait(self, following.after_change(self, "deletion", path, None, directory=directory))
        return result

    def delete_file(self, path: str) -> Any:
        """Delete as ever. The history stays."""
        directory = following.is_directory(self, path)
        result = super().delete_file(path)  # type: ignore[misc]
        _wait(self, following.after_change(self, "deletion", path, None, directory=directory))
        return result

    def copy(self, from_path: str, to_path: str | None = None) -> Any:
        """Copy as ever, and archive the copy."""
        with following.saving_as("copy"):
            result = super().copy(from_path, to_path)  # type: ignore[misc]
            _wait(self, following.copied(self, result))
        return result

    def restore_checkpoint(self, checkpoint_id: str, path: str) -> Any:
        """Restore as ever, and archive what the notebook is now."""
        with following.saving_as("restore"):
            result = super().restore_checkpoint(checkpoint_id, path)  # type: ignore[misc]
            found = None if hasattr(self, "atomic_writing") else _run(following.present(self, path))
            _wait(self, following.restored(self, path, found))
        return result


class _Writing:
    """The tee in the way by which managers of files write them."""

    @contextmanager
    def atomic_writing(self, os_path: str, *args: Any, **kwargs: Any) -> Iterator[Any]:
        """Write a file as ever, and into the spool what is written."""
        capture = current.get()
        writing = super().atomic_writing(os_path, *args, **kwargs)  # type: ignore[misc]
        if capture is None or not capture.catches(os_path, kwargs.get("encoding")):
            with writing as file:
                yield file
            return
        capture.is_caught = True
        start = services.of(self).acceptor.start
        with writing as file:
            yield Tee(file, capture, start)
            capture.end()
            if not capture.is_started:
                start(capture)
        capture.is_written = True


def make_archiver(base: type) -> type:
    """The class of a contents manager that archives what it saves.

    Args:
        base: the class of any contents manager of jupyter_server, synchronous or asynchronous.

    Returns:
        a subclass of it; the class itself if it archives already. The same one each time.
    """
    if issubclass(base, Archiving):
        return base
    if base not in _made:
        is_asynchronous = inspect.iscoroutinefunction(base.save)  # type: ignore[attr-defined]
        mixins: tuple[type, ...] = (_Asynchronous if is_asynchronous else _Synchronous,)
        if hasattr(base, "atomic_writing"):
            mixins = (*mixins, _Writing)
        _made[base] = type(
            f"Depository{base.__name__}",
            (*mixins, base),
            {"__doc__": f"{base.__name__}, archiving what it saves.", "__module__": __name__},
        )
    return _made[base]


class DepositoryContentsArchiver(make_archiver(AsyncLargeFileManager)):  # type: ignore[misc]
    """The server's default contents manager, archiving what it saves.

    Where ``c.Depository.Archiver.underlying_contents_manager_class`` names another one, it is that one, archiving.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Make one of the class that is configured."""
        underlying = following.configured_base(kwargs.get("parent"))
        if underlying is not None and cls is DepositoryContentsArchiver and underlying is not AsyncLargeFileManager:
            return make_archiver(underlying)(*args, **kwargs)
        return super().__new__(cls, *args, **kwargs)


depositoryContentsArchiver = DepositoryContentsArchiver  # noqa: N816 - the name that 0.1 promised


async def _done(manager: Any, accepted: "Accepted") -> None:
    if accepted is None:
        return
    is_done = accepted.is_done if isinstance(accepted, Ticket) else accepted.done()
    if is_done:
        return
    # plainer than `asyncio.wait`, which is most of what a small save would take longer
    loop = asyncio.get_running_loop()
    waited: asyncio.Future[bool] = loop.create_future()

    def answer(in_time: bool) -> None:
        if not waited.done():
            waited.set_result(in_time)

    def done(_: object = None) -> None:
        with suppress(RuntimeError):  # nobody waits any more, and the loop is closed
            loop.call_soon_threadsafe(answer, True)

    if isinstance(accepted, Ticket):
        accepted.call_when_done(done)
    else:
        accepted.add_done_callback(done)
    patience = loop.call_later(_PATIENCE, answer, False)
    if not await waited:
        manager.log.error("depository: %s", _HANGING)
    patience.cancel()


def _wait(manager: Any, accepted: "Accepted") -> None:
    if isinstance(accepted, Ticket):
        is_done = accepted.wait(_PATIENCE)
    else:
        is_done = accepted is None or not wait([accepted], timeout=_PATIENCE).not_done
    if not is_done:
        manager.log.error("depository: %s", _HANGING)


def _run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine returns that never waits, because the contents manager has plain methods."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    coroutine.close()
    return None
