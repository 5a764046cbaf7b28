"""What a Jupyter server of this environment would do about archiving, and what those do that run now.

``python -m depository.jupyter.looking configuration``, or ``servers``, writes that as a line of JSON. It is a process
of its own: reading Jupyter's configuration runs whatever Python stands in it.
"""

import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from glob import escape as glob_escape
from glob import glob
from typing import Any

_SECONDS = 5.0
"""For which a server may think about an answer."""
_EXTENSION = "depository"
_MOST_BYTES = 1 << 20
_PIECES = ("botocore", "jupyter_server", "jupyterlab", "notebook")

_FORMER = {
    "BookstoreSettings": re.compile(r"\bBookstoreSettings\b"),
    "bookstore": re.compile(r"\bbookstore\b"),
    "c.depository": re.compile(r"^[ \t]*c\.depository\b", re.MULTILINE),
    "c.NotebookApp.contents_manager_class": re.compile(
        r"^[ \t]*c\.NotebookApp\.contents_manager_class\b", re.MULTILINE
    ),
}
"""What was written into configuration files for what came before."""
_CONFIGURATIONS = ("jupyter_*config.py", "jupyter_*config.json", "jupyter_*_config.d/*.json")


class _Complaints(logging.Handler):
    """What Jupyter says about configuration that it cannot use."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.files: list[str] = []
        """Those that it leaves out, each with the reason."""
        self.fatal: list[str] = []
        """Why it does not start at all."""

    def emit(self, record: logging.LogRecord) -> None:
        """Note a complaint."""
        error = record.exc_info[1] if record.exc_info else None
        if record.levelno >= logging.CRITICAL:
            self.fatal.append(record.getMessage())
        elif error is not None:
            self.files.append(f"{_position(error) or record.getMessage()}: {type(error).__name__}: {error}")


def _position(error: BaseException) -> str:
    """The line of a configuration file in which an error came up."""
    place = ""
    trace = error.__traceback__
    while trace:
        name = trace.tb_frame.f_code.co_filename
        if os.path.basename(name).startswith("jupyter_") and name.endswith("_config.py"):
            place = f"{name}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return place or (f"{error.filename}, line {error.lineno}" if isinstance(error, SyntaxError) else "")


def configuration() -> dict[str, Any]:
    """What a server that is started now would be configured to do."""
    import jupyter_server
    from jupyter_server.serverapp import ServerApp

    app: Any = ServerApp()
    said = _Complaints()
    app.log.addHandler(said)
    app.log.propagate = False
    fatal = None
    try:
        app.load_config_file()
        app.find_server_extensions()
    except SystemExit:
        fatal = re.sub(r" of <[^>]*> instance", "", "; ".join(said.fatal)) or "it ends"
    except Exception as error:
        fatal = f"{type(error).__name__}: {error}"
    return {
        "jupyter_server": jupyter_server.__version__,
        "versions": {name: found for name in _PIECES if (found := _version(name))},
        "path": list(app.config_file_paths),
        "fatal": fatal,
        "unread": said.files,
        "extension": _extension(app),
        "manager": _manager(app),
        "settings": _settings(app),
        "former": list(_former(app.config_file_paths)),
    }


def _extension(app: Any) -> dict[str, Any]:
    """Whether the extension is enabled, by which files, and whether it can be loaded."""
    error = None
    try:
        import depository.jupyter.extension as _  # noqa: F401 - that it can be is what is asked
    except Exception as failed:
        error = f"{type(failed).__name__}: {failed}"
    says = list(_extension_files(app.config_file_paths))
    enabled = app.jpserver_extensions.get(_EXTENSION)
    return {"enabled": enabled, "files": says, "error": error}


def _extension_files(path: list[str]) -> Iterator[tuple[str, bool]]:
    """The files that say something of the extension, the one that counts first."""
    for directory in path:
        names = [os.path.join(directory, "jupyter_server_config.json")]
        below = os.path.join(directory, "jupyter_server_config.d")
        if os.path.isdir(below):
            names[:0] = [os.path.join(below, name) for name in sorted(os.listdir(below), reverse=True)]
        for name in names:
            try:
                with open(name, encoding="utf-8") as stream:
                    said = json.load(stream)["ServerApp"]["jpserver_extensions"][_EXTENSION]
            except (OSError, ValueError, KeyError, TypeError):
                continue
            yield name, bool(said)


def _manager(app: Any) -> dict[str, Any]:
    """The contents manager that is configured, and whether it can be made to archive."""
    try:
        from depository.jupyter.archiver import Archiving, make_archiver
        from depository.jupyter.settings import Depository

        configured = app.contents_manager_class
        base: Any = Depository(parent=app).archiver.underlying_contents_manager_class or configured
        name = f"{base.__module__}.{base.__qualname__}"
        made = make_archiver(base)
        wrapped: Any = base.__new__(base)
        wrapped.__class__ = made  # as the extension does it
        archives = isinstance(wrapped, Archiving) and all(
            base is made or getattr(made, method) is not getattr(base, method)
            for method in ("save", "rename", "delete")
        )
    except Exception as error:
        return {"name": None, "archives": False, "error": f"{type(error).__name__}: {error}"}
    return {
        "name": name,
        "archives": archives,
        "itself": isinstance(configured, type) and issubclass(configured, Archiving),
        "error": None,
    }


def _settings(app: Any) -> dict[str, Any]:
    """What is set as ``c.Depository.…``; of secrets, that there are some."""
    from depository.errors import DepositoryError
    from depository.jupyter.settings import Depository

    try:
        settings = Depository(parent=app)
        found = {"enabled": settings.enabled, "namespace": settings.namespace, "spool": settings.spool}
        return {**found, "url": settings.target(), "secrets": bool(settings.s3.secrets()), "error": None}
    except DepositoryError as error:
        return {**found, "url": None, "secrets": False, "error": str(error)}
    except Exception as error:
        return {"enabled": True, "url": None, "secrets": False, "error": f"{type(error).__name__}: {error}."}


def _former(path: list[str]) -> Iterator[tuple[str, str]]:
    """The configuration files that speak of what came before depository, and the word in them."""
    for directory in path:
        for pattern in _CONFIGURATIONS:
            for file in sorted(glob(os.path.join(glob_escape(directory), pattern))):
                try:
                    with open(file, encoding="utf-8", errors="replace") as stream:
                        text = stream.read(_MOST_BYTES)
                except OSError:
                    continue
                lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
                if word := next((word for word, former in _FORMER.items() if former.search(lines)), None):
                    yield file, word


def _version(piece: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(piece)
    except metadata.PackageNotFoundError:
        return None


def servers() -> list[dict[str, Any]]:
    """The servers of this user that run now, and what each says of archiving."""
    from jupyter_server.serverapp import list_running_servers

    return [
        {
            "url": info["url"],
            "pid": info["pid"],
            "started": _started(info["pid"]),
            "python": _python_of(info["pid"]),
            **_ask(info),
        }
        for info in list_running_servers()
    ]


def _ask(info: dict[str, Any]) -> dict[str, Any]:
    """What a server answers about archiving; `answer` is ``archives``, ``absent``, ``refused`` or ``silent``."""
    from urllib.error import HTTPError
    from urllib.request import ProxyHandler, Request, build_opener

    asked = Request(f"{info['url']}api/depository", headers={"Authorization": f"token {info.get('token', '')}"})  # noqa: S310
    try:
        with build_opener(ProxyHandler({})).open(asked, timeout=_SECONDS) as answer:
            said = json.loads(answer.read(_MOST_BYTES))
    except HTTPError as error:
        return {"answer": "absent" if error.code == 404 else "refused", "reason": f"{error.code} {error.reason}"}
    except (OSError, ValueError) as error:
        return {"answer": "silent", "reason": str(getattr(error, "reason", error))}
    if not isinstance(said, dict) or said.get("name") != "depository":
        return {"answer": "absent", "reason": "something else answers"}
    return {"answer": "archives", **{name: said.get(name) for name in ("version", "healthy", "waiting", "sentences")}}


def _started(pid: int) -> float | None:
    """When a process began, in seconds since the epoch, where the system tells."""
    try:
        return os.stat(f"/proc/{pid}").st_ctime
    except OSError:
        return None


def _python_of(pid: int) -> str | None:
    """The interpreter of a process, as it was called, where the system tells."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as stream:
            first = os.fsdecode(stream.read(4096).partition(b"\0")[0])
    except OSError:
        return None
    return first if os.path.isabs(first) and "python" in os.path.basename(first) else None


def main(what: str) -> None:
    """Write what was asked for as a line of JSON."""
    with redirect_stdout(sys.stderr):  # a configuration may print
        found = {"configuration": configuration, "servers": servers}[what]()
    print(json.dumps(found))  # noqa: T201 - this is what it is for


if __name__ == "__main__":
    main(sys.argv[1])
