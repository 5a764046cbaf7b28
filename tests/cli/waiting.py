"""A Jupyter server that has accepted saves and could not archive them."""

import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from depository.spool import problems
from depository.spool.directory import Name, Spool
from depository.spool.items import Item, Kind
from depository.spool.problems import Problem
from tests.cli.shell import Shell, notebook

NOON = 1_767_268_800_000
"""2026-01-01 12:00 UTC, in milliseconds since the epoch."""


class Waiting:
    """The spool of the user at a shell."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.directory = shell.home / "spool"
        shell.setenv("DEPOSITORY_SPOOL", str(self.directory))
        self._stamp = NOON

    def open(self) -> Spool:
        return Spool(str(self.directory), clock=lambda: self._stamp * 1_000_000)

    def go_on(self) -> None:
        """Put what comes next within the last ten seconds."""
        self._stamp = time.time_ns() // 1_000_000 - 10_000

    def put(
        self,
        name: str,
        data: bytes | None = None,
        *,
        kind: Kind = Kind.SAVE,
        old: str | None = None,
        url: str | Path | None = None,
        s3: Mapping[str, str] = MappingProxyType({}),
        is_automatic: bool = False,
    ) -> Name:
        """Have something wait, a second after what was put before; `name` is a file of ``~/proj``."""
        data = notebook("one") if data is None and kind is Kind.SAVE else data or b""
        item = Item(
            kind=kind,
            time=self._stamp,
            author="ann",
            cause="save",
            shown=name,
            url=str(url or self.shell.store),
            path=f"kylek/proj/{name}",
            s3=s3,
            file=str(self.shell.home / "proj" / name),
            old=f"kylek/proj/{old}" if old else None,
        )
        spool = self.open()
        accepted = spool.begin(item, [data], is_automatic=is_automatic)
        spool.confirm(accepted)
        spool.close()
        self._stamp += 1000
        return accepted

    def put_unplaced(self, name: str) -> Name:
        """Have a save wait whose server could not find out where it belongs."""
        data = notebook("one")
        file = str(self.shell.home / "proj" / name)
        item = Item(Kind.SAVE, self._stamp, "ann", "save", name, None, None, file=file)
        spool = self.open()
        accepted = spool.begin(item, [data])
        spool.confirm(accepted)
        spool.close()
        self._stamp += 1000
        return accepted

    def damage(self, name: Name) -> None:
        """Change a byte of an item's content."""
        file = self.directory / "items" / f"{name}.item"
        data = bytearray(file.read_bytes())
        data[-20] ^= 1
        file.write_bytes(data)

    def trouble(self, url: str, kind: str, sentence: str, *, tries: int = 3) -> None:
        """Have a server note why nothing can be archived."""
        problems.write(self.open(), Problem(url, kind, sentence, NOON, tries, NOON + 60_000))

    @property
    def names(self) -> list[Name]:
        return self.open().waiting()


@pytest.fixture
def waiting(shell: Shell) -> Waiting:
    return Waiting(shell)
