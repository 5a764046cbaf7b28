"""Who saves: the identity that the server knows, as it is found inside of a contents manager's method."""

import re
from typing import Any

_is_random = re.compile(r"[0-9a-f]{32}").fullmatch


def handler() -> Any:
    """The handler of the request, or of the connection, that is being served; None outside of any."""
    from jupyter_server import CallContext

    return CallContext.get(CallContext.JUPYTER_HANDLER)


def name(handler: Any, fallback: str) -> str:
    """The name of who is behind a request.

    Args:
        handler: as `handler` gives it.
        fallback: the name where the server knows none.
    """
    try:
        user = handler.current_user if handler is not None else None
    except Exception:  # an identity provider's own; a save does not fail for it
        user = None
    username = getattr(user, "username", None) or (user.get("username") if isinstance(user, dict) else None)
    if isinstance(username, str) and username and not _is_anonymous(user, username):
        return username[:200]
    return fallback


def is_automatic(handler: Any) -> bool:
    """Whether a save comes from an open connection, as those of real-time collaboration do, and not from a request."""
    if handler is None:
        return False
    from tornado.websocket import WebSocketHandler

    return isinstance(handler, WebSocketHandler)


def _is_anonymous(user: Any, username: str) -> bool:
    # with a token and no cookie the server draws a name for each request
    return bool(_is_random(username)) and str(getattr(user, "name", "")).startswith("Anonymous")
