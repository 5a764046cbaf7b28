"""The comparison of two versions."""

from depository import __version__, specs
from depository.diff import document
from depository.diff.compare import diff as compare
from depository.diff.sequences import Effort
from depository.jupyter.api import parameters, records
from depository.jupyter.api.base import RESOURCE, Found, Handler, allowed
from depository.jupyter.api.failures import TooLarge
from depository.jupyter.api.versions import content_of
from depository.models import Version

MAX_COMPARED = 64 * 1024 * 1024
"""Bytes of the largest file that is compared."""
MAX_TEXT = 1024 * 1024
"""Characters of changed lines and outputs that are shown; how many cells changed is told beyond that too."""


class Diff(Handler):
    """What changed from one version of a notebook to another."""

    @allowed(RESOURCE)
    async def get(self, path: str) -> None:
        """Compare two versions, cell by cell."""
        query = self.query("old", "new", "outputs", "metadata", "context")
        specs_ = [parameters.spec(query.text("old", "latest~1")), parameters.spec(query.text("new", specs.LATEST))]
        has_outputs, has_metadata = query.flag("outputs", default=True), query.flag("metadata")
        context = query.number("context", 3, least=0, most=parameters.MAX_CONTEXT) or 0
        found = await self.find(path)
        old, new = await self.run(lambda: [found.depository.resolve(found.path, spec) for spec in specs_])
        etag = records.etag_of(document.FORMAT, __version__, old, new, has_outputs, has_metadata, context)
        if await self.is_known(etag):
            return
        for version in (old, new):
            if version.size > MAX_COMPARED:
                raise TooLarge(
                    f"{version.name} of '{found.shown}' has {version.size:,} bytes; at most {MAX_COMPARED:,} are "
                    "compared here: use 'depository diff'."
                )
        compared = await self.run(
            lambda: _document(found, old, new, context=context, outputs=has_outputs, metadata=has_metadata)
        )
        await self.reply({"old": records.version(old), "new": records.version(new), **compared}, etag=etag)


def _document(
    found: Found, old: Version, new: Version, *, context: int, outputs: bool, metadata: bool
) -> document.Document:
    before, after = (content_of(found, version) for version in (old, new))
    effort = Effort()
    if isinstance(before, dict) and isinstance(after, dict):
        compared = compare(before, after, outputs=outputs, metadata=metadata, effort=effort)
        return document.of_diff(compared, outputs=outputs, context=context, room=MAX_TEXT, effort=effort)
    files = [found.depository.read(found.path, version.name) for version in (old, new)]
    texts = [data.decode(errors="replace") for data in files]
    is_equal = files[0] == files[1]
    return document.of_texts(*texts, equal=is_equal, context=context, room=MAX_TEXT, effort=effort)
