"""Which handler answers what: the most specific route first, since a path in Jupyter may have slashes in it."""

from depository.jupyter.api.base import Handler
from depository.jupyter.api.comparing import Diff
from depository.jupyter.api.notebooks import Notebooks, OneNotebook, Undelete
from depository.jupyter.api.refs import Ref, Refs
from depository.jupyter.api.restoring import Restore
from depository.jupyter.api.server import Home, Nothing, OpenAPI, Queue
from depository.jupyter.api.versions import Contents, File, OneVersion, Versions

TOP = "/api/depository"
_PATTERNS = {"{path}": "(?P<path>.+)", "{spec}": "(?P<spec>[^/]+)", "{name}": "(?P<name>[^/]+)"}

RESOURCES: tuple[tuple[str, type[Handler]], ...] = (
    ("", Home),
    ("/openapi.json", OpenAPI),
    ("/queue", Queue),
    ("/notebooks", Notebooks),
    ("/notebooks/{path}/versions/{spec}/file", File),
    ("/notebooks/{path}/versions/{spec}/contents", Contents),
    ("/notebooks/{path}/versions/{spec}/restore", Restore),
    ("/notebooks/{path}/versions/{spec}", OneVersion),
    ("/notebooks/{path}/versions", Versions),
    ("/notebooks/{path}/refs/{name}", Ref),
    ("/notebooks/{path}/refs", Refs),
    ("/notebooks/{path}/diff", Diff),
    ("/notebooks/{path}/undelete", Undelete),
    ("/notebooks/{path}", OneNotebook),
)
"""Each resource, as the description of the API has it."""


def _pattern(resource: str) -> str:
    for placeholder, pattern in _PATTERNS.items():
        resource = resource.replace(placeholder, pattern)
    return f"{TOP}{resource}"


ROUTES: tuple[tuple[str, type[Handler]], ...] = (
    *((_pattern(resource), handler) for resource, handler in RESOURCES),
    (f"{TOP}/.*", Nothing),
)
"""Each resource as a regular expression of an address below the server's base URL."""
