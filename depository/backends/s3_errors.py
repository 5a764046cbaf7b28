"""What a failed S3 request means, said in our own tree of errors."""

import re
from typing import NamedTuple

from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError

from depository.errors import (
    AccessDenied,
    KeyNotFound,
    NoBucket,
    OutcomeUnknown,
    PreconditionFailed,
    StorageError,
    StorageFull,
    Unreachable,
)

REFUSED = frozenset(("AccessDenied", "AllAccessDisabled", "AccountProblem", "Forbidden", "403", "401"))
"""The credentials are good, and may not do this."""

UNSUPPORTED = frozenset(("NotImplemented", "MethodNotAllowed", "XNotImplemented", "501", "405"))
"""The service has no such thing."""

_EXPIRED = frozenset(("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"))
_WRONG_CREDENTIALS = frozenset(("InvalidAccessKeyId", "InvalidToken", "InvalidClientTokenId", "UnrecognizedClient"))
_WRONG_REGION = frozenset(
    (
        "PermanentRedirect",
        "TemporaryRedirect",
        "AuthorizationHeaderMalformed",
        "AuthorizationQueryParametersError",
        "IllegalLocationConstraintException",
        "IncorrectEndpoint",
        "301",
        "307",
    )
)
_FULL = frozenset(("QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "InsufficientCapacity"))
_SLOW_DOWN = frozenset(("SlowDown", "Throttling", "ThrottlingException", "TooManyRequests", "RequestLimitExceeded"))
_UNCLEAR = frozenset(("ConditionalRequestConflict", "ConcurrentModification", "OperationAborted", "RequestTimeout"))
_ABSENT = frozenset(("NoSuchKey", "NoSuchVersion", "404"))

_NO_CREDENTIALS = (boto.NoCredentialsError, boto.PartialCredentialsError, boto.NoAuthTokenError)
_STALE_CREDENTIALS = (
    boto.CredentialRetrievalError,
    boto.TokenRetrievalError,
    boto.SSOError,
    boto.LoginError,
    boto.MetadataRetrievalError,
    boto.RefreshWithMFAUnsupportedError,
)
_NO_CONNECTION = (boto.EndpointConnectionError, boto.ConnectTimeoutError, boto.ProxyConnectionError)
_BROKEN_OFF = (boto.HTTPClientError, boto.IncompleteReadError, boto.FlexibleChecksumError)


class Request(NamedTuple):
    """What was asked for, in the words that an error needs."""

    verb: str
    """Such as ``read``."""
    key: str
    """Or what else was asked about."""
    place: str
    endpoint: str
    region: str | None
    writes: bool
    """What it does may have been done although it failed."""
    conditional: bool = False
    profile: str | None = None


def code_of(error: BaseException | None) -> str:
    """The code in an S3 service's answer, or its HTTP status where it has none; empty where there was no answer."""
    if not isinstance(error, ClientError):
        return ""
    return error.response.get("Error", {}).get("Code") or str(_status(error))


def explain(error: ClientError | BotoCoreError, request: Request, *, doubtful: bool = False) -> StorageError:
    """The error of ours that says what became of a request.

    Args:
        error: what botocore raised.
        request: what was asked.
        doubtful: an earlier attempt was sent and not clearly answered.
    """
    found = _explain_answer(error, request) if isinstance(error, ClientError) else _explain_silence(error, request)
    if request.writes and doubtful and not isinstance(found, PreconditionFailed | OutcomeUnknown):
        return OutcomeUnknown(f"{_unknown(request)}: an earlier attempt was not answered. {found}")
    return found


def explain_expiry(error: RuntimeError, place: str) -> AccessDenied | None:
    """The error that says that credentials had expired when they were fetched, if that is what botocore means.

    It has no error of its own for it: a program or a service of the machine gave out ones that were too old.
    """
    return _expired(place) if "credentials are still expired" in str(error) else None


def are_credentials_stale(error: BaseException) -> bool:
    """Whether other credentials may be found now than the ones that were refused."""
    refused = _EXPIRED | _WRONG_CREDENTIALS | {"SignatureDoesNotMatch"}
    return code_of(error) in refused or isinstance(error, _NO_CREDENTIALS + _STALE_CREDENTIALS)


def was_never_sent(error: BaseException) -> bool:
    """Whether a request failed before anything of it left: for want of a connection, or of trust in the server."""
    return isinstance(error, _NO_CONNECTION) or _is_untrusted(error)


def _is_untrusted(error: BaseException) -> bool:
    return isinstance(error, boto.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error)


def _explain_answer(error: ClientError, request: Request) -> StorageError:
    code, status = code_of(error), _status(error)
    what = f"{request.verb} '{request.key}' in {request.place}"
    if code == "PreconditionFailed" or status == 412:
        return PreconditionFailed(f"'{request.key}' in {request.place} is not as the condition of the write says.")
    if code == "NoSuchBucket":
        return NoBucket(f"There is no bucket for {request.place}: make it with 'depository init {request.place}'.")
    if code in _ABSENT or (status == 404 and code not in _WRONG_REGION):
        if request.conditional:
            return PreconditionFailed(f"'{request.key}' in {request.place} is gone.")
        if request.verb == "write":
            return StorageError(f"{request.endpoint} has no place for '{request.key}': check the endpoint.")
        return KeyNotFound(f"Nothing is stored under '{request.key}' in {request.place}.")
    if code in _FULL or status == 507:
        return StorageFull(f"{request.place} takes no more data ({code}): ask for more room, or make some.")
    access = _explain_refusal(error, code, status, request, what)
    if access is not None:
        return access
    if code in UNSUPPORTED:
        return StorageError(f"{request.endpoint} has no means to {what} so ({code}): it cannot hold a depository.")
    if code in _SLOW_DOWN or code in _UNCLEAR or status in (409, 429) or status >= 500:
        said = f"{status} {code}".removesuffix(f" {status}")
        if request.writes and status != 429:
            return OutcomeUnknown(f"{_unknown(request)}: {request.endpoint} answered {said}.")
        return Unreachable(f"{request.endpoint} did not {what} and answered {said}: try again later.")
    message = (error.response.get("Error", {}).get("Message") or "").rstrip(".")
    return StorageError(f"{request.endpoint} refused to {what}: {code}{': ' if message else ''}{message}.")


def _explain_refusal(error: ClientError, code: str, status: int, request: Request, what: str) -> StorageError | None:
    if code in _WRONG_REGION or status in (301, 307):
        region = _right_region(error)
        advice = f"set the region to '{region}'" if region else "set the region that the bucket is in"
        used = f"not in the region '{request.region}'" if request.region else "in another region"
        return StorageError(f"The bucket of {request.place} is {used}: {advice}.")
    if code == "RequestTimeTooSkewed":
        return AccessDenied(f"This computer's clock is too far from that of {request.endpoint}: set it right.")
    if code in _EXPIRED:
        return _expired(request.place)
    if code in _WRONG_CREDENTIALS:
        return AccessDenied(f"{request.endpoint} does not know the credentials used for {request.place}: check them.")
    if code == "SignatureDoesNotMatch":
        return AccessDenied(f"The secret key used for {request.place} is not the one that belongs to its key id.")
    if code in REFUSED or status in (401, 403):
        # To those who may not list a bucket, S3 says this also of a key that does not exist.
        also = "" if request.writes else " (s3:ListBucket too)"
        return AccessDenied(f"The credentials used may not {what}: ask for permission{also}, or use others.")
    return None


def _explain_silence(error: BotoCoreError, request: Request) -> StorageError:
    if isinstance(error, boto.ProfileNotFound):
        return AccessDenied(f"There is no AWS profile '{request.profile}' for {request.place}: check its spelling.")
    if isinstance(error, _NO_CREDENTIALS):
        return AccessDenied(f"No complete AWS credentials were found for {request.place}: configure some, or log in.")
    if isinstance(error, _STALE_CREDENTIALS):
        return AccessDenied(
            f"The AWS credentials for {request.place} could not be had: renew them, or log in ({error})."
        )
    if _is_untrusted(error):
        return Unreachable(f"The certificate of {request.endpoint} is not trusted here: check the address and the CA.")
    if isinstance(error, _NO_CONNECTION) or (isinstance(error, boto.SSLError) and not request.writes):
        return Unreachable(f"{request.endpoint} cannot be reached: check the network, and the address.")
    if isinstance(error, (*_BROKEN_OFF, boto.SSLError, boto.ReadTimeoutError)):
        if request.writes:
            return OutcomeUnknown(f"{_unknown(request)}: {request.endpoint} did not answer to the end.")
        return Unreachable(f"{request.endpoint} did not answer to the end about '{request.key}': try again later.")
    return StorageError(f"The AWS configuration cannot be used for {request.place}: {str(error).rstrip('.')}.")


def _expired(place: str) -> AccessDenied:
    return AccessDenied(f"The credentials for {place} have expired: renew them, for instance by logging in.")


def _unknown(request: Request) -> str:
    return f"Whether '{request.key}' in {request.place} was changed is not known"


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _right_region(error: ClientError) -> str | None:
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    details: dict[str, str] = dict(error.response.get("Error", {}))  # type: ignore[arg-type]
    named = re.search(r"expecting '([a-z0-9-]+)'", details.get("Message") or "")
    return headers.get("x-amz-bucket-region") or details.get("Region") or (named[1] if named else None)
