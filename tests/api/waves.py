"""A store that answers reads wave by wave, to tell how many round trips deep a call goes."""

import threading
from collections.abc import Collection

from depository.backends.base import Backend, Stored
from depository.backends.wrapper import Wrapper

_PATIENCE = 20.0
"""Seconds after which a wave counts as never complete. Nothing waits so long unless the test is about to fail."""


class Waves(Wrapper):
    """The backend that it was given, whose reads of one wave are answered when all of them have been asked.

    So whoever asks one after the other what could be asked at once waits in vain, and the call fails.

    Args:
        backend: who does the work.
        waves: the keys of each round trip.
    """

    def __init__(self, backend: Backend, waves: Collection[Collection[str]]) -> None:
        super().__init__(backend)
        self.workers = 64
        self._barriers = {key: barrier for wave in waves for barrier in [threading.Barrier(len(wave))] for key in wave}

    def get(self, key: str, *, limit: int) -> Stored:
        self._barriers[key].wait(_PATIENCE)
        return super().get(key, limit=limit)
