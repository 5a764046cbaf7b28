"""How much of a difference a page holds, however much there is."""

from dataclasses import dataclass, field

MAX_TEXT = 16 * 1024 * 1024
"""Characters of HTML for all that changed, images apart."""
MAX_UNCHANGED = 2 * 1024 * 1024
"""Characters of HTML for the sources of unchanged cells."""
MAX_IMAGE = 5 * 1024 * 1024
"""Bytes of one image; a larger one is described."""
MAX_OVERLAID = 512 * 1024
"""Bytes of an image that is shown a second time, over the one that it became."""
MAX_IMAGES = 32 * 1024 * 1024
"""Bytes of all images."""
MAX_PIXELS = 50_000_000
"""Of one image."""
MAX_SVG = 2 * 1024 * 1024
"""Bytes of one SVG."""
MAX_SVGS = 8 * 1024 * 1024
"""Bytes of all of them."""
MAX_PREVIEW = 64 * 1024
"""Characters of one piece of HTML that is shown as it looks; a longer one is shown as its source."""
MAX_PREVIEWS = 256 * 1024
"""Characters of all of them."""
MAX_SECTIONS = 5_000
"""Changes of a page; there are counts of all."""
MAX_LISTED = 500
"""Changes in the list at its top."""
MAX_LINES = 2_000
"""Lines of one text."""
MAX_LINE = 2_000
"""Characters of one line; of a longer one the part that differs is shown."""
MAX_ROWS = 500
"""Rows of one table."""
MAX_COLUMNS = 100
MAX_VALUE = 400
"""Characters of a value in a table, of JSON or metadata."""
MAX_NAME = 100
"""Characters of a name: of a file, a MIME type, a kind of cell."""


@dataclass(slots=True)
class Room:
    """How much may still be put somewhere."""

    left: int

    def take(self, size: int) -> bool:
        """Take so much, and say whether there was as much left; if not, none is taken, and nothing fits any more."""
        if size > self.left:
            self.left = 0
            return False
        self.left -= size
        return True

    def fits(self, size: int) -> bool:
        """Take so much if there is as much left, and say whether there was; less may still fit later."""
        return size <= self.left and self.take(size)


@dataclass(slots=True)
class Rooms:
    """What one page may hold."""

    text: Room = field(default_factory=lambda: Room(MAX_TEXT))
    unchanged: Room = field(default_factory=lambda: Room(MAX_UNCHANGED))
    images: Room = field(default_factory=lambda: Room(MAX_IMAGES))
    drawings: Room = field(default_factory=lambda: Room(MAX_SVGS))
    previews: Room = field(default_factory=lambda: Room(MAX_PREVIEWS))
