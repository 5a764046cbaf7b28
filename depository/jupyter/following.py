"""What a contents manager that archives does beside its own work: which saves it follows, and how they are accepted.

Nothing here raises, whatever happens: the user's save, rename or deletion comes first, and has been done.
"""

import inspect
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from depository.jupyter import author as authors
from depository.jupyter import rooms
from depository.jupyter import service as services
from depository.jupyter.capture import Capture

if TYPE_CHECKING:
    from concurrent.futures import Future

    from depository.jupyter.crew import Ticket

    Accepted = Ticket | Future[Any] | None

_CHECKPOINTS = ".ipynb_checkpoints"
_HEAD = 4096
"""Characters of a text in which jupytext's header is looked for."""

_is_jupytext = re.compile(r"^\W{0,4}(?:jupytext|jupyter):\s*$", re.MULTILINE).search

_cause: ContextVar[str] = ContextVar("depository_cause", default="save")
_followed: "ContextVar[set[tuple[str, str]] | None]" = ContextVar("depository_followed", default=None)
"""The renames and deletions that were archived within one that is still going on."""


@contextmanager
def saving_as(cause: str) -> Iterator[None]:
    """Give what is saved within another cause than ``save``."""
    token = _cause.set(cause)
    try:
        yield
    finally:
        _cause.reset(token)


def is_followed(model: Any, path: str) -> bool:
    """Whether what a contents manager was given to save is a version of a notebook."""
    if not isinstance(model, dict) or model.get("type") == "directory" or model.get("content") is None:
        return False
    if model.get("chunk") not in (None, -1) or _CHECKPOINTS in path.split("/"):
        return False
    if model.get("type") == "notebook" or path.lower().endswith(".ipynb"):
        return True
    content = model.get("content")
    return isinstance(content, str) and model.get("format") != "base64" and bool(_is_jupytext(content[:_HEAD]))


def begin(manager: Any, model: Any, path: str) -> Capture | None:
    """What is needed to archive a save that is about to be made; None if it is not archived. It never raises."""
    try:
        shown = path.strip("/")
        service = services.of(manager)
        if not is_followed(model, shown) or not service.settings.enabled:
            return None
        return Capture(shown, _cause.get(), authors.handler())
    except Exception:  # whatever it is: the save comes first
        manager.log.exception("depository: the save of '%s' is not archived", path)
        return None


def end(manager: Any, capture: Capture, model: Any, *, happened: bool) -> "Accepted":
    """See a save through that was made, or that failed: what there is to wait for, if anything. It never raises."""
    try:
        if capture.is_whole:
            services.of(manager).acceptor.settle(capture, happened=happened or capture.is_written)
            return capture.ticket if happened else None
        if capture.is_started:
            capture.abandon()
        if not happened:
            return None
        service = services.of(manager)
        cause, author = capture.cause, service.author(capture.handler)
        if hasattr(manager, "atomic_writing"):
            # written in some other way than the usual one: in chunks, or by a manager of its own
            return service.acceptor.accept_file(capture.shown, cause=cause, author=author)
        return service.acceptor.accept_model(capture.shown, model, cause=cause, author=author)
    except Exception:
        manager.log.exception("depository: '%s' was saved, and is not archived", capture.shown)
        return None


def after_change(manager: Any, what: str, old: str, new: str | None, *, directory: bool) -> "Accepted":
    """Follow a rename or a deletion that has happened, once. It never raises."""
    try:
        old, new = old.strip("/"), new.strip("/") if new is not None else None
        followed = _followed.get()
        if followed is not None:
            if (old, new or "") in followed:
                return None
            followed.add((old, new or ""))
        service = services.of(manager)
        if not service.settings.enabled or _CHECKPOINTS in (new or old).split("/"):
            return None
        author = service.author(authors.handler())
        if new is None:
            return service.acceptor.accept_delete(old, directory=directory, author=author)
        if not directory and new.lower().endswith(".ipynb") and not old.lower().endswith(".ipynb"):
            return service.acceptor.accept_file(new, cause="rename", author=author)  # it has become a notebook
        return service.acceptor.accept_rename(old, new, directory=directory, author=author)
    except Exception:
        manager.log.exception("depository: the %s of '%s' is not archived", what, old)
        return None


