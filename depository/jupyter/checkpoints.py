"""What 'Revert to Checkpoint' offers: the versions of a notebook, from this machine, and what Jupyter keeps by itself.

No network is asked, and no save waits. Versions that wait to be archived are offered as those that were archived
lately. Files that are no notebooks have the checkpoints that they would have without depository.
"""

import asyncio
import os
from base64 import b64encode
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from jupyter_core.utils import ensure_async
from jupyter_server.services.contents.checkpoints import (
    AsyncCheckpoints,
    AsyncGenericCheckpointsMixin,
    Checkpoints,
    GenericCheckpointsMixin,
)
from jupyter_server.services.contents.filecheckpoints import (
    AsyncFileCheckpoints,
    AsyncGenericFileCheckpoints,
    FileCheckpoints,
    GenericFileCheckpoints,
)
from jupyter_server.services.contents.filemanager import FileContentsManager
from tornado.web import HTTPError
from traitlets import Any as AnyTrait
from traitlets import Dict, Instance, Type, default
from traitlets.config import LoggingConfigurable

from depository.errors import DepositoryError, NoVersion
from depository.jupyter import capture
from depository.jupyter import service as services
from depository.spool import kept
from depository.spool.directory import Spool, key_of
from depository.spool.items import Kind
from depository.spool.kept import Kept, Span

if TYPE_CHECKING:
    from concurrent.futures import Future

_T = TypeVar("_T")
_Model = dict[str, Any]

_LATER_NS = 5 * 10**9
"""A file that was written so much later than its newest version was accepted has been changed by something else."""
_SAVING: Final = {"id": "0" * 16, "last_modified": datetime.fromtimestamp(0, UTC)}
"""Stands for the version that is being saved."""


