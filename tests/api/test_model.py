"""Any sequence of calls by two processes against a model of a dictionary: what a depository is, said once more."""

import copy

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from depository import Depository, Event, Version
from depository.backends.memory import MemoryBackend
from depository.errors import AlreadyExists, NoNotebook, NotFound
from tests.api.stores import depository_on, found
from tests.notebooks import code, file_of, notebook, small, with_plots

PATHS = ["a.ipynb", "b.ipynb", "a/c.ipynb"]
TAGS = ["submitted", "paper"]

paths = st.sampled_from(PATHS)
clients = st.sampled_from([0, 1])
numbers = st.integers(1, 12)

files = st.one_of(
    st.integers(0, 40).map(lambda seed: file_of(notebook(code(f"x = {seed}")))),
    st.integers(0, 3).map(lambda seed: file_of(small(seed))),
    st.integers(0, 3).map(lambda seed: file_of(small(seed), indent=4)),
    st.integers(0, 2).map(lambda seed: file_of(with_plots(seed, plots=1))),
    st.binary(max_size=20),
)


class Path:
    """What the model knows of one history."""

    def __init__(self) -> None:
        self.files: list[bytes] = []
        self.refs: dict[str, int] = {}
        self.deleted = False
        self.events = 0


class TwoProcesses(RuleBasedStateMachine):
    """Two depositories on one store. What one has done, the other sees."""

    saved = Bundle("saved")

    def __init__(self) -> None:
        super().__init__()
        self.backend = MemoryBackend()
        self.model: dict[str, Path] = {}
        self.buried: dict[str, list[Path]] = {}
        self.remembered: dict[str, set[bytes]] = {}
        """What the second process may take for the newest file of each path: what it was when it may have looked. The
        first looks after each step."""
        self.touched: set[str] = set()
        """The paths that the second process has looked at in this step."""
        self.clients = [found(self.backend), depository_on(self.backend)]

    @initialize(target=saved, first=files)
    def begin(self, first: bytes) -> bytes:
        return first

    # saving

    @rule(target=saved, path=paths, client=clients, data=files)
    def save(self, path: str, client: int, data: bytes) -> bytes:
        self._save(path, client, data)
        return data

    @rule(path=paths, client=clients, data=saved)
    def save_again(self, path: str, client: int, data: bytes) -> None:
        self._save(path, client, data)

    @rule(path=paths, client=clients)
    def save_the_newest_again(self, path: str, client: int) -> None:
        if path in self.model:
            self._save(path, client, self.model[path].files[-1])

    @rule(path=paths, client=clients, start=st.integers(0, 1000), count=st.integers(20, 70))
    def save_a_burst(self, path: str, client: int, start: int, count: int) -> None:
        for number in range(start, start + count):
            self._save(path, client, f"burst {number}".encode())

    def _save(self, path: str, client: int, data: bytes) -> None:
        version = self.clients[client].save(path, data)
        there = self.model.get(path, Path())
        newest = bool(there.files) and not there.deleted and there.files[-1] == data
        if version.fresh:
            assert version.number == len(there.files) + 1
            assert not newest
            there.files.append(data)
            there.deleted = False
            self.model[path] = there
        else:
            # a process that does not know of the other one's newer save takes what it knows for the newest
            assert newest or (client == 1 and data in self.remembered.get(path, ()))
        self._looked(client, path)

    # names

    @rule(path=paths, client=clients)
    def delete(self, path: str, client: int) -> None:
        self._looked(client, path)
        if path in self.model and not self.model[path].deleted:
            self.clients[client].delete(path)
            self._changed(path, client).deleted = True
        else:
            with pytest.raises(NoNotebook):
                self.clients[client].delete(path)

    @rule(path=paths, client=clients)
    def undelete(self, path: str, client: int) -> None:
        self._looked(client, path)
        if path in self.model and self.model[path].deleted:
            self.clients[client].undelete(path)
            self._changed(path, client).deleted = False
        else:
            with pytest.raises((NoNotebook, AlreadyExists)):
                self.clients[client].undelete(path)

    @rule(old=paths, new=paths, client=clients)
    def rename(self, old: str, new: str, client: int) -> None:
        depo = self.clients[client]
        self._looked(client, old)
        self._looked(client, new)
        if old not in self.model or self.model[old].deleted or old == new:
            with pytest.raises((NoNotebook, AlreadyExists)):
                depo.rename(old, new)
        elif new in self.model and not self.model[new].deleted:
            with pytest.raises(AlreadyExists):
                depo.rename(old, new)
        else:
            depo.rename(old, new)
            if new in self.model:
                self.buried.setdefault(new, []).append(self.model[new])
            self.model[new] = self.model.pop(old)
            self._changed(new, client)
            self._looked(client, old)

    @rule(path=paths, to=paths, client=clients)
    def undelete_elsewhere(self, path: str, to: str, client: int) -> None:
        depo = self.clients[client]
        self._looked(client, path)
        self._looked(client, to)
        there = self.model.get(path)
        displaced = self.buried.get(path, [])
        source = there if there and there.deleted else displaced[-1] if displaced else None
        if path == to:
            return
        if source is None or (to in self.model and not self.model[to].deleted):
            with pytest.raises((NoNotebook, AlreadyExists)):
                depo.undelete(path, to=to)
            return
        depo.undelete(path, to=to)
        if to in self.model:
            self.buried.setdefault(to, []).append(self.model[to])
        self.model[to] = copy.deepcopy(source)
        self._changed(to, client).deleted = False

    # refs

    @rule(path=paths, client=clients, ref=st.sampled_from(["published", "scheduled"]), number=numbers)
    def promote(self, path: str, client: int, ref: str, number: int) -> None:
        self._looked(client, path)
        there = self.model.get(path)
        if there is None or number > len(there.files):
            with pytest.raises(NotFound):
                self.clients[client].promote(path, f"v{number}", ref)
            return
        event = self.clients[client].promote(path, f"v{number}", ref)
        assert (event.number, event.previous) == (number, there.refs.get(ref))
        self._point(path, client, ref, number)

    @rule(path=paths, client=clients, ref=st.sampled_from(["published", "scheduled"]))
    def withdraw(self, path: str, client: int, ref: str) -> None:
        self._looked(client, path)
        if path in self.model and ref in self.model[path].refs:
            self.clients[client].withdraw(path, ref)
            self._point(path, client, ref, None)
        else:
            with pytest.raises(NotFound):
                self.clients[client].withdraw(path, ref)

    @rule(path=paths, client=clients, name=st.sampled_from(TAGS), number=numbers, move=st.booleans())
    def tag(self, path: str, client: int, name: str, number: int, move: bool) -> None:
        self._looked(client, path)
        there = self.model.get(path)
        if there is None or number > len(there.files):
            with pytest.raises(NotFound):
                self.clients[client].tag(path, f"v{number}", name, move=move)
        elif not move and there.refs.get(name, number) != number:
            with pytest.raises(AlreadyExists):
                self.clients[client].tag(path, f"v{number}", name)
        else:
            self.clients[client].tag(path, f"v{number}", name, move=move)
            self._point(path, client, name, number)

    @rule(path=paths, client=clients, name=st.sampled_from(TAGS))
    def untag(self, path: str, client: int, name: str) -> None:
        self._looked(client, path)
        if path in self.model and name in self.model[path].refs:
            self.clients[client].untag(path, name)
            self._point(path, client, name, None)
        else:
            with pytest.raises(NotFound):
                self.clients[client].untag(path, name)

    def _point(self, path: str, client: int, ref: str, number: int | None) -> None:
        if self.model[path].refs.get(ref) == number:
            return
        refs = self._changed(path, client).refs
        if number is None:
            del refs[ref]
        else:
            refs[ref] = number

    def _changed(self, path: str, client: int) -> Path:
        self._looked(client, path)
        self.model[path].events += 1
        return self.model[path]

    def _looked(self, client: int, path: str) -> None:
        if client == 1:
            self.touched.add(path)

    # processes

    @rule(client=clients)
    def reopen(self, client: int) -> None:
        self.clients[client] = depository_on(self.backend)
        if client == 1:
            self.remembered.clear()

    # what always holds

    @invariant()
    def listings_are_the_model(self) -> None:
        for depo in self.clients:
            assert [line.path for line in depo.ls()] == sorted(
                p for p, there in self.model.items() if not there.deleted
            )
        for line in self.clients[0].ls(details=True):
            there = self.model[line.path]
            assert line.version is not None
            assert (line.version.number, dict(line.refs)) == (len(there.files), there.refs)

    @invariant()
    def the_newest_and_refs_are_the_models(self) -> None:
        depo = self.clients[0]
        for path in PATHS:
            if path not in self.model:
                with pytest.raises(NoNotebook):
                    depo.refs(path)
                continue
            there = self.model[path]
            assert depo.refs(path) == {"workspace": len(there.files), **there.refs}
            assert depo.read(path) == there.files[-1]

    @invariant()
    def the_second_process_remembers(self) -> None:
        for path in self.touched:
            if path in self.model:
                self.remembered.setdefault(path, set()).add(self.model[path].files[-1])
        self.touched.clear()

    def teardown(self) -> None:
        reader = depository_on(self.backend)
        for path, there in self.model.items():
            self._check(reader, path, there)
        for path, buried in self.buried.items():
            reader.undelete(path, to="back.ipynb") if not self._is_deleted(path) else None
            if not self._is_deleted(path):
                self._check(reader, "back.ipynb", buried[-1])
                reader.delete("back.ipynb")

    def _is_deleted(self, path: str) -> bool:
        return path in self.model and self.model[path].deleted

    def _check(self, reader: Depository, path: str, there: Path) -> None:
        told: list[Version | Event] = list(reader.history(path))
        versions = [entry for entry in told if isinstance(entry, Version)]
        assert [version.number for version in versions] == list(range(len(there.files), 0, -1))
        for version in versions:
            assert reader.read(path, version.name) == there.files[version.number - 1]
        assert sum(isinstance(entry, Event) for entry in told) >= there.events


TestTwoProcesses = TwoProcesses.TestCase
TestTwoProcesses.settings = settings(max_examples=max(50, settings().max_examples // 4), stateful_step_count=30)