@contextmanager
def once() -> Iterator[None]:
    """Within, a rename or deletion that is passed down from method to method is followed once."""
    token = _followed.set(_followed.get() or set())
    try:
        yield
    finally:
        _followed.reset(token)


def copied(manager: Any, result: Any) -> "Accepted":
    """Follow the copy of a directory, whose files do not pass through `save`."""
    if isinstance(result, dict) and result.get("type") == "directory":
        try:
            service = services.of(manager)
            if service.settings.enabled:
                return service.acceptor.accept_files_below(result["path"], cause="copy", author=service.author())
        except Exception:
            manager.log.exception("depository: the copy is not archived")
    return None


async def before_restoring(manager: Any, path: str) -> None:
    """Archive what is being edited in a notebook and would be overwritten.

    Raises:
        HTTPError: it could not be kept, and so nothing may be overwritten.
    """
    service = services.of(manager)
    if not service.settings.enabled:
        return
    try:
        is_kept = await rooms.keep_unsaved(service, path.strip("/"))
    except Exception:
        manager.log.exception("depository: what is edited in '%s' is not archived", path)
        is_kept = False
    if not is_kept:
        from tornado.web import HTTPError

        raise HTTPError(507, f"'{path}' was not restored: what is being edited in it could not be kept.")


def is_in_parts(manager: Any, model: Any) -> bool:
    """Whether a save was the last part of an upload into a contents manager that writes no file of its own."""
    return not hasattr(manager, "atomic_writing") and model.get("chunk") is not None


async def present(manager: Any, path: str, **options: Any) -> Any:
    """What a path in Jupyter holds now, as a model; None if that cannot be had. Options go to `get`."""
    try:
        found = manager.get(path.strip("/"), content=True, **options)
        return await found if inspect.isawaitable(found) else found
    except Exception:
        manager.log.exception("depository: what '%s' holds now is not archived", path)
        return None


def restored(manager: Any, path: str, model: Any) -> "Accepted":
    """Follow the restoration of a checkpoint that was a plain copy. What it saved already is recognised.

    Args:
        manager: the contents manager.
        path: of the notebook, in Jupyter.
        model: what it holds now, where the manager keeps no files.
    """
    try:
        service, shown = services.of(manager), path.strip("/")
        if not service.settings.enabled or not shown.lower().endswith(".ipynb"):
            return None
        author = service.author(authors.handler())
        if model is None:
            return service.acceptor.accept_file(shown, cause="restore", author=author)
        return service.acceptor.accept_model(shown, model, cause="restore", author=author)
    except Exception:
        manager.log.exception("depository: what was restored to '%s' is not archived", path)
    return None


def is_directory(manager: Any, path: str) -> bool:
    """Whether a path in Jupyter is a directory now, as a manager without coroutines says; False where it cannot say."""
    if hasattr(manager, "atomic_writing"):
        return os.path.isdir(manager._get_os_path(path.strip("/")))  # noqa: SLF001
    try:
        return manager.dir_exists(path.strip("/")) is True
    except Exception:
        return False


async def is_directory_anywhere(manager: Any, path: str) -> bool:
    """Whether a path in Jupyter is a directory now, whatever the contents manager keeps; False where it cannot say."""
    if hasattr(manager, "atomic_writing"):
        return is_directory(manager, path)
    try:
        found = manager.dir_exists(path.strip("/"))
        return bool(await found if inspect.isawaitable(found) else found)
    except Exception:
        return False


def configured_base(parent: Any) -> type | None:
    """The class of the contents manager that is to archive, where one is configured."""
    if parent is None:
        return None
    from depository.jupyter.settings import Depository

    return Depository(parent=parent).archiver.underlying_contents_manager_class
