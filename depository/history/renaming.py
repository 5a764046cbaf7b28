"""Renames and undeletions: manifests that change their name, and take their history along.

Renaming writes two manifests, and never copies history. The new name is written first: whatever happens in between,
the history has a name. The old name keeps its own view of it, with a note of where it went, so that no acknowledged
number ever changes its meaning.
"""

from collections.abc import Mapping
from itertools import dropwhile, islice, takewhile

from depository.errors import AlreadyExists, AlteredObject, Conflict, NoNotebook, UnsupportedFormat
from depository.history import manifest as manifests
from depository.history import pages
from depository.history.commit import Commits, Proposal
from depository.history.entries import Entry, EventEntry, EventKind, VersionEntry
from depository.history.manifest import Buried, Manifest
from depository.notebook.canonical import hash_bytes
from depository.objects import frame
from depository.objects.frame import Kind
from depository.objects.store import Objects, key_of

_MAX_ROUNDS = 100


def rename(commits: Commits, objects: Objects, old: str, new: str, event: EventEntry) -> Mapping[str, int] | None:
    """Move a history from one path to another, and return its refs and those of a deleted one that it displaced.

    None is returned where a rename was taken up again that had been broken off, as the latter are not known then.

    Args:
        commits: of the depository.
        objects: of the depository.
        old: the path now.
        new: the path to be.
        event: what the new path's history says about it; its `other` is the old path.

    Raises:
        NoNotebook: there is nothing alive at the old path.
        AlreadyExists: there is something alive at the new path.
    """
    source = commits.read(old)
    if source is None or not source.alive:
        raise NoNotebook(f"There is no notebook '{old}' to rename.")
    moved: Manifest = source
    numbers: dict[int, int] = {}
    displaced: Mapping[str, int] | None = {}

    def arrive(target: Manifest | None) -> Proposal | None:
        nonlocal displaced
        displaced = target.refs if target else {}
        proposal = _arrive(commits, objects, moved, target, event)
        if proposal is None:
            displaced = None
        return proposal

    commits.read(new)  # what this process remembers of it may be gone
    target = commits.commit(new, arrive)
    if displaced is None and target is not None:  # so it was broken off, and the old name may have gone on since
        _follow(commits, _moved_last(commits, target, old), source, new, numbers)
    for _ in range(_MAX_ROUNDS):
        late = _leave(commits, source, new, event)
        # what somebody wrote under the old name meanwhile comes along as well
        if late is None or not _follow(commits, source.recent[-1], late, new, numbers):
            if late is None and (displaced is None or moved.renamed_from == new):
                _stay_if_it_came_back(commits, old, new)
            return None if displaced is None else {**displaced, **source.refs}
        source = late
    raise Conflict(f"'{old}' is written to all the time; it has the name '{new}' as well now. Rename it again later.")


def undelete(commits: Commits, objects: Objects, path: str, target: str, event: EventEntry, skip: int = 0) -> None:
    """Bring a deleted history back, under its own name or, also a displaced one, under another.

    Args:
        commits: of the depository.
        objects: of the depository.
        path: the name that it had.
        target: the name to be.
        event: what the history says about it.
        skip: how many histories of that name to pass over that were deleted later; only where the target is another.

    Raises:
        NoNotebook: nothing was deleted there, or no more than are passed over.
        AlreadyExists: there is a notebook at the target.
        CorruptData: what there is of the displaced history is missing or altered.
    """
    deleted = commits.read(path)
    if target != path:
        history = _deleted(objects, path, deleted, skip)
        back = event._replace(other=path)
        commits.read(target)  # what this process remembers of it may be gone
        commits.commit(target, lambda there: _arrive(commits, objects, history, there, back))
        return

    def propose(manifest: Manifest | None) -> Proposal:
        if manifest is None or manifest.renamed_to is not None:
            where = f": it was renamed to '{manifest.renamed_to}'" if manifest else ""
            raise NoNotebook(f"Nothing called '{path}' has been deleted{where}.")
        if not manifest.deleted:
            hint = "; name another path for the one that it displaced" if manifest.buried else ""
            raise AlreadyExists(f"'{path}' is not deleted{hint}.")
        return Proposal(manifest._replace(deleted=False), (event,))

    commits.commit(path, propose)