class _Versions(LoggingConfigurable):
    """What the classes for the two kinds of contents managers have in common.

    It is written as coroutines. Over a contents manager with plain methods nothing in them ever waits, so that one step
    takes them to their end.
    """

    ordinary_class = Type(
        klass=Checkpoints,
        config=True,
        help="The class of the checkpoints of files that are not archived; the one that the contents manager would "
        "have without depository, if not given.",
    )
    ordinary_kwargs = Dict(config=True, help="What `ordinary_class` is made with, beside its parent and log.")
    ordinary = Instance(Checkpoints, help="The checkpoints of files that are not archived.")
    service = AnyTrait(help="What archives: the `depository.jupyter.service.Service` of the server.")

    @default("service")
    def _service_default(self) -> Any:
        return services.of(self.parent)

    @default("ordinary")
    def _ordinary_default(self) -> Any:
        return self.ordinary_class(parent=self.parent, log=self.log, **self.ordinary_kwargs)

    @default("ordinary_class")
    def _ordinary_class_default(self) -> Any:
        manager = self.parent
        for one in type(manager).__mro__:
            own = vars(one).get("_checkpoints_class_default")
            found = own.__get__(manager, type(manager))() if own else None
            if found and not issubclass(found, _Versions):
                return found
        asynchronous = isinstance(self, AsyncCheckpoints)
        if isinstance(manager, FileContentsManager):
            return AsyncFileCheckpoints if asynchronous else FileCheckpoints
        return AsyncGenericFileCheckpoints if asynchronous else GenericFileCheckpoints

    @property
    def checkpoint_dir(self) -> str | None:
        """The name of the directories that do not count when Jupyter deletes an empty one."""
        return getattr(self.ordinary, "checkpoint_dir", None)

    # how to wait, by the kind of contents manager

    async def _call(self, function: Callable[..., _T], *args: Any) -> _T:
        raise NotImplementedError

    async def _done(self, future: "Future[Any]") -> None:
        raise NotImplementedError

    # the operations

    async def _list(self, path: str) -> list[_Model]:
        path = path.strip("/")
        if self._is_being_saved(path):
            return [dict(_SAVING)]
        found = [_model(version) for version in await self._call(self._at_hand, path)]
        if self._has_ordinary(path):
            found += await ensure_async(self.ordinary.list_checkpoints(path))  # type: ignore[no-untyped-call]
        return sorted(found, key=lambda model: model["last_modified"])

    async def _create(self, manager: Any, path: str) -> _Model:
        path = path.strip("/")
        if self._is_being_saved(path):
            return dict(_SAVING)
        newest = await self._call(self._settled, path)
        if newest is None and self._is_notebook(path):
            await self._accept(manager, path)
            newest = await self._call(self._settled, path)
        if newest is not None:
            return _model(newest)
        made: _Model = await ensure_async(self.ordinary.create_checkpoint(manager, path))  # type: ignore[no-untyped-call]
        return made

    async def _restore(self, manager: Any, checkpoint_id: str, path: str) -> None:
        path = path.strip("/")
        content = await self._call(self._read, checkpoint_id, path)
        if content is None:
            await self._ordinary_of(checkpoint_id, path)
            await ensure_async(self.ordinary.restore_checkpoint(manager, checkpoint_id, path))  # type: ignore[no-untyped-call]
            return
        if self._is_notebook(path) and await self._call(self._settled, path) is None:
            await self._accept(manager, path)  # what would be lost else
        await ensure_async(manager.save(await self._call(_content_model, content, path), path))

    async def _get(self, checkpoint_id: str, path: str, kind: str) -> _Model:
        path = path.strip("/")
        content = await self._call(self._read, checkpoint_id, path)
        if content is not None:
            return _content_model(content, path if kind == "notebook" else "")
        await self._ordinary_of(checkpoint_id, path)
        getter = getattr(self.ordinary, f"get_{kind}_checkpoint", None)
        if getter is None:
            raise _unknown(checkpoint_id, path)
        model: _Model = await ensure_async(getter(checkpoint_id, path))
        return model

    async def _rename(self, old_path: str, new_path: str) -> None:
        old_path, new_path = old_path.strip("/"), new_path.strip("/")
        await self._call(self._move, old_path, new_path)
        if self._has_ordinary(old_path):
            await ensure_async(self.ordinary.rename_all_checkpoints(old_path, new_path))  # type: ignore[no-untyped-call]

    async def _delete(self, checkpoint_id: str, path: str) -> None:
        path = path.strip("/")
        if await self._call(self._read, checkpoint_id, path) is not None:
            raise HTTPError(403, "A version in the archive is for good: it cannot be deleted from here.")
        await self._ordinary_of(checkpoint_id, path)
        await ensure_async(self.ordinary.delete_checkpoint(checkpoint_id, path))  # type: ignore[no-untyped-call]

    async def _delete_all(self, path: str) -> None:
        path = path.strip("/")
        if self._has_ordinary(path):
            await ensure_async(self.ordinary.delete_all_checkpoints(path))  # type: ignore[no-untyped-call]

    async def _accept(self, manager: Any, path: str) -> None:
        """Have what a notebook is now accepted as a version."""
        author = self.service.author()
        file = self.service.places.file_of(path)
        if file is not None:
            if await self._call(os.path.isfile, file):
                await self._done(self.service.acceptor.accept_file(path, cause="checkpoint", author=author))
            return
        import nbformat

        model = await ensure_async(manager.get(path, content=True, type="notebook"))
        text = nbformat.writes(nbformat.from_dict(model["content"]))
        await self._done(self.service.acceptor.accept(path, text.encode(), cause="checkpoint", author=author))

    async def _ordinary_of(self, checkpoint_id: str, path: str) -> None:
        """Refuse what is no ordinary checkpoint either."""
        if self._has_ordinary(path):
            models = await ensure_async(self.ordinary.list_checkpoints(path))  # type: ignore[no-untyped-call]
            if any(model["id"] == checkpoint_id for model in models):
                return
        raise _unknown(checkpoint_id, path)

    # what is asked of the disk, in a thread where there are some

    def _is_notebook(self, path: str) -> bool:
        return path.lower().endswith(".ipynb") and ".ipynb_checkpoints" not in path.split("/")

    def _is_being_saved(self, path: str) -> bool:
        """Whether it is Jupyter's save that asks: one checkpoint, it holds, should always exist."""
        return capture.current.get() is not None and self._is_notebook(path) and self._spool() is not None

    def _has_ordinary(self, path: str) -> bool:
        """Whether to ask for ordinary checkpoints: those in files make a directory when they are asked."""
        if not isinstance(self.ordinary, FileCheckpoints):
            return True
        file = self.ordinary._get_os_path(path)  # type: ignore[no-untyped-call]  # noqa: SLF001 - as it does itself
        parent = os.path.dirname(file)
        return not os.access(parent, os.W_OK) or os.path.isdir(os.path.join(parent, self.ordinary.checkpoint_dir))

    def _spool(self) -> Spool | None:
        spool: Spool | None = self.service.spool
        return spool if self.service.settings.checkpoints_kept else None

    def _keys(self, spool: Spool, path: str) -> tuple[str, list[Span]]:
        """The key of a path in Jupyter, and those that it had before renames that wait."""
        try:
            target = self.service.places.locate(path)
        except DepositoryError:  # a settings file is broken: what was saved since waits like this
            return key_of(None, path), []
        return key_of(target.url, target.path), kept.spans(spool, target.url, target.path)

    def _at_hand(self, path: str) -> list[Kept]:
        spool = self._spool()
        if spool is None:
            return []
        try:
            key, earlier = self._keys(spool, path)
            return kept.listed(spool, key, earlier, most=self.service.settings.checkpoints_kept)
        except Exception:  # a list that lacks something does no harm, a save that fails does
            self.log.warning("depository: the versions of '%s' cannot be listed", path, exc_info=True)
            return []

    def _settled(self, path: str) -> Kept | None:
        """The newest version, for good a version of its own; None if the file has been changed since."""
        versions = self._at_hand(path)
        spool = self._spool()
        if spool is None or not versions:
            return None
        newest = versions[-1]
        stamp = int(newest.id, 16)
        try:
            file = self.service.places.file_of(path)
            if file is not None and os.stat(file).st_mtime_ns > stamp + _LATER_NS:
                return None
            key, earlier = self._keys(spool, path)
            for one in (key, *(span.key for span in earlier)):
                for name in spool.waiting_for(one):
                    if name.stamp == stamp and name.kind is Kind.SAVE and name.is_automatic:
                        self.service.acceptor.settle_all()
                        spool.keep_apart(name)
        except (DepositoryError, OSError):
            self.log.warning("depository: the checkpoint of '%s' may be joined with later saves", path, exc_info=True)
        return newest

    def _read(self, checkpoint_id: str, path: str) -> bytes | None:
        spool = self._spool()
        if spool is None:
            return None
        try:
            key, earlier = self._keys(spool, path)
            return kept.read(spool, key, checkpoint_id, earlier)
        except NoVersion:
            return None
        except DepositoryError as error:
            raise HTTPError(500, str(error)) from error

    def _move(self, old_path: str, new_path: str) -> None:
        """Have what is kept follow a rename at once. What waits is found by the rename that waits behind it."""
        spool = self._spool()
        if spool is None:
            return
        try:
            old, new = self.service.places.locate(old_path), self.service.places.locate(new_path)
        except DepositoryError:
            return
        if old.url == new.url:
            kept.moved(spool, key_of(old.url, old.path), key_of(new.url, new.path))


