"""`depository init`."""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from depository import config, records
from depository.cli import files
from depository.cli.command import command, json_option
from depository.cli.session import TOP, Session
from depository.cli.text import printable
from depository.errors import AlreadyExists, StorageError
from depository.paths import check

if TYPE_CHECKING:
    from depository.backends.base import Setting
    from depository.config import Place
    from depository.depository import Depository

_SPACES = ("workspace", "scheduled", "published")
_MATERIALIZED = ("scheduled", "published")


@command(
    ("init ~/archive", "in a directory, for the notebooks from this directory downwards"),
    ("init s3://bucket/prefix --region eu-central-1", "in a bucket, which is made if it is not there"),
    ("init s3://notebooks --endpoint-url https://minio.example.org --path-style", "in a bucket of another service"),
    ("init", "the one that is configured already, or your own"),
)
@click.argument("url", required=False)
@click.option("--namespace", metavar="PATH", help="What this directory is called in the depository.")
@click.option(
    "--materialize",
    type=click.Choice([*_SPACES, "none"]),
    multiple=True,
    help="Where to write plain notebook files beside the archive; give it once for each. [scheduled, published]",
)
@click.option("--no-settings", is_flag=True, help=f"Write no {config.SETTINGS_FILE} here.")
@click.option("--endpoint-url", metavar="URL", help="The address of an S3 service other than AWS.")
@click.option("--region", help="The region of the bucket.")
@click.option("--profile", help="The AWS profile to take credentials from.")
@click.option("--path-style", is_flag=True, help="Put the bucket's name into the path, not before the host.")
@click.option("--sse", type=click.Choice(config.SSE), help="Ask for this encryption at rest with every write.")
@click.option("--kms-key-id", metavar="KEY", help="The key for aws:kms, if not the default one.")
@click.option("--checksums", type=click.Choice(config.CHECKSUMS), help="When to send the checksums of newer AWS tools.")
@json_option("Print a JSON document.")
@click.pass_obj
def init(
    session: Session,
    /,
    url: str | None,
    namespace: str | None,
    materialize: tuple[str, ...],
    no_settings: bool,
    path_style: bool,
    as_json: bool,
    **options: str | None,
) -> None:
    """Make a depository, or adopt the one that is there.

    It is for the notebooks from this directory downwards. Writes .depository.toml here, which says where the
    depository is and what this directory is called in it: by default just as before, so that no notebook's path
    changes. Secrets are not among what it holds: they come from the environment or from an AWS profile. What is
    left for an administrator to do is said with the command for it.
    """
    place = _place(session, url or session.url, _s3(options, path_style=path_style))
    here = check(namespace) if namespace else config.path_of(place, session.cwd)
    text = config.settings_text(_written_url(session, url, place), here, place.s3)
    file = None if no_settings else os.path.join(session.cwd, config.SETTINGS_FILE)
    if file:
        _refuse_other_settings(session, file, place, here)
    depository = _create(session, place, materialize)
    written = bool(file) and files.read_if_there(file or "") is None
    if file and written:
        files.replace(file, text.encode(), None)
    found = depository.info()
    if as_json:
        document: dict[str, Any] = {
            "url": depository.url,
            "format": found.format,
            "materialize": list(found.materialize),
            "directory": here,
            "settings_file": file,
            "settings": [setting._asdict() for setting in depository.settings],
        }
        session.console.line(records.document(document))
        return
    _say(session, depository.settings)
    session.console.line(f"The depository at {printable(depository.url)} is ready, of format {found.format}.")
    if materialize and set(found.materialize) != set(materialize) - {"none"}:
        kept = ", ".join(found.materialize) or "none"
        session.console.note(f"It was there already, and writes plain notebook files as it did: {kept}.")
    if file:
        verb = "Wrote" if written else "Kept"
        session.console.line(f"{verb} {config.SETTINGS_FILE}: this directory is {TOP}{printable(here)} there.")


def _s3(options: Mapping[str, str | None], *, path_style: bool) -> dict[str, str]:
    s3 = {key: value for key, value in options.items() if value}
    return {**s3, "addressing": "path"} if path_style else s3


def _place(session: Session, url: str | None, s3: dict[str, str]) -> "Place":
    """The depository that is meant, with the settings that were given before those that are configured."""
    place = config.locate(session.cwd, session.surroundings, url=url)
    if s3 and not place.url.lower().startswith("s3:"):
        raise click.UsageError(f"{place.url} is not on S3, and has no such settings.")
    return place._replace(s3={**place.s3, **s3})


def _written_url(session: Session, url: str | None, place: "Place") -> str:
    """The URL as it is written down: a directory that was given as seen from here stays so."""
    given = url or session.url
    if given and not os.path.isabs(given) and os.path.isabs(place.url):
        return os.path.relpath(place.url, session.cwd).replace(os.sep, "/")
    return place.url


def _refuse_other_settings(session: Session, file: str, place: "Place", here: str) -> None:
    if not os.path.lexists(file):
        return
    now = config.locate(session.cwd, session.surroundings)
    if (now.url, config.path_of(now, session.cwd), dict(now.s3)) != (place.url, here, dict(place.s3)):
        raise AlreadyExists(f"'{file}' says otherwise: change it, or move it out of the way.")


def _create(session: Session, place: "Place", materialize: tuple[str, ...]) -> "Depository":
    from depository.depository import Depository

    spaces = tuple(space for space in materialize or _MATERIALIZED if space != "none")
    try:
        return Depository.create(
            place.url, materialize=spaces, s3=place.s3_settings, author=session.surroundings.author
        )
    except StorageError:
        _say(session, _left(place))
        raise


def _left(place: "Place") -> "list[Setting]":
    """What somebody has to do before the depository can be made."""
    from depository.backends import connect

    try:
        return [setting for setting in connect(place.url, settings=place.s3_settings).inspect() if not setting.done]
    except StorageError:
        return []


def _say(session: Session, settings: "Sequence[Setting]") -> None:
    console = session.console
    for setting in settings:
        mark = console.paint("done ", "good") if setting.done else console.paint("to do", "warn")
        console.line(f"{mark}  {printable(setting.text)}")