def _arrive(
    commits: Commits, objects: Objects, source: Manifest, target: Manifest | None, event: EventEntry
) -> Proposal | None:
    """Give a history to a path."""
    is_rename = event.event is EventKind.RENAME
    buried: tuple[Buried, ...] = ()
    generation = source.generation
    if target is not None:
        if target.alive:
            if is_rename and target.renamed_from == source.path and _begins_with(commits, target, source):
                return None  # one that was broken off is taken up again
            raise AlreadyExists(
                f"There is a notebook '{target.path}' already; choose another name, or delete it first."
            )
        generation = max(generation, target.generation)
        buried = target.buried
        if target.deleted and target.latest:
            buried = (*buried, _bury(objects, target))
    manifest = source._replace(
        generation=generation,
        renamed_from=event.other if is_rename else None,
        renamed_to=None,
        deleted=False,
        buried=buried,
    )
    return Proposal(manifest, (event,))


def _leave(commits: Commits, source: Manifest, new: str, event: EventEntry) -> Manifest | None:
    """Note at the old path where its history went; or return what it is now, if that is not what was moved."""
    late: Manifest | None = None

    def propose(manifest: Manifest | None) -> Proposal | None:
        nonlocal late
        late = manifest if manifest is not None and manifest.write_id != source.write_id else None
        if late is not None or manifest is None:
            return None
        # what was deleted meanwhile is deleted under its new name: there is nothing here to bring back
        return Proposal(manifest._replace(renamed_to=new, deleted=False), (event._replace(other=new),))

    commits.commit(source.path, propose)
    return late


def _stay_if_it_came_back(commits: Commits, old: str, new: str) -> None:
    """See that two renames in opposite directions do not leave a history at neither of the two names.

    That can be where one of the names came from the other before: then each may take its own for broken off.
    """
    target = commits.read(new)
    if target is None or target.renamed_to != old:
        return

    def propose(manifest: Manifest | None) -> Proposal | None:
        return Proposal(manifest._replace(renamed_to=None), ()) if manifest and manifest.renamed_to == new else None

    commits.commit(old, propose)
    raise Conflict(f"'{new}' was renamed to '{old}' at the same time: '{old}' stays as it is.")


def _moved_last(commits: Commits, target: Manifest, old: str) -> Entry | None:
    """The newest of the entries that came from another path."""
    since = dropwhile(lambda entry: not (isinstance(entry, EventEntry) and entry.other == old), commits.history(target))
    return next(islice(since, 1, None), None)


