# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps the world on disk, so that a killed simulation goes on where it was.

The world is deterministic between inputs. So its inputs are written before anything that follows
from them is published, the number of every step is marked, and the whole world is written once in
a while. A restart loads the newest good world, takes the inputs in again at their steps, and
repeats the steps up to the mark. Two slots are used in turn, each with its inputs: a torn write
leaves the other one. Writes go to the page cache, which survives the death of the process;
nothing is flushed to the disk.

World slot: magic, sequence, length, CRC-32 of the payload, payload (pickle of identity and world).
Input slot: records of length, CRC-32, payload (pickle of step number and input).
Mark: two records of step number and its CRC-32, written in turn.
"""

import os
import pickle
import struct
import zlib
from pathlib import Path

from linehaul_floor import Plant
from linehaul_sim.errors import SnapshotError
from linehaul_sim.inputs import Input
from linehaul_sim.settings import Settings
from linehaul_sim.world import World
from linehaul_sim.world_data import WorldData

MAGIC = b'LHSIM001'
_HEAD = struct.Struct('<8sQQI')
_RECORD = struct.Struct('<II')
_MARK = struct.Struct('<QI')
SLOTS = ('world.0', 'world.1')
INPUTS = ('inputs.0', 'inputs.1')
MARK = 'clock'
MOST_INPUT_BYTES = 4_000_000
"""Size of an input slot beyond which the world should be written."""


def identity(plant: Plant, settings: Settings) -> dict[str, object]:
    """Return what a stored world must agree on with the world that wants to use it."""
    return {
        'plant': plant.name,
        'nodes': plant.roadmap.node_ids,
        'edges': plant.roadmap.edge_ids,
        'fleet': plant.fleet,
        'settings': settings,
    }


class Store:
    """The folder of one stored world.

    Args:
        folder: Made if it is not there.
        plant: The plant it is for.
        settings: Settings it runs with; they must not change within a run.

    Raises:
        SnapshotError: the folder cannot be written.
    """

    def __init__(self, folder: Path, plant: Plant, settings: Settings) -> None:
        self._folder = folder
        self._identity = identity(plant, settings)
        self._sequence = 0
        self._marks = 0
        self._length = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            self._slots = [os.open(folder / name, flags, 0o644) for name in SLOTS]
            self._inputs = [os.open(folder / name, flags, 0o644) for name in INPUTS]
            self._mark = os.open(folder / MARK, flags, 0o644)
        except OSError as error:
            raise SnapshotError(f'{folder}: cannot keep the world here: {error}') from error

    def save(self, data: WorldData) -> None:
        """Write the world into the older slot.

        Raises:
            SnapshotError: the disk is full or gone.
        """
        payload = pickle.dumps((self._identity, data), pickle.HIGHEST_PROTOCOL)
        head = _HEAD.pack(MAGIC, self._sequence + 1, len(payload), zlib.crc32(payload))
        new = (self._sequence + 1) % 2
        os.ftruncate(self._inputs[new], 0)
        self._write(self._slots[new], head + payload, 0)
        self._sequence += 1
        self._length = 0
        self.mark(data.steps)

    @property
    def full(self) -> bool:
        """So many inputs have been written that the world should be."""
        return self._length > MOST_INPUT_BYTES

    def write_inputs(self, steps: int, items: list[Input]) -> None:
        """Write inputs that came after a step, before the next one is done.

        Raises:
            SnapshotError: the disk is full or gone.
        """
        content = b''
        for item in items:
            payload = pickle.dumps((steps, item), pickle.HIGHEST_PROTOCOL)
            content += _RECORD.pack(len(payload), zlib.crc32(payload)) + payload
        self._write(self._inputs[self._sequence % 2], content, self._length)
        self._length += len(content)

    def mark(self, steps: int) -> None:
        """Note that the world has got to a step that others may have seen."""
        number = struct.pack('<Q', steps)
        self._marks += 1
        record = _MARK.pack(steps, zlib.crc32(number))
        self._write(self._mark, record, (self._marks % 2) * _MARK.size)

    def _write(self, file: int, content: bytes, offset: int) -> None:
        view = memoryview(content)
        try:
            while view:
                written = os.pwrite(file, view, offset)
                view, offset = view[written:], offset + written
        except OSError as error:
            raise SnapshotError(f'{self._folder}: cannot write the world: {error}') from error

    def load(self) -> tuple[WorldData, list[tuple[int, Input]], int] | None:
        """Return the newest good world, its inputs since, and the step it had got to.

        Returns:
            None in an empty folder. Each input comes with the step after which it came.

        Raises:
            SnapshotError: there are worlds, but no good one, or it is that of another plant.
        """
        found = [item for item in map(self._read_slot, self._slots) if item is not None]
        if not found:
            if any(os.fstat(file).st_size for file in self._slots):
                raise SnapshotError(
                    f'{self._folder}: no readable world; move the folder away to begin anew'
                )
            return None
        self._sequence, (stored, data) = max(found, key=lambda item: item[0])
        if stored != self._identity:
            wrong = [k for k, v in self._identity.items() if stored.get(k) != v]
            raise SnapshotError(
                f'{self._folder}: the stored world differs in {", ".join(wrong)}; '
                'run with what it began with, or use another state_dir'
            )
        inputs = self._read_inputs()
        return data, inputs, max([data.steps, self._read_mark(), *(n for n, _ in inputs)])

    def _read_inputs(self) -> list[tuple[int, Input]]:
        """Read the inputs of the present slot up to the first torn one."""
        file = self._inputs[self._sequence % 2]
        content = os.pread(file, os.fstat(file).st_size, 0)
        out, at = [], 0
        while at + _RECORD.size <= len(content):
            length, check = _RECORD.unpack_from(content, at)
            payload = content[at + _RECORD.size : at + _RECORD.size + length]
            if len(payload) < length or zlib.crc32(payload) != check:
                break
            out.append(pickle.loads(payload))
            at += _RECORD.size + length
        self._length = at
        return out

    def _read_slot(self, file: int) -> tuple[int, tuple[dict[str, object], WorldData]] | None:
        size = os.fstat(file).st_size
        head = os.pread(file, _HEAD.size, 0)
        if len(head) < _HEAD.size:
            return None
        magic, sequence, length, check = _HEAD.unpack(head)
        if magic != MAGIC or length > size - _HEAD.size:
            return None
        payload = os.pread(file, length, _HEAD.size)
        if len(payload) < length or zlib.crc32(payload) != check:
            return None
        try:
            return sequence, pickle.loads(payload)
        except (pickle.UnpicklingError, AttributeError, ImportError, TypeError, ValueError):
            return None  # written by another version of the package

    def _read_mark(self) -> int:
        steps = 0
        for slot in (0, 1):
            record = os.pread(self._mark, _MARK.size, slot * _MARK.size)
            if len(record) == _MARK.size:
                number, check = _MARK.unpack(record)
                good = zlib.crc32(struct.pack('<Q', number)) == check
                steps = max(steps, number if good else 0)
        return steps

    def close(self) -> None:
        """Close the files."""
        for file in (*self._slots, *self._inputs, self._mark):
            os.close(file)


def restore(plant: Plant, settings: Settings, store: Store) -> World | None:
    """Return the stored world, moved on to the last step that others may have seen.

    Raises:
        SnapshotError: see Store.load.
    """
    found = store.load()
    if found is None:
        return None
    data, inputs, steps = found
    world = World(plant, settings, data)
    while True:
        while inputs and inputs[0][0] <= data.steps:
            world.apply(inputs.pop(0)[1])
        if data.steps >= steps:
            return world
        world.step()
        world.take_outputs()  # said before the end; header numbers go on as they did
