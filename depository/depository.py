"""The API: every save of a notebook archived for good, found again, and given back."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from depository import listing, marker, paths, specs, views, words
from depository.errors import AlreadyExists, CorruptData, DepositoryError, NoNotebook, RefMoved
from depository.history import refs
from depository.history.commit import Proposal
from depository.history.entries import EventEntry, EventKind, VersionEntry
from depository.history.manifest import Manifest
from depository.history.refs import ANY
from depository.models import CellBlame, CellStep, Draft, Event, Info, Notebook, Version
from depository.opening import Opened

if TYPE_CHECKING:
    from depository import saving
    from depository.diff.compare import NotebookDiff
    from depository.lineage.origins import Origins
    from depository.lineage.past import Past, Trail
    from depository.search.origins import IndexOrigins
    from depository.search.query import Match, Query, Telling


class Depository(Opened):
    """An archive of notebooks at one place.

    Synchronous and safe with several threads; one instance serves a process. Reading asks the store each time;
    writing keeps the last state of each path in memory, so that a further save by the same process reads nothing.
    """

    # saving

    def save(
        self,
        path: str,
        content: bytes | dict[str, Any],
        *,
        author: str | None = None,
        message: str = "",
        time: datetime | None = None,
        cause: str = "save",
    ) -> Version:
        """Archive a notebook. When this returns, the version is in the manifest of a durable store.

        Saving what is the newest version already makes no further one; the version returned is then not `fresh`.

        Args:
            path: the notebook's name in the depository.
            content: a file's bytes, whatever they are, or a notebook as a dict.
            author: who saved it.
            message: what is to be said about it, at most 4,096 bytes.
            time: when it was saved; now, if not given. Without a zone it is in UTC.
            cause: why it is archived.

        Raises:
            InvalidInput: the path, the content or a word cannot be archived.
            StorageError: the store did not take it, or it is not known whether it did.
        """
        return self.save_all(path, [Draft(content, author, message, time, cause)])[0]

    def save_all(
        self, path: str, drafts: Sequence[Draft], *, resumed: bool = False, look_again: bool = False
    ) -> list[Version]:
        """Archive several drafts of one notebook, in order, with one write of its manifest.

        It makes the versions that `save` would make of one after the other, all of them or none. All contents are in
        memory at once, each at up to eight times its size: cut a long backlog into parts.

        Args:
            path: the notebook's name in the depository.
            drafts: any number, in order.
            resumed: a process that was saving them may have died, after it did. A draft makes no further version if
                the history has one of the same time (in milliseconds), content, author and cause.
            look_again: ask the store, and not only this instance's memory, whether a draft is the newest version.

        Returns:
            for each draft the version that holds it, `fresh` where the draft made it.

        Raises:
            InvalidInput: the path, or a draft that a note names, cannot be archived; nothing was written.
            StorageError: the store did not take it, or it is not known whether it did.
        """
        from depository import saving

        path = paths.check(path)
        saves = []
        for number, draft in enumerate(drafts, start=1):
            try:
                saves.append(saving.Save(saving.prepare(draft.content, self._cells()), self._details(draft)))
            except DepositoryError as error:
                if len(drafts) > 1:
                    error.add_note(f"This is about draft {number} of {len(drafts)}.")
                raise
        if not saves:
            return []
        self._ready_to_write()
        burst = saving.Burst(self._objects, saves, self._commits.history if resumed else None)
        manifest = self._commits.commit(path, burst.propose, look_again=look_again)
        assert manifest is not None  # noqa: S101 - a save is refused by an error only
        versions = [views.version(manifest, held.entry)._replace(fresh=held.is_new) for held in burst.held]
        # who died may have died before this
        if resumed or any(version.fresh for version in versions):
            self._materialize({specs.WORKSPACE}, path)
        return versions

    # finding and reading

    def log(self, path: str) -> Iterator[Version]:
        """The versions of a notebook, the newest first, read from the store as they are asked for.

        Raises:
            NoNotebook: nothing was ever saved there, or it was renamed.
        """
        manifest = self._manifest(path)
        return (views.version(manifest, e) for e in self._reader.history(manifest) if isinstance(e, VersionEntry))

    def history(self, path: str) -> Iterator[Version | Event]:
        """The versions of a notebook, and what happened to its refs and name, the newest first.

        Raises:
            NoNotebook: nothing was ever saved there, or it was renamed.
        """
        manifest = self._manifest(path)
        for entry in self._reader.history(manifest):
            yield (
                views.version(manifest, entry) if isinstance(entry, VersionEntry) else views.event(manifest.path, entry)
            )

    def refs(self, path: str) -> dict[str, int]:
        """The numbers of the versions that refs and tags point at, ``workspace`` included."""
        manifest = self._manifest(path)
        return {specs.WORKSPACE: manifest.latest, **manifest.refs}

    def resolve(self, path: str, spec: str = specs.LATEST) -> Version:
        """The version that a spec names: ``v12``, ``latest~2``, a ref or tag, a hash prefix, a date or a time.

        Raises:
            NotFound: there is no such notebook or version.
            Ambiguous: a hash prefix fits several contents.
            InvalidName: the spec reads like nothing that names a version.
        """
        manifest = self._manifest(path)
        entry, _ = self._reader.find(manifest, spec)
        return views.version(manifest, entry)

    def load(self, path: str, spec: str = specs.LATEST) -> dict[str, Any]:
        """The notebook of a version, as nbformat reads it from the file.

        Raises:
            NotFound: there is no such notebook or version.
            InvalidContent: the version is raw bytes, no notebook.
            CorruptData: an object that it needs is missing or altered.
        """
        from depository.notebook import content as contents

        return contents.to_nbformat(self._reader.content(self._manifest(path), spec)[1])

    def read(self, path: str, spec: str = specs.LATEST) -> bytes:
        """The file of a version, byte for byte as it was saved.

        Raises:
            NotFound: there is no such notebook or version.
            CorruptData: an object that it needs is missing or altered.
        """
        return self.read_version(path, spec)[1]

    def read_version(self, path: str, spec: str = specs.LATEST) -> tuple[Version, bytes]:
        """A version and its file, as `resolve` and `read` give them, with the requests of one of them."""
        manifest = self._manifest(path)
        entry, data = self._reader.file(manifest, spec)
        return views.version(manifest, entry), data

    def find(self, prefix: str) -> str:
        """The hash, 64 hex digits, of the one archived content that starts with 6 or more digits.

        Raises:
            NoVersion: there is none.
            Ambiguous: there are several.
            InvalidName: these are no hex digits, or too few.
        """
        return listing.find_blob(self._objects, prefix)

    def load_blob(self, digest: str) -> dict[str, Any]:
        """The notebook of a hash of 64 hex digits, as nbformat reads it, whatever path it was saved under."""
        from depository.notebook import content as contents

        return contents.to_nbformat(self._reader.blob(digest))

    def read_blob(self, digest: str) -> bytes:
        """The content of a hash of 64 hex digits, rendered as Jupyter writes it; raw bytes as they are."""
        from depository.notebook import render
        from depository.notebook.content import Kind as ContentKinds

        content = self._reader.blob(digest)
        return content.value if content.kind is ContentKinds.RAW else render.render(content.value)

    def ls(
        self, prefix: str = "", *, details: bool = False, deleted: bool = False, cache: str | None = None
    ) -> Iterator[Notebook]:
        """The notebooks under a prefix, by path: from listings alone, unless details are asked for.

        Args:
            prefix: a path, or the directory that it is in; everything if empty.
            details: with the newest version and the refs, one read for each manifest that changed since last time.
            deleted: with those that were deleted or renamed away.
            cache: a file that remembers details between calls.
        """
        lines = listing.notebooks(self._backend, prefix, deleted=deleted)
        if details:
            return listing.with_details(self._backend, self._objects.map, lines, cache)
        return (Notebook(line.path, line.changed, line.deleted) for line in lines)

    def grep(
        self,
        query: "Query | str",
        *,
        prefix: str | Sequence[str] = "",
        index: str | None = None,
        reindex: bool = False,
        telling: "Telling | None" = None,
    ) -> "Iterator[Match]":
        """Look for a pattern in the newest versions, or in all of them; matches come as they are found, path by path.

        Args:
            query: what is looked for, and in what; a string is a regular expression for the sources of the newest.
            prefix: a path, or the directory that it is in; or several; everything if empty.
            index: a file that remembers what was read, so that it need not be read again; in memory, if not given.
            reindex: forget what the file remembers.
            telling: whom to tell what is damaged, and how far the search is.

        Raises:
            InvalidInput: the pattern is no regular expression.
            StorageError: something could not be read.
        """
        from depository.search.indexed import Cache
        from depository.search.query import Query, Telling, Versions
        from depository.search.searching import search
        from depository.search.updating import Store

        query = Query(query) if isinstance(query, str) else query
        prefixes = [prefix] if isinstance(prefix, str) else prefix
        lines = listing.under(self._backend, self._objects.map, prefixes, deleted=query.versions is not Versions.LATEST)
        store = Store(self._backend, self._commits, self._objects)
        return search(store, query, lines, Cache(index, reindex), telling or Telling())

    # differences, and cells through time

    def diff(
        self,
        path: str,
        old: str = "latest~1",
        new: str = specs.LATEST,
        *,
        outputs: bool = True,
        metadata: bool = False,
        execution_counts: bool = False,
    ) -> "NotebookDiff":
        """What changed from one version of a notebook to another, as `resolve` takes them, cell by cell.

        Raises:
            NotFound: there is no such notebook or version.
            InvalidContent: either version is raw bytes, no notebook.
            CorruptData: an object that is needed is missing or altered.
        """
        from depository.diff.compare import diff

        before, after = self.load(path, old), self.load(path, new)
        return diff(before, after, outputs=outputs, metadata=metadata, execution_counts=execution_counts)

    def blame(
        self,
        path: str,
        spec: str = specs.LATEST,
        *,
        cell: int | str | None = None,
        lines: bool = False,
        origins: "Origins | None" = None,
        note: Callable[[str], None] | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> list[CellBlame]:
        """The version that made each cell of a notebook what it is. One that only ran it does not count.

        Args:
            path: the notebook.
            spec: the version whose cells are asked about, as `resolve` takes it.
            cell: one of them alone, by its number from 1, its id or the start of that.
            lines: find for each line the version that brought it, too.
            origins: knows where else a cell was before; the trails of copied cells then go on in other notebooks.
            note: told in a sentence of each version that could not be read; its changes count as a later version's.
            progress: told how much of the history has been gone through, from 0 to 1.

        Raises:
            NotFound: there is no such notebook, version or cell.
            Ambiguous: several cells have ids that start so.
            InvalidContent: the version is raw bytes, no notebook.
            CorruptData: the version cannot be read.
        """
        from depository.lineage import blaming

        past, trail = self._trail(path, spec, note, progress)
        chosen = None if cell is None else trail.choose(cell)
        found = blaming.blame(past, trail, chosen=chosen, lines=lines, origins=origins)
        return list(map(views.blamed, found))

    def trace(
        self,
        path: str,
        cell: int | str,
        spec: str = specs.LATEST,
        *,
        outputs: bool = False,
        origins: "Origins | None" = None,
        note: Callable[[str], None] | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Iterator[CellStep]:
        """The versions in which one cell changed, the newest first, read from the store as they are asked for.

        Args:
            path: the notebook.
            cell: the cell, by its number from 1 in the version that `spec` names, by its id or the start of that.
            spec: a version that has the cell, as `resolve` takes it.
            outputs: the versions in which what it shows changed, instead of its source.
            origins: as `blame` takes it.
            note: as `blame` takes it.
            progress: as `blame` takes it.

        Raises:
            NotFound: there is no such notebook, version or cell.
            Ambiguous: several cells have ids that start so.
            InvalidContent: the version is raw bytes, no notebook.
            CorruptData: the version cannot be read.
        """
        from depository.lineage import tracing

        past, trail = self._trail(path, spec, note, progress, outputs=outputs)
        steps = tracing.trace(past, trail, trail.choose(cell), outputs=outputs, origins=origins)
        return map(views.step, steps)

    def origins(self, *, index: str | None = None, telling: "Telling | None" = None) -> "IndexOrigins":
        """What knows where else a cell was before: an index of all notebooks, brought up to date when first asked.

        Args:
            index: as `grep` takes it.
            telling: whom to tell what is damaged, and how far the index is.
        """
        from depository.search.indexed import Cache
        from depository.search.origins import IndexOrigins
        from depository.search.query import Telling
        from depository.search.updating import Store

        store = Store(self._backend, self._commits, self._objects)
        lines = partial(listing.notebooks, self._backend, "", deleted=True)
        return IndexOrigins(store, lines, Cache(index), telling or Telling())

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
        self._materialize({ref}, event.path)
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
        event = self._move_ref(path, EventKind.WITHDRAW, ref, None, expect, author, message)
        self._materialize({ref}, event.path)
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
        try:
            moved = rename(self._commits, self._objects, old, new, event)
        except NoNotebook:
            if (gone := self._commits.read(old)) and gone.renamed_to == new:  # but that may have been broken off here
                self._commits.settle(old)
                self._materialize(specs.SPACES, new, old)
            raise
        self._materialize({*moved, specs.WORKSPACE}, new, old)
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
        self._commits.commit(path, propose)
        self._materialize({specs.WORKSPACE}, path)
        return views.event(path, event)

    def undelete(self, path: str, *, to: str | None = None, author: str | None = None, message: str = "") -> Event:
        """Bring a deleted notebook back.

        Args:
            path: the notebook that was deleted.
            to: another path, for a history that has been displaced: another notebook was renamed to `path` since.
            author: who does it.
            message: what is to be said about it.

        Raises:
            NoNotebook: nothing was deleted there.
            AlreadyExists: there is a notebook at the path where it would come back.
        """
        from depository.history.renaming import undelete

        path = paths.check(path)
        event = EventEntry(
            EventKind.UNDELETE, self._milliseconds(None), self._author(author), words.check_message(message)
        )
        self._ready_to_write()
        target = paths.check(to) if to is not None else path
        undelete(self._commits, self._objects, path, target, event)
        self._materialize({specs.WORKSPACE} if target == path else specs.SPACES, target)
        return views.event(target, event)

    # the depository itself

    def info(self) -> Info:
        """What this depository is, and how the place is set up.

        Raises:
            NoDepository: there is none.
        """
        found = self._follow(marker.read(self._backend))
        return Info(
            self.url,
            found.format,
            found.protocol,
            found.created,
            found.prefixes,
            found.materialize,
            self._backend.inspect(),
        )

    # inside

    def _details(self, draft: Draft) -> "saving.Details":
        from depository import saving

        return saving.Details(
            self._milliseconds(draft.time),
            self._author(draft.author),
            words.check_label("cause", draft.cause),
            words.check_message(draft.message),
        )

    def _trail(
        self,
        path: str,
        spec: str,
        note: Callable[[str], None] | None,
        progress: Callable[[float], None] | None,
        *,
        outputs: bool = False,
    ) -> "tuple[Past, Trail]":
        from depository.history import damage
        from depository.lineage.past import Past, Telling

        manifest = self._manifest(path)
        telling = Telling(note or (lambda _: None), progress or (lambda _: None))
        past = Past(self._commits, self._objects, telling, outputs=outputs)
        try:
            return past, past.trail(manifest, self._reader.number(manifest, spec))
        except CorruptData as error:
            raise damage.explained(error, manifest, self._commits, self._objects) from error

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

    def _materialize(self, among: Collection[str], *along: str) -> None:
        """Have the plain notebooks of paths follow their refs, in those of the spaces where plain ones are written."""
        from depository import spaces

        for space in self._spaces().materialize:
            for path in along if space in among else ():
                spaces.materialize(self._backend, self._commits, self.read, path, space, self._spaces().prefixes[space])