class DepositoryCheckpoints(_Versions, AsyncGenericCheckpointsMixin, AsyncCheckpoints):
    """Versions as checkpoints, for contents managers with coroutines."""

    async def _call(self, function: Callable[..., _T], *args: Any) -> _T:
        return await asyncio.to_thread(function, *args)

    async def _done(self, future: "Future[Any]") -> None:
        await asyncio.wrap_future(future)

    async def create_checkpoint(self, contents_mgr: Any, path: str) -> _Model:
        """See that there is a version of what the file is now, and return its model."""
        return await self._create(contents_mgr, path)

    async def list_checkpoints(self, path: str) -> list[_Model]:
        """The models of the versions at hand, the oldest first, as JupyterLab and Notebook expect them."""
        return await self._list(path)

    async def restore_checkpoint(self, contents_mgr: Any, checkpoint_id: str, path: str) -> None:
        """Save a version again."""
        await self._restore(contents_mgr, checkpoint_id, path)

    async def get_notebook_checkpoint(self, checkpoint_id: str, path: str) -> _Model:
        """A version of a notebook, as a model to be saved."""
        return await self._get(checkpoint_id, path, "notebook")

    async def get_file_checkpoint(self, checkpoint_id: str, path: str) -> _Model:
        """A version of any file, as a model to be saved."""
        return await self._get(checkpoint_id, path, "file")

    async def rename_checkpoint(self, checkpoint_id: str, old_path: str, new_path: str) -> None:  # noqa: ARG002
        """Have all versions follow a rename: they stay together."""
        await self._rename(old_path, new_path)

    async def rename_all_checkpoints(self, old_path: str, new_path: str) -> None:
        """Have the versions follow a rename."""
        await self._rename(old_path, new_path)

    async def delete_checkpoint(self, checkpoint_id: str, path: str) -> None:
        """Refuse to delete a version."""
        await self._delete(checkpoint_id, path)

    async def delete_all_checkpoints(self, path: str) -> None:
        """Delete what Jupyter keeps by itself. The versions stay."""
        await self._delete_all(path)


