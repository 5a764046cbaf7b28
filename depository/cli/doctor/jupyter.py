"""Whether what is saved in Jupyter gets here: the environment, the configuration, and the servers that run."""

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from depository import __version__
from depository.cli.doctor.case import Case, Pythons
from depository.cli.doctor.findings import Check, Finding, bad, ok, warn
from depository.cli.text import local

_ENABLE = "jupyter server extension enable depository"


def environment(case: Case) -> Iterator[Finding]:
    """Whether the `jupyter` of this shell is one that has depository."""
    pythons, found = case.pythons, case.jupyter_depository
    if pythons.jupyter is None:
        yield ok("jupyter", "There is no Jupyter here: what is archived, is archived by this command.")
    elif pythons.jupyter == pythons.own:
        yield ok("jupyter", f"Jupyter and depository are in one environment, {sys.prefix}.")
    elif found is None:
        yield bad(
            "jupyter",
            f"'{pythons.program}' is of another environment than this command, and has no depository: what is saved "
            "there is not archived.",
            f"Run {pythons.jupyter} -m pip install depository",
        )
    elif found == __version__:
        yield ok("jupyter", f"'{pythons.program}' has depository {found}, in an environment of its own.")
    else:
        yield warn(
            "jupyter",
            f"'{pythons.program}' has depository {found}, in an environment of its own, and this is {__version__}.",
            "Install the newer one in both.",
        )


def server_configuration(case: Case) -> Iterator[Finding]:
    """Whether a server that is started now would archive, and where."""
    if case.jupyter_depository is None:
        return
    found = case.jupyter
    if found["fatal"]:
        yield bad("jupyter configuration", f"Jupyter does not start with its configuration: {found['fatal']}.")
    for sentence in found["unread"]:
        yield bad(
            "jupyter configuration",
            f"Jupyter leaves out a configuration file that it cannot read: {sentence}.",
            "Mend that line; nothing of the file counts until then.",
        )
    for file, word in found["former"]:
        yield bad(
            "jupyter configuration",
            f"'{file}' has settings for what came before depository, '{word}', that do nothing any more.",
            "Write c.Depository.… instead, with a capital D: 'Migrate' in the documentation says what became of each.",
        )
    if not found["fatal"]:
        yield from _extension(found, case.pythons)
        yield _manager(found)
        yield from _target(case, found["settings"])


def _extension(found: dict[str, Any], pythons: Pythons) -> Iterator[Finding]:
    """Whether the extension is enabled for the servers of Jupyter's environment."""
    extension = found["extension"]
    files = [file for file, _ in extension["files"]]
    name = "jupyter extension"
    if extension["error"]:
        yield bad(name, f"The extension of Jupyter cannot be loaded: {extension['error']}.", "Install depository anew.")
    elif extension["enabled"]:
        where = f" by '{files[0]}'" if files else ""
        yield ok(name, f"The extension is enabled{where}, for jupyter_server {found['jupyter_server']}.")
    elif found["manager"].get("itself"):
        yield ok(name, "The extension is not enabled, and the contents manager that is configured archives by itself.")
    elif extension["enabled"] is None:
        yield bad(
            name,
            "The extension is not enabled: no jupyter_server_config.d/depository.json is in any of "
            f"{', '.join(found['path'])}.",
            f"Run {pythons.jupyter} -m pip install depository, or {_ENABLE}",
        )
    else:
        by = next((file for file, enabled in extension["files"] if not enabled), "a configuration file in Python")
        yield bad(name, f"The extension is switched off, by '{by}'.", f"Take that out, or run {_ENABLE}")


def _manager(found: dict[str, Any]) -> Finding:
    """Whether the contents manager that is configured can be made to archive."""
    manager, settings = found["manager"], found["settings"]
    name = "contents manager"
    if not settings["enabled"]:
        return bad(
            name,
            "Archiving is switched off in Jupyter, by c.Depository.enabled.",
            "Take that out of its configuration.",
        )
    if manager["archives"]:
        return ok(name, f"{manager['name']} is made to archive what it saves.")
    why = manager["error"] or "its methods are not replaced"
    return bad(
        name,
        f"The contents manager {manager['name'] or 'that is configured'} cannot be made to archive: {why}.",
        "Configure another one, or report this.",
    )


