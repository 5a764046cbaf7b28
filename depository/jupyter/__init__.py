"""Archiving from Jupyter: the contents manager, the server's extension, and what they are made of."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from depository.jupyter.archiver import DepositoryContentsArchiver as DepositoryContentsArchiver
    from depository.jupyter.archiver import depositoryContentsArchiver as depositoryContentsArchiver
    from depository.jupyter.archiver import make_archiver as make_archiver
    from depository.jupyter.checkpoints import DepositoryCheckpoints as DepositoryCheckpoints
    from depository.jupyter.legacy import ArchiveRecord as ArchiveRecord

_HOMES = {
    "ArchiveRecord": "depository.jupyter.legacy",
    "DepositoryCheckpoints": "depository.jupyter.checkpoints",
    "DepositoryContentsArchiver": "depository.jupyter.archiver",
    "depositoryContentsArchiver": "depository.jupyter.archiver",
    "make_archiver": "depository.jupyter.archiver",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    # jupyter_server is imported where it is there, and needed
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
