# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a vehicle keeps on disk, so that a killed process goes on where it was.

Two slots are written in turn, each with number, length and checksum: a torn write leaves the other
one. Writes go to the page cache, which survives the death of the process.
Slot: magic, number, length, CRC-32 of the payload, payload (pickle of identity and memory).
"""

import os
import pickle
import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from linehaul_agv.battery import Charge
from linehaul_agv.errors import MemoryFileError
from linehaul_agv.follower import Fix
from linehaul_agv.handling import Job
from linehaul_agv.model import AgvState
from linehaul_agv.vehicle import Vehicle
from linehaul_vda5050 import Load

MAGIC = b'LHAGV001'
_HEAD = struct.Struct('<8sQQI')


@dataclass(frozen=True, slots=True)
class Memory:
    """Everything that outlives the process.

    Attributes:
        agv: What the executor knows.
        way_end: Sequence id of the last node the vehicle may drive to.
        jobs: Devices at work.
        loads: What it carries.
        charge: The battery.
        seen: Where it was believed last; None: nowhere yet.
        numbers: Last header id sent on each topic.
    """

    agv: AgvState
    charge: Charge
    way_end: int = 0
    jobs: tuple[Job, ...] = ()
    loads: tuple[Load, ...] = ()
    seen: Fix | None = None
    numbers: dict[str, int] = field(default_factory=dict)


def identity(vehicle: Vehicle) -> dict[str, object]:
    """Return what a stored memory must agree on with the vehicle that wants to use it."""
    r = vehicle.roadmap
    roads = zlib.crc32(repr((r.node_ids, r.edge_ids, r.xy.tolist())).encode())
    return {'vehicle': vehicle.id, 'map': vehicle.map_id, 'roadmap': roads}


class Store:
    """The file of one vehicle's memory.

    Args:
        folder: Made if it is not there.
        vehicle: Whose memory it is.

    Raises:
        MemoryFileError: the folder cannot be written.
    """

    def __init__(self, folder: Path, vehicle: Vehicle) -> None:
        self._identity = identity(vehicle)
        self._paths = [folder / f'{vehicle.id}.{slot}' for slot in (0, 1)]
        self._number = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            self._files = [os.open(path, flags, 0o644) for path in self._paths]
        except OSError as error:
            raise MemoryFileError(f'{folder}: cannot keep the state here: {error}') from error

    def save(self, memory: Memory) -> None:
        """Write the memory into the older slot.

        Raises:
            MemoryFileError: the disk is full or gone.
        """
        payload = pickle.dumps((self._identity, memory), pickle.HIGHEST_PROTOCOL)
        head = _HEAD.pack(MAGIC, self._number + 1, len(payload), zlib.crc32(payload))
        slot = (self._number + 1) % 2
        view, offset = memoryview(head + payload), 0
        try:
            while view:
                written = os.pwrite(self._files[slot], view, offset)
                view, offset = view[written:], offset + written
        except OSError as error:
            text = f'{self._paths[slot]}: cannot write the state: {error}'
            raise MemoryFileError(text) from error
        self._number += 1

    def load(self) -> Memory | None:
        """Return the newest good memory; None where there has never been one.

        Raises:
            MemoryFileError: there is none that can be read, or it is another vehicle's or map's.
        """
        found = [item for item in map(self._read, self._files) if item is not None]
        if not found:
            if any(os.fstat(file).st_size for file in self._files):
                names = ' and '.join(map(str, self._paths))
                text = f'{names}: no readable state; move them away to begin anew at home'
                raise MemoryFileError(text)
            return None
        self._number, stored, memory = max(found, key=lambda item: item[0])
        wrong = [key for key, value in self._identity.items() if stored.get(key) != value]
        if wrong:
            text = f'{self._paths[0]}: the stored state differs in {", ".join(wrong)}'
            raise MemoryFileError(f'{text}; use another state_dir')
        return memory

    def _read(self, file: int) -> tuple[int, dict[str, object], Memory] | None:
        head = os.pread(file, _HEAD.size, 0)
        if len(head) < _HEAD.size:
            return None
        magic, number, length, check = _HEAD.unpack(head)
        if magic != MAGIC or length > os.fstat(file).st_size:
            return None
        payload = os.pread(file, length, _HEAD.size)
        if len(payload) < length or zlib.crc32(payload) != check:
            return None
        try:
            stored, memory = pickle.loads(payload)
        except (pickle.UnpicklingError, AttributeError, ImportError, TypeError, ValueError):
            return None  # written by another version of the package
        return number, stored, memory

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            os.close(file)
