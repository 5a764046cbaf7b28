"""Mutants that no test kills, and what looking at each of them showed."""

REASONS: dict[str, str] = {
    "backends.versions.Judge._put: self._keep(self._places, (key, name), mine) -> pass": (
        "costs requests, which the budgets count: what was seen of the place of a write is looked up again"
    ),
    "backends.versions.Judge._came_first: return False -> return None": (
        "equivalent: no caller asks for more than its truth"
    ),
    "backends.versions.Judge._keep: memory.move_to_end(key) -> pass": "costs requests: what was used last is forgotten",
    "history.commit.Commits._read_ahead: return self.read_page(pointer) -> return None": (
        "costs round trips, which the budgets count: each page is read when it is reached"
    ),
    "history.commit.Commits.settle: self._known(path) or self._read(path) -> self._known(path) and self._read(path)": (
        "equivalent: who settles has just read"
    ),
    "history.commit.Commits._try: 1 -> 2": "equivalent: a generation has to grow, by however much",
    "history.commit.Commits._holds: break -> pass": "costs reading: what lies further back has other numbers and times",
    "history.commit.Commits._holds: return False -> return None": "equivalent: no caller asks for more than its truth",
    "history.commit.Commits._read: self._forget(path) -> pass": (
        "equivalent: what is known is looked at again before nothing is done, and a write's condition fails"
    ),
    "history.damage._Search._is_needed_by: return False -> return None": (
        "equivalent: no caller asks for more than its truth"
    ),
    "history.damage._Search._look_at: True -> False": "equivalent: the two are of one length",
    "history.damage._Search.affected: continue -> pass": "costs time: it looks at more of a long history than it says",
    "history.entries.decode: raise ValueError(f'a version has {len(fields)} fields') -> pass": (
        "equivalent but for the words: taking apart another number of fields is a ValueError as well"
    ),
    "history.entries.decode: 1 <= number <= LARGEST -> 1 <= number < LARGEST": "nobody counts to 2 to the power of 63",
    "history.manifest.Manifest.appended: 0 -> 1": "equivalent: nothing is appended before the first version",
    "history.manifest.pack: in_recent or manifest.newest is None -> in_recent and manifest.newest is None": (
        "costs bytes: the newest version is there twice"
    ),
    "history.pages.walk: len(wanted) > 1 -> len(wanted) >= 1": "equivalent: one page is read by another function",
    "history.refs.move: 'no version' -> 'no versio'": "a word of an error",
    "history.renaming.rename: displaced is None and target is not None -> displaced is None or target is not None": (
        "costs requests, which the budgets count: it looks for what is late where nothing can be"
    ),
    "history.renaming._follow: return False -> return None": "equivalent: no caller asks for more than its truth",
    "history.renaming._bare: 0 -> 1": "equivalent: whatever number it is, it is the same for all",
    "history.renaming._moved_last: 1 -> 2": "equivalent: what has come along already is known by its content",
    "objects.frame.encode: len(packed) < len(payload) -> len(packed) <= len(payload)": "takes the same room",
    "objects.frame.unpack: version < FORMAT -> version <= FORMAT": "equivalent: the same format was asked for before",
    "objects.frame.patch: False -> True": "costs bytes: four of a patch, whose result has a hash anyway",
    "objects.frame._decompress: 1 -> 2": (
        "equivalent: what is decoded at once needs no window beside it, and no more of it than its size is decoded"
    ),
    "objects.frame._parameters: 0 -> 1": "costs bytes: a frame may name its dictionary, and a raw one has no name",
    "objects.frame._parameters: size + base_size - 1 -> size + base_size + 1": "costs memory, at powers of two alone",
    "objects.frame._parameters: 2 -> 3": "costs bytes or time: the size of a table that zstd looks in",
    "objects.frame._parameters: base_size.bit_length() - 1 -> base_size.bit_length() + 1": (
        "costs time: the size of a table that zstd looks in"
    ),
    "objects.frame._parameters: 1 -> 2": "costs memory, at powers of two alone",
    (
        "objects.store.Objects._encode_delta: "
        "len(delta.encoded) < len(whole.encoded) -> len(delta.encoded) <= len(whole.encoded)"
    ): "takes the same room",
    "objects.store.Objects.read_frames: if not self._cached(key) -> if not not self._cached(key)": (
        "costs requests, which the budgets count: what was not read together is read where it is needed"
    ),
    "objects.store.Objects.read_frames: not self._cached(key) -> self._cached(key)": (
        "costs requests, which the budgets count: what was not read together is read where it is needed"
    ),
    "objects.store.Objects._encode_delta: len(delta.encoded) * 4 < len(data) -> len(delta.encoded) * 4 <= len(data)": (
        "costs time, where a delta is a fourth of the data to the byte"
    ),
    "objects.store.Objects._encode_delta: 4 -> 5": "costs bytes or time: from where on the whole is tried as well",
    "objects.store.Objects._create: return False -> return None": "equivalent: no caller asks for more than its truth",
    (
        "objects.store.Objects.decode: step in chain or len(chain) > 2 * MAX_CHAIN -> "
        "step in chain and len(chain) > 2 * MAX_CHAIN"
    ): "costs time: it goes in circles for twice the length of a chain; one without end is bounded by what is there",
    "objects.store.Objects.decode: len(chain) > 2 * MAX_CHAIN -> len(chain) >= 2 * MAX_CHAIN": (
        "a bound of twice what is ever written, and one less"
    ),
    "objects.store.Objects.decode: 2 -> 3": "a bound of twice what is ever written, or three times",
    "objects.store.Objects.map: len(todo) < 2 -> len(todo) <= 2": "costs time: two are called one after the other",
    "objects.store.Objects.map: 'depository' -> 'depositor'": "the name of a thread",
    "objects.store.Objects.forget: self._cached_bytes -= _room(old) -> pass": "costs speed: less is kept than could be",
    "objects.store.Objects.decode: payload and blob.base -> payload or blob.base": (
        "equivalent: what is built on something has it read before, and nothing else has"
    ),
    "objects.store._room: 700 -> 701": "equivalent: it is an estimate",
    "objects.store._room: 80 -> 81": "equivalent: it is an estimate",
    "notebook.skeleton.take_apart: len(canonical_bytes) < _BASE64_FLOOR -> len(canonical_bytes) <= _BASE64_FLOOR": (
        "costs speed: what is so small holds nothing large, which is looked for in vain"
    ),
    (
        "notebook.skeleton.take_apart: len(canonical_bytes) < _BASE64_FLOOR or not _has_long(content) -> "
        "len(canonical_bytes) < _BASE64_FLOOR and (not _has_long(content))"
    ): "costs speed: what holds nothing large is looked through for it in vain",
    "notebook.canonical.decode_text: 'utf-8' -> 'utf-'": "equivalent: another name of UTF-8 in Python",
    "notebook.images._webp: 30 -> 31": "equivalent: of what is read more, no bit is looked at",
    "notebook.images._webp: 28 -> 29": "equivalent: of what is read more, no bit is looked at",
    (
        "notebook.skeleton.is_whole: (stop := parts.data.find(_MARK[0], stop)) >= 0 -> "
        "(stop := parts.data.find(_MARK[0], stop)) > 0"
    ): "equivalent: a notebook begins with a map",
    "notebook.skeleton.put_together: 0 -> 1": "a bound of 1 GiB, and one byte less",
    "notebook.skeleton.put_together: size > MAX_OUTPUTS -> size >= MAX_OUTPUTS": "the same bound, and one byte less",
    "notebook.splice._spliced: 1 -> 2": (
        "where a cell of another kind is replaced, the keys of the new one have the order of the next"
    ),
    "notebook.images.pixels: 0 < length < _MAX_PIXELS -> 0 < length <= _MAX_PIXELS": "no image has so many",
    "notebook.images._webp: 25 -> 26": "equivalent: of what is read more, no bit is looked at",
    "notebook.images._svg: 'utf-8' -> 'utf-'": "equivalent: another name of UTF-8 in Python",
    "notebook.skeleton.is_whole: return False -> return None": "equivalent: no caller asks for more than its truth",
}
"""By `Mutant.name`."""