def _follow(commits: Commits, last: Entry | None, late: Manifest, new: str, numbers: dict[int, int]) -> bool:
    """Append to the new path what was written at the old one since it was moved.

    Args:
        commits: of the depository.
        last: the newest entry that was moved, or followed.
        late: the old path now.
        new: the path to follow to.
        numbers: the new numbers of versions that came along, by their old ones; added to.

    Returns:
        whether the history is still at the old path; else somebody else has completed this very rename.

    Raises:
        Conflict: somebody else renamed it to another path, or the new path.
    """
    extra: list[Entry] = []
    for entry in commits.history(late):
        if entry == last:
            break
        if isinstance(entry, EventEntry) and entry.event in (EventKind.RENAME, EventKind.START):
            if entry.other == new:
                return False
            raise Conflict(
                f"'{late.path}' was renamed to '{entry.other}' at the same time; its history has the name '{new}' "
                "as well now: delete one of them."
            )
        extra.append(entry)
    else:  # somebody else has moved more than there was here when it was read
        extra.clear()
    extra.reverse()
    renumbered: dict[int, int] = {}

    def propose(manifest: Manifest | None) -> Proposal | None:
        nonlocal renumbered
        if manifest is None:
            raise NoNotebook(f"'{new}' is gone while a notebook was being renamed to it; rename it again.")
        # somebody else who renames it so may have taken some of it along
        there = {_bare(entry): entry for entry in takewhile(lambda entry: entry != last, commits.history(manifest))}
        renumbered = dict(numbers)
        latest = manifest.latest
        for entry in extra:
            if isinstance(entry, VersionEntry):
                known = there.get(_bare(entry))
                latest += known is None
                renumbered[entry.number] = known.number if isinstance(known, VersionEntry) else latest
        missing = [entry for entry in extra if _bare(entry) not in there]
        if not missing:
            return None
        if manifest.renamed_to is not None:  # nobody would find there what is appended now
            raise Conflict(
                f"'{new}' was renamed to '{manifest.renamed_to}' while '{late.path}' was being renamed to it: "
                f"'{late.path}' stays as it is, and '{manifest.renamed_to}' has its history up to then as well."
            )
        refs, is_deleted = dict(manifest.refs), manifest.deleted
        for entry in missing:
            if isinstance(entry, VersionEntry):
                is_deleted = False
            elif entry.event in (EventKind.DELETE, EventKind.UNDELETE):
                is_deleted = entry.event is EventKind.DELETE
            elif entry.ref is not None and entry.number is None:
                refs.pop(entry.ref, None)
            elif entry.ref is not None and entry.number is not None:
                refs[entry.ref] = renumbered.get(entry.number, entry.number)
        has_versions = any(isinstance(entry, VersionEntry) for entry in missing)
        changed = manifest._replace(
            refs=refs, deleted=is_deleted, fingerprint=late.fingerprint if has_versions else manifest.fingerprint
        )
        return Proposal(changed, tuple(_renumbered(entry, renumbered) for entry in missing))

    if extra:
        commits.commit(new, propose)
    numbers.update(renumbered)
    return True


def _bare(entry: Entry) -> Entry:
    """An entry without the numbers, which may be others under another name."""
    if isinstance(entry, VersionEntry):
        return entry._replace(number=0)
    return entry._replace(number=None, previous=None)


def _renumbered(entry: Entry, numbers: Mapping[int, int]) -> Entry:
    if isinstance(entry, VersionEntry):
        return entry._replace(number=numbers[entry.number])
    number, previous = (None if n is None else numbers.get(n, n) for n in (entry.number, entry.previous))
    return entry._replace(number=number, previous=previous)


def _begins_with(commits: Commits, target: Manifest, source: Manifest) -> bool:
    """Whether the newest version of one history is that of the same number of another, which then has all of them."""
    if source.newest in (target.newest, *target.recent):
        return True
    page = pages.find(source.latest, target.back, commits.read_page)
    return page is not None and source.newest in page.entries


def _bury(objects: Objects, manifest: Manifest) -> Buried:
    data = manifests.pack(manifest)
    digest = hash_bytes(data)
    objects.write({digest: frame.encode(Kind.BYTES, data)})
    return Buried(manifest.latest, digest)


def _deleted(objects: Objects, path: str, manifest: Manifest | None, skip: int) -> Manifest:
    """One of the histories that were deleted under a name."""
    count = len(manifest.buried) + manifest.deleted if manifest else 0
    if manifest is None or not count:
        raise NoNotebook(f"Nothing that was called '{path}' has been deleted.")
    if skip >= count:
        if count == 1:
            raise NoNotebook(f"Only one notebook that was called '{path}' can be brought back: pass over none.")
        raise NoNotebook(
            f"Only {count} notebooks that were called '{path}' can be brought back: pass over {count - 1} at most."
        )
    if manifest.deleted:
        if not skip:
            return manifest
        skip -= 1
    return _dig_up(objects, manifest, manifest.buried[-1 - skip])


def _dig_up(objects: Objects, manifest: Manifest, buried: Buried) -> Manifest:
    """A history that was displaced.

    Raises:
        CorruptData: the object that holds its manifest is missing or altered, or is no manifest.
    """
    digest = buried.hash
    data = objects.read(digest, Kind.BYTES, limit=manifests.READ_LIMIT)
    try:
        return manifests.unpack(data)
    except (ValueError, UnsupportedFormat) as error:
        raise AlteredObject(
            f"The object {key_of(digest)}, a history that '{manifest.path}' had, is damaged: {error}.", digest
        ) from error
