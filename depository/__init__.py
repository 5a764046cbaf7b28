"""depository: every save of a Jupyter notebook, archived for good."""

from typing import TYPE_CHECKING, Any

__version__ = "1.0.0.dev0"

if TYPE_CHECKING:
    from depository.depository import Depository as Depository
    from depository.errors import DepositoryError as DepositoryError
    from depository.models import Draft as Draft
    from depository.models import Event as Event
    from depository.models import Info as Info
    from depository.models import Notebook as Notebook
    from depository.models import Version as Version

__all__ = ["Depository", "DepositoryError", "Draft", "Event", "Info", "Notebook", "Version", "__version__"]

_HOMES = {
    "Depository": "depository.depository",
    "DepositoryError": "depository.errors",
    "Draft": "depository.models",
    "Event": "depository.models",
    "Info": "depository.models",
    "Notebook": "depository.models",
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
