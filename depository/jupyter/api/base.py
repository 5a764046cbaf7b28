"""What all handlers of the API have in common: threads for what blocks, errors as JSON, strong ETags."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from http import HTTPStatus
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import ensure_async
from tornado.web import HTTPError, RequestHandler, authenticated

from depository.errors import DepositoryError, NoNotebook
from depository.jupyter.api import failures, parameters
from depository.jupyter.api.parameters import Query

if TYPE_CHECKING:
    from depository.depository import Depository
    from depository.jupyter.service import Service

RESOURCE = "depository"
"""What an authorizer is asked about for all that is read."""
PUBLISHING = "depository:publish"
RESTORING = "depository:restore"

_THREADS = 4
_THREADS_KEY = "depository_api_threads"
_PART = 1024 * 1024
_T = TypeVar("_T")
_Method = TypeVar("_Method", bound=Callable[..., Awaitable[None]])


def allowed(resource: str) -> Callable[[_Method], _Method]:
    """Have a method done for users only who may read, or with POST, PUT and DELETE write, a resource."""

    def decorate(method: _Method) -> _Method:
        # the resource is always named: Jupyter's decorator would remember that of the first class that is asked
        return cast("_Method", authenticated(authorized(resource=resource)(method)))

    return decorate


class Found(NamedTuple):
    """A notebook of Jupyter, as the archive knows it."""

    shown: str
    """Its path in Jupyter."""
    path: str
    """Its path in the depository."""
    depository: "Depository"
    url: str


class Handler(APIHandler):
    """A handler whose answers are JSON, errors included."""

    auth_resource = RESOURCE
    etag: str | None = None
    """Of what is answered, in quotes."""

    @property
    def service(self) -> "Service":
        """The archiving of this server."""
        service: Service = self.settings["depository_service"]
        return service

    async def run(self, work: Callable[..., _T], *arguments: Any) -> _T:
        """Do what asks the store, or takes long, in a thread."""
        threads = self.settings.get(_THREADS_KEY)
        if threads is None:
            threads = self.settings[_THREADS_KEY] = ThreadPoolExecutor(_THREADS, thread_name_prefix="depository-api")
        return await asyncio.get_running_loop().run_in_executor(threads, work, *arguments)

    async def look(self, work: Callable[[], _T]) -> _T:
        """Do what looks at local disks only: it is not to wait behind a store that does not answer."""
        return await asyncio.get_running_loop().run_in_executor(None, work)

    # what is asked

    def query(self, *known: str) -> Query:
        """The query of the request, in which nothing but these may be said."""
        return Query(self.request.query_arguments, known)

    def body(self, **known: type) -> dict[str, Any]:
        """The body of the request: a JSON object with these fields and no others."""
        return parameters.body(self.request.body, self.request.headers.get("Content-Type", ""), known)

    async def find(self, path: str) -> Found:
        """A notebook by its path in Jupyter.

        Raises:
            InvalidPath: it can have no such path.
            NoNotebook: it is hidden, or no file can be called so.
        """
        shown = parameters.notebook(path)
        await self.check_visible(shown)

        def locate() -> Found:
            target = self.service.places.locate(shown)
            return Found(shown, target.path, self.service.depository(target), target.url)

        return await self.look(locate)

    async def check_visible(self, shown: str) -> None:
        """Raise NoNotebook for what this server hides."""
        manager = self.service.contents_manager
        if manager.allow_hidden:
            return
        hidden = parameters.is_hidden(shown)
        if not hidden:
            try:
                hidden = bool(await ensure_async(manager.is_hidden(shown)))
            except HTTPError as error:
                if error.status_code != HTTPStatus.NOT_FOUND:
                    raise
                hidden = True  # it leads out of the directory that is served
            except OSError as error:
                raise NoNotebook(f"There is no '{shown[:60]}…', and there cannot be: {error.strerror}.") from error
        if hidden:
            raise NoNotebook(f"There is no '{shown}': this server does not show hidden files.")

    # what is answered

    async def reply(self, value: Any, *, status: int = HTTPStatus.OK, etag: str | None = None) -> None:
        """Answer with JSON, under an ETag of its text where it has no other."""
        text, digest = await self.run(_encoded, value)
        if self.request.method == "GET":
            self.etag = etag or digest
        self.set_status(status)
        await self.finish(text)

    async def is_known(self, etag: str) -> bool:
        """Whether the client has what this ETag is of, and was told so."""
        self.etag = etag
        self.set_header("Etag", etag)
        if not self.check_etag_header():
            return False
        self.set_status(HTTPStatus.NOT_MODIFIED)
        await self.finish()
        return True

    async def stream(self, data: bytes, content_type: str) -> None:
        """Answer with bytes, in parts, as fast as the client takes them."""
        self.set_header("Content-Length", str(len(data)))
        self.set_header("Content-Type", content_type)
        view = memoryview(data)
        while len(view) > _PART:
            self.write(bytes(view[:_PART]))
            await self.flush()
            view = view[_PART:]
        await self.finish(bytes(view), set_content_type=content_type)

    def compute_etag(self) -> str | None:
        """The ETag that tornado is to compare and to send."""
        return self.etag

    def set_default_headers(self) -> None:
        """Jupyter's, and that nothing is used again without asking."""
        super().set_default_headers()
        self.set_header("Cache-Control", "private, no-cache")

    # errors

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """Answer with the status that an error of ours stands for."""
        error = _error(kwargs)
        super().send_error(failures.status_of(error) if isinstance(error, DepositoryError) else status_code, **kwargs)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say in JSON, in one sentence, what is wrong: never a traceback."""
        error = _error(kwargs)
        self.etag = None
        reason = None
        if isinstance(error, DepositoryError):
            message, reason = str(error), failures.reason_of(error)
            if failures.is_worth_another_try(error):
                self.set_header("Retry-After", str(failures.RETRY_SECONDS))
        elif isinstance(error, HTTPError):
            message = _message(error) or _phrase(status_code)
        else:
            message = "Something unforeseen went wrong; the log of the server says what."
        if status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            self.set_header("Allow", ", ".join(self.methods()))
        self.finish(json.dumps({"message": message, "reason": reason}))

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Log what nobody foresaw, with its traceback; our own errors are answers."""
        if isinstance(value, DepositoryError):
            if failures.status_of(value) >= HTTPStatus.INTERNAL_SERVER_ERROR:
                self.log.warning("depository: %s", value)
            return
        super().log_exception(typ, value, tb)

    @classmethod
    def methods(cls) -> list[str]:
        """The methods that the resource has."""
        return [
            method
            for method in cls.SUPPORTED_METHODS
            if getattr(cls, method.lower(), None) is not getattr(RequestHandler, method.lower())
        ]


def _encoded(value: Any) -> tuple[bytes, str]:
    try:
        text = json.dumps(value, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(value))
    data = text.encode()
    return data, f'"{sha256(data).hexdigest()[:32]}"'


def _finite(value: Any) -> Any:
    """The same without NaN and infinities, which JSON does not have and browsers refuse."""
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    return [_finite(inner) for inner in value] if isinstance(value, list | tuple) else value


def _error(kwargs: dict[str, Any]) -> BaseException | None:
    found: BaseException | None = (kwargs.get("exc_info") or (None, None))[1]
    return found


def _message(error: HTTPError) -> str:
    try:
        return (error.log_message or "") % error.args if error.args else error.log_message or ""
    except (TypeError, ValueError):
        return error.log_message or ""


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown error"
