"""Spaces: the plain notebooks that schedulers and viewers read, written beside the archive.

The ref in the manifest is what counts; the plain file follows it. Whoever wrote the file looks at the ref again, so
that of several writers the last one leaves the file that the ref names.
"""

from collections.abc import Callable

from depository.backends.base import Backend
from depository.errors import StorageError
from depository.history.commit import Commits
from depository.specs import WORKSPACE

_MAX_ROUNDS = 10


def materialize(
    backend: Backend, commits: Commits, read: Callable[[str, str], bytes], path: str, space: str, prefix: str
) -> None:
    """Make the plain notebook of a path in a space be what the ref says: there, or not there.

    Args:
        backend: where it is written.
        commits: of the depository.
        read: the file of a version, by path and spec.
        path: the notebook.
        space: the ref.
        prefix: of the space's keys.

    Raises:
        StorageError: it could not be written; the ref is moved all the same.
    """
    key = f"{prefix}/{path}"
    written: int | None = -1
    for _ in range(_MAX_ROUNDS):
        manifest = commits.read(path)
        there = manifest is not None and manifest.renamed_to is None
        if manifest is None or not there:
            wanted = None
        elif space == WORKSPACE:
            wanted = manifest.latest if manifest.alive else None
        else:
            wanted = manifest.refs.get(space)
        if wanted == written:
            return
        try:
            if wanted is None:
                backend.delete(key)
            else:
                backend.put(key, read(path, f"v{wanted}"))
        except StorageError as error:
            what = f"is at v{wanted}" if wanted else "is taken down"
            raise type(error)(
                f"{space} of '{path}' {what} in the archive, but the plain notebook {key} does not follow: {error} "
                "Do it again."
            ) from error
        written = wanted
