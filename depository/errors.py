"""Every error that depository raises on purpose.

The tree follows what a caller does next::

    DepositoryError
    ├── InvalidInput             mend the words or the content, and call again
    │   ├── InvalidPath          a path that no depository can hold
    │   ├── InvalidContent       content that cannot be archived
    │   ├── InvalidName          a version, ref, tag, author or message that cannot be one
    │   ├── InvalidURL           a place that cannot be a depository
    │   └── InvalidSettings      a configuration file or setting that cannot be used
    ├── NotFound                 look elsewhere
    │   ├── NoDepository         there is none at that place
    │   ├── NoNotebook           no notebook has, or had, that path
    │   └── NoVersion            the notebook has no such version, or nothing has such a hash
    ├── Ambiguous                several things answer to that name: say which
    ├── Conflict                 somebody else was faster, or it is there already: look again, then decide
    │   ├── AlreadyExists
    │   └── RefMoved
    ├── StorageError             the place where things are kept did not do what it was asked
    │   ├── KeyNotFound          (between backend and core) nothing is stored under that key
    │   ├── PreconditionFailed   (between backend and core) a conditional write found something else
    │   ├── OutcomeUnknown       a write that may or may not have happened
    │   ├── Unreachable          no answer: try again later
    │   ├── AccessDenied         no credentials, expired ones, or ones that may not do this
    │   ├── NoBucket             the bucket does not exist
    │   ├── TooLong             what is stored under a key is longer than it can be
    │   └── StorageFull          no room left, or read-only
    ├── CorruptData              what is stored is not what was put there
    │   ├── MissingObject
    │   └── AlteredObject
    │       └── NewerObject      of a newer format: altered, or written by a newer depository
    └── UnsupportedFormat        written by a newer depository: upgrade; a NewerObject is one, too

An error's text is one sentence for the person in front of it: what is wrong, where, and what to do where that is
known. ``exit_code`` is what the command line exits with: 2 for words it could not use, else 1.
"""


class DepositoryError(Exception):
    """The root of the tree."""

    exit_code = 1


class InvalidInput(DepositoryError):
    """What was given cannot be used."""

    exit_code = 2


class InvalidPath(InvalidInput):
    """A path that no depository can hold."""


class InvalidContent(InvalidInput):
    """Content that cannot be archived."""

    exit_code = 1


class InvalidName(InvalidInput):
    """A version, ref, tag, author or message that cannot be one."""


class InvalidURL(InvalidInput):
    """A place that cannot be a depository."""


class InvalidSettings(InvalidInput):
    """A configuration file or setting that cannot be used."""


class NotFound(DepositoryError):
    """What was asked for is not there."""


class NoDepository(NotFound):
    """There is no depository at that place."""


class NoNotebook(NotFound):
    """No notebook has that path."""


class NoVersion(NotFound):
    """The notebook has no such version, or nothing has such a hash."""


class Ambiguous(DepositoryError):
    """Several things answer to that name."""

    exit_code = 2


class Conflict(DepositoryError):
    """Somebody else was faster, or it is there already."""


class AlreadyExists(Conflict):
    """What was to be made is there already."""


class RefMoved(Conflict):
    """A ref does not point where the caller believed."""


class StorageError(DepositoryError):
    """The place where things are kept did not do what it was asked."""


class KeyNotFound(StorageError):
    """Nothing is stored under that key."""


class PreconditionFailed(StorageError):
    """A conditional write found something else than its condition says. It may be our own write, answered late."""


class OutcomeUnknown(StorageError):
    """A write that may or may not have happened."""


class Unreachable(StorageError):
    """No answer."""


class AccessDenied(StorageError):
    """No credentials, expired ones, or ones that may not do this."""


class NoBucket(StorageError):
    """The bucket does not exist."""


class TooLong(StorageError):
    """What is stored under a key is longer than it can be."""


class StorageFull(StorageError):
    """No room left, or read-only."""


class CorruptData(DepositoryError):
    """What is stored is not what was put there."""

    def __init__(self, text: str, digest: bytes | None = None) -> None:
        super().__init__(text)
        self.digest = digest
        """The hash of the object that is damaged, if it is one."""


class MissingObject(CorruptData):
    """An object that history refers to is not there."""


class AlteredObject(CorruptData):
    """An object is there, but it is not what its name or its frame says."""


class UnsupportedFormat(DepositoryError):
    """Written by a newer depository."""


class NewerObject(AlteredObject, UnsupportedFormat):
    """An object says that a newer depository wrote it, or is altered so that it says so.

    Where others can be read without it, they are.
    """
