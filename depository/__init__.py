"""depository: every save of a Jupyter notebook, archived for good."""

from typing import TYPE_CHECKING, Any

__version__ = "1.0.0.dev0"

if TYPE_CHECKING:
    from depository.depository import Depository as Depository
    from depository.diff.compare import NotebookDiff as NotebookDiff
    from depository.errors import DepositoryError as DepositoryError
    from depository.models import CellBlame as CellBlame
    from depository.models import CellStep as CellStep
    from depository.models import Draft as Draft
    from depository.models import Event as Event
    from depository.models import Info as Info
    from depository.models import LineBlame as LineBlame
    from depository.models import Notebook as Notebook
    from depository.models import Version as Version
    from depository.search.query import Match as Match
    from depository.search.query import Query as Query
    from depository.verifying.findings import Checked as Checked
    from depository.verifying.findings import Finding as Finding

__all__ = [
    "CellBlame",
    "CellStep",
    "Checked",
    "Depository",
    "DepositoryError",
    "Draft",
    "Event",
    "Finding",
    "Info",
    "LineBlame",
    "Match",
    "Notebook",
    "NotebookDiff",
    "Query",
    "Version",
    "__version__",
]

_HOMES = {
    "CellBlame": "depository.models",
    "CellStep": "depository.models",
    "Checked": "depository.verifying.findings",
    "Depository": "depository.depository",
    "DepositoryError": "depository.errors",
    "Draft": "depository.models",
    "Event": "depository.models",
    "Finding": "depository.verifying.findings",
    "Info": "depository.models",
    "LineBlame": "depository.models",
    "Match": "depository.search.query",
    "Notebook": "depository.models",
    "NotebookDiff": "depository.diff.compare",
    "Query": "depository.search.query",
    "Version": "depository.models",
}


def __getattr__(name: str) -> Any:
    # imported when they are asked for: a command that prints its help needs none of them
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    # asked by jupyter_server alone, when it starts
    from depository.jupyter.extension import DepositoryApp

    return [{"module": "depository", "app": DepositoryApp}]
