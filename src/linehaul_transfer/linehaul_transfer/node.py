# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The port of a real station: its E84 bits on one side, signals on the other.

python -m linehaul_transfer.node --ros-args -p mapping:=station.yaml -p state_dir:=run/ports
"""

import asyncio
import sys
from dataclasses import dataclass, fields
from pathlib import Path

from linehaul_ros.journal import Journal, JournalError
from linehaul_ros.parameters import declare, setting
from linehaul_ros.run import run
from rclpy.node import Node

from linehaul_transfer.convert import PortLink
from linehaul_transfer.errors import MappingError, TransferError
from linehaul_transfer.events import Available, Sensed
from linehaul_transfer.mapping import StationMap, parse_map
from linehaul_transfer.model import PortId, Timers
from linehaul_transfer.port_state import PortState
from linehaul_transfer.wire import StationBits, VehicleBits, events, told
from linehaul_transfer.wired import serve

PUMP = 0.02
"""[s] of wall time between two turns of the connection."""
TURNS = 20


@dataclass(frozen=True, slots=True)
class Config:
    """Parameters of the node."""

    mapping: str = setting(doc='mapping file of the station')
    state_dir: str = setting(doc='folder for the journal; made if missing')
    ta_attempts: int = setting(3, doc='failures in a row before an alarm', low=1, high=100)
    tp1: float = setting(2.0, doc='request to TR_REQ', unit='s', low=0.1, high=600)
    tp2: float = setting(2.0, doc='READY to BUSY', unit='s', low=0.1, high=600)
    tp3: float = setting(60.0, doc='BUSY to the load seen', unit='s', low=0.1, high=3600)
    tp4: float = setting(60.0, doc='request off to COMPT', unit='s', low=0.1, high=3600)
    tp5: float = setting(2.0, doc='READY off to VALID off', unit='s', low=0.1, high=600)
    tp6: float = setting(2.0, doc='VALID off to the next VALID', unit='s', low=0.1, high=600)
    peer: float = setting(3.0, doc='silence that counts as gone', unit='s', low=0.2, high=600)
    heartbeat: float = setting(0.5, doc='levels repeat', unit='s', low=0.05, high=10)


def timers_of(config: Config) -> Timers:
    """Return the timers that a node's parameters ask for."""
    names = {field.name for field in fields(Timers)} & {field.name for field in fields(Config)}
    chosen = {name: getattr(config, name) for name in names}
    return Timers(**chosen, attempts=config.ta_attempts)


def read_map(path: str) -> StationMap:
    """Read a mapping file from disk.

    Raises:
        MappingError: it cannot be read, or is wrong.
    """
    try:
        return parse_map(Path(path).read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(f'{path}: {error}') from error
    except MappingError as error:
        raise MappingError(f'{path}: {error}') from error


class WiredPort(Node):
    """One port, and the connection to the station behind it."""

    def __init__(self, **arguments: object) -> None:
        super().__init__('wired_port', **arguments)
        config = declare(self, Config)
        self._map = read_map(config.mapping)
        self._durations = timers_of(config)
        self._journal = Journal(Path(config.state_dir) / f'{self._map.port}.db', durable=True)
        self.link: PortLink | None = None
        self._stopped = False
        self._reached: bool | None = None
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(serve(self._map, self._step, lambda: self._stopped))
        self.create_timer(PUMP, self._pump)

    def _pump(self) -> None:
        """Let the connection go on as far as it can without waiting."""
        for _ in range(TURNS):
            self._loop.call_soon(self._loop.stop)
            self._loop.run_forever()
        if self._task.done() and not self._stopped:
            self._task.result()  # a defect: tell it and stop

    def _step(self, bits: StationBits | None) -> VehicleBits:
        """Take the station's bits in. The port begins when they are first known."""
        if self._reached is not (bits is not None):
            self._reached = bits is not None
            state = 'reached' if self._reached else 'lost, trying again'
            self.get_logger().warning(f'port={self._map.port} station={self._map.target} {state}')
        if self.link is None:
            if bits is None:
                return VehicleBits()
            self.link = self._begin(bits)
        state = self.link.side.state
        for event in events(state, bits, self._map.flow):
            self.link.handle(event)
        return told(self.link.side.state)

    def _begin(self, bits: StationBits) -> PortLink:
        """Make the port: sensors first, then what was kept."""
        blank = PortState(PortId(self._map.port))
        seen = [e.sensors for e in events(blank, bits, self._map.flow) if isinstance(e, Sensed)]
        return PortLink(self, PortId(self._map.port), self._durations, self._journal, seen[0])

    def close(self) -> int:
        """Say that the port is not available, and end the connection."""
        if self.link is not None:
            self.link.handle(Available(False, 'the gateway was stopped'))
        self._stopped = True
        self._task.cancel()
        for _ in range(TURNS):
            self._loop.call_soon(self._loop.stop)
            self._loop.run_forever()
        self._loop.close()
        self._journal.close()
        return 0


def main() -> int:
    """Run the node."""
    return run(WiredPort, broken=(TransferError, JournalError))


if __name__ == '__main__':
    sys.exit(main())
