"""What is done with names alone: refs and tags that move, notebooks that are renamed, deleted and brought back."""

from depository import paths, specs, views, words
from depository.errors import AlreadyExists, InvalidInput, RefMoved
from depository.history import refs
from depository.history.commit import Proposal
from depository.history.entries import EventEntry, EventKind
from depository.history.manifest import Manifest
from depository.history.refs import ANY
from depository.models import Event
from depository.opening import Opened


class Moving(Opened):
    """The operations of a `Depository` that write no content."""

    # refs

    def promote(
        self,
        path: str,
        spec: str,
        ref: str,
        *,
        expect: int | None = ANY,
        author: str | None = None,
        message: str = "",
    ) -> Event:
        """Point ``published`` or ``scheduled`` at a version, and write the plain notebook where that is wanted.

        Args:
            path: the notebook.
            spec: the version, as `resolve` takes it.
            ref: ``published`` or ``scheduled``.
            expect: the version that the ref must point at now, None for no version; by default any.
            author: who does it.
            message: what is to be said about it.

        Raises:
            NotFound: there is no such notebook or version.
            RefMoved: the ref does not point where it was expected to.
            StorageError: it could not be written; where the ref was moved already, the text says so.
        """
        specs.check_promoted(ref)
        event = self._move_ref(path, EventKind.PROMOTE, ref, spec, expect, author, message)
        self._plain.follow(event.path, ref)
        return event

    def withdraw(
        self, path: str, ref: str, *, expect: int | None = ANY, author: str | None = None, message: str = ""
    ) -> Event:
        """Take ``published`` or ``scheduled`` from a notebook, and take the plain notebook away again.

        Raises:
            NotFound: there is no such notebook, or the ref points at no version of it.
            RefMoved: the ref does not point where it was expected to.
            StorageError: it could not be written.
        """
        specs.check_promoted(ref)
        with self._plain.completing(paths.check(path)):
            event = self._move_ref(path, EventKind.WITHDRAW, ref, None, expect, author, message)
        self._plain.follow(event.path, ref)
        return event

    def tag(
        self,
        path: str,
        spec: str,
        name: str,
        *,
        move: bool = False,
        author: str | None = None,
        message: str = "",
    ) -> Event:
        """Give a version a name of one's own.

        Raises:
            InvalidName: the name cannot be a tag.
            AlreadyExists: the tag points at another version, and `move` was not asked for.
            NotFound: there is no such notebook or version.
        """
        return self._move_ref(path, EventKind.TAG, specs.check_tag(name), spec, ANY if move else None, author, message)

    def untag(self, path: str, name: str, *, author: str | None = None, message: str = "") -> Event:
        """Take a tag away.

        Raises:
            NotFound: there is no such notebook or tag.
        """
        return self._move_ref(path, EventKind.UNTAG, specs.check_tag(name), None, ANY, author, message)

    # names

    def rename(self, old: str, new: str, *, author: str | None = None, message: str = "") -> Event:
        """Give a notebook another path, and take its history along.

        Raises:
            NoNotebook: there is none at the old path.
            AlreadyExists: there is one at the new path.
            StorageError: it could not be written. The history is then at the old path, or at both.
        """
        from depository.history.renaming import rename

        old, new = paths.check(old), paths.check(new)
        if old == new:
            raise AlreadyExists(f"'{old}' has that path already.")
        self._ready_to_write()
        event = EventEntry(
            EventKind.RENAME, self._milliseconds(None), self._author(author), words.check_message(message), other=old
        )
        with self._plain.completing(new, old):
            moved = rename(self._commits, self._objects, old, new, event)
        for path in (new, old):
            self._plain.follow(path, specs.WORKSPACE, *(specs.SPACES if moved is None else moved))
        return views.event(new, event)

    def delete(self, path: str, *, author: str | None = None, message: str = "") -> Event:
        """Mark a notebook as deleted. Its history and its refs stay, and `undelete` brings it back.

        Raises:
            NoNotebook: there is none.
        """
        path = paths.check(path)
        event = EventEntry(
            EventKind.DELETE, self._milliseconds(None), self._author(author), words.check_message(message)
        )

        def propose(manifest: Manifest | None) -> Proposal:
            if manifest is None or not manifest.alive:
                raise self._no_notebook(path, manifest)
            return Proposal(manifest._replace(deleted=True), (event,))

        self._ready_to_write()
        self._commits.read(path)  # what was deleted when this process last looked may be there again
        with self._plain.completing(path):
            self._commits.commit(path, propose)
        self._plain.follow(path, specs.WORKSPACE)
        return views.event(path, event)

    def undelete(
        self, path: str, *, to: str | None = None, skip: int = 0, author: str | None = None, message: str = ""
    ) -> Event:
        """Bring a deleted notebook back.

        Args:
            path: the notebook that was deleted.
            to: another path, for a history that has been displaced: another notebook was renamed to `path` since.
            skip: of several notebooks that were deleted at that path, so many of the last are passed over. It takes
                another path to bring one of the others back to.
            author: who does it.
            message: what is to be said about it.

        Raises:
            NoNotebook: nothing was deleted there, or no more than are passed over.
            AlreadyExists: there is a notebook at the path where it would come back.
            InvalidInput: an older one cannot be brought back to the same path, or `skip` is below 0.
        """
        from depository.history.renaming import undelete

        path = paths.check(path)
        event = EventEntry(
            EventKind.UNDELETE, self._milliseconds(None), self._author(author), words.check_message(message)
        )
        target = paths.check(to) if to is not None else path
        if skip < 0:
            raise InvalidInput(f"{skip} notebooks cannot be passed over: take 0, or more.")
        if skip and target == path:
            raise InvalidInput(f"Name another path to bring an older '{path}' back to.")
        self._ready_to_write()
        with self._plain.completing(target):
            undelete(self._commits, self._objects, path, target, event, skip)
        self._plain.follow(target, *(specs.SPACES if target != path else (specs.WORKSPACE,)))
        return views.event(target, event)

    # inside

    def _move_ref(
        self,
        path: str,
        kind: EventKind,
        ref: str,
        spec: str | None,
        expect: int | None,
        author: str | None,
        message: str,
    ) -> Event:
        self._ready_to_write()
        manifest = self._manifest(path)
        target = self._reader.find(manifest, spec)[0] if spec is not None else None
        number = target.number if target else None
        seen, path = manifest.write_id, manifest.path
        event = EventEntry(
            kind, self._milliseconds(None), self._author(author), words.check_message(message), ref, number
        )
        said = event

        def propose(manifest: Manifest | None) -> Proposal | None:
            nonlocal said
            if manifest is None or manifest.renamed_to is not None:
                raise self._no_notebook(path, manifest)
            if target and manifest.write_id != seen and self._reader.find(manifest, f"v{target.number}")[0] != target:
                raise RefMoved(f"'{path}' is another notebook now: it was renamed, and begun anew; look again.")
            moved, said = refs.move(manifest, event, expect)
            return None if moved is manifest else Proposal(moved, (said,))

        self._commits.commit(path, propose)
        return views.event(path, said)