class DepositorySyncCheckpoints(_Versions, GenericCheckpointsMixin, Checkpoints):
    """Versions as checkpoints, for contents managers with plain methods."""

    async def _call(self, function: Callable[..., _T], *args: Any) -> _T:
        return function(*args)

    async def _done(self, future: "Future[Any]") -> None:
        future.result()

    def create_checkpoint(self, contents_mgr: Any, path: str) -> _Model:
        """See that there is a version of what the file is now, and return its model."""
        return _finished(self._create(contents_mgr, path))

    def list_checkpoints(self, path: str) -> list[_Model]:
        """The models of the versions at hand, the oldest first, as JupyterLab and Notebook expect them."""
        return _finished(self._list(path))

    def restore_checkpoint(self, contents_mgr: Any, checkpoint_id: str, path: str) -> None:
        """Save a version again."""
        _finished(self._restore(contents_mgr, checkpoint_id, path))

    def get_notebook_checkpoint(self, checkpoint_id: str, path: str) -> _Model:
        """A version of a notebook, as a model to be saved."""
        return _finished(self._get(checkpoint_id, path, "notebook"))

    def get_file_checkpoint(self, checkpoint_id: str, path: str) -> _Model:
        """A version of any file, as a model to be saved."""
        return _finished(self._get(checkpoint_id, path, "file"))

    def rename_checkpoint(self, checkpoint_id: str, old_path: str, new_path: str) -> None:  # noqa: ARG002
        """Have all versions follow a rename: they stay together."""
        _finished(self._rename(old_path, new_path))

    def rename_all_checkpoints(self, old_path: str, new_path: str) -> None:
        """Have the versions follow a rename."""
        _finished(self._rename(old_path, new_path))

    def delete_checkpoint(self, checkpoint_id: str, path: str) -> None:
        """Refuse to delete a version."""
        _finished(self._delete(checkpoint_id, path))

    def delete_all_checkpoints(self, path: str) -> None:
        """Delete what Jupyter keeps by itself. The versions stay."""
        _finished(self._delete_all(path))


def _finished(steps: Coroutine[Any, Any, _T]) -> _T:
    """The result of a coroutine in which nothing waits."""
    try:
        steps.send(None)
    except StopIteration as end:
        result: _T = end.value
        return result
    steps.close()
    raise RuntimeError("the checkpoints of a synchronous contents manager are asynchronous")


def _model(version: Kept) -> _Model:
    model: _Model = {"id": version.id, "last_modified": datetime.fromtimestamp(version.time / 1000, UTC)}
    if version.number is not None:
        model["version"] = f"v{version.number}"
    return model


def _content_model(content: bytes, path: str) -> _Model:
    """A version as a contents manager saves it: a notebook where it can be read as one, else the file."""
    if path.lower().endswith(".ipynb"):
        import nbformat

        try:
            # as Jupyter reads one: what is invalid in it is no reason not to have it back
            notebook = nbformat.reads(content.decode(), as_version=4, capture_validation_error={})
        except Exception:  # nbformat raises what it finds: KeyError, AttributeError, …
            return _file_model(content)
        return {"type": "notebook", "format": "json", "content": notebook}
    return _file_model(content)


def _file_model(content: bytes) -> _Model:
    try:
        return {"type": "file", "format": "text", "content": content.decode()}
    except UnicodeDecodeError:
        return {"type": "file", "format": "base64", "content": b64encode(content).decode("ascii")}


def _unknown(checkpoint_id: str, path: str) -> HTTPError:
    return HTTPError(404, f"There is no checkpoint '{checkpoint_id}' of '{path}'.")