def _target(case: Case, settings: dict[str, Any]) -> Iterator[Finding]:
    """Whether Jupyter and this command mean the same depository."""
    name = "jupyter settings"
    if settings["error"]:
        yield bad(name, f"The settings c.Depository.… cannot be used: {settings['error']}")
    elif settings["url"] and settings["url"].rstrip("/") != case.place.url.rstrip("/"):
        instead = f"{case.place.url} is used, because {case.place.reason}"
        yield warn(
            name,
            f"Jupyter is configured for {settings['url']}, and here {instead}.",
            "Where a settings file names a depository, Jupyter goes by it too. Where none does, its terminals know of "
            f"its configuration, and others do not: 'depository init {settings['url']}' writes it down for all.",
        )
    elif settings["secrets"]:
        yield ok(name, "Jupyter has credentials in its own configuration; this command does not get them.")


def servers(case: Case) -> Iterator[Finding]:
    """Whether the servers that run now archive."""
    if case.jupyter_depository is None:
        return
    found = case.ask_jupyter("servers")
    if not found:
        yield ok("jupyter servers", "No Jupyter server of yours is running.")
    for server in found:
        yield _server(case, server)


def _server(case: Case, server: dict[str, Any]) -> Finding:
    name, what = "jupyter servers", f"The Jupyter server at {server['url']}"
    match server["answer"]:
        case "archives" if server["version"] != __version__:
            text = f"{what} archives with depository {server['version']}, and this is {__version__}."
            return warn(name, text, "Restart it when that suits.")
        case "archives" if server["sentences"]:
            return bad(name, f"{what} archives, and says: {' '.join(server['sentences'])}")
        case "archives":
            waiting = server["waiting"]
            return ok(name, f"{what} archives{f'; {waiting} wait' if waiting else ''}.")
        case "absent":
            return bad(name, f"{what} does not archive: {_reason(case, server)}.", _remedy(case, server))
        case "refused":
            text = f"{what} could not be asked whether it archives: it answers {server['reason']}."
            return warn(name, text, "Look at its log, which names the depository when it starts.")
    text = f"{what} does not answer: {server['reason']}."
    return warn(name, text, f"See whether process {server['pid']} is well.")


def _is_elsewhere(case: Case, server: dict[str, Any]) -> bool:
    """Whether a server runs in another environment than the `jupyter` of this shell."""
    python, known = server["python"], case.pythons.jupyter
    return bool(python and known) and os.path.dirname(python) != os.path.dirname(str(known))


def _reason(case: Case, server: dict[str, Any]) -> str:
    """Why a server does not archive, as far as that can be told."""
    if _is_elsewhere(case, server):
        return f"it runs with '{server['python']}', another environment"
    installed = _installed()
    if installed and server["started"] and server["started"] < installed:
        started, since = (local(datetime.fromtimestamp(time, UTC)) for time in (server["started"], installed))
        return f"it was started at {started}, before depository was installed at {since}"
    return "it was started before depository was installed, or without the extension"


def _remedy(case: Case, server: dict[str, Any]) -> str:
    if _is_elsewhere(case, server):
        return f"Run {server['python']} -m pip install depository, and restart the server."
    return "Restart it; if that does not help, see what is said of the extension above."


def _installed() -> float | None:
    """When depository was installed here, in seconds since the epoch; None where it runs from its source."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        files = distribution("depository").files or []
        times = [os.stat(str(file.locate())).st_mtime for file in files if file.name == "METADATA"]
    except (PackageNotFoundError, OSError):
        return None
    return max(times, default=None)


CHECKS = (
    Check("jupyter", environment),
    Check("jupyter configuration", server_configuration),
    Check("jupyter servers", servers),
)
