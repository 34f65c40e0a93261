# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Which vehicle at the broker is which vehicle of the plant, and the topics of both.

With a list only its vehicles are taken. Without one the serial number is the vehicle id, and the
maker who speaks first under a serial number keeps it: another maker's vehicle of the same number
is refused.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from linehaul_agv.errors import SettingError
from linehaul_floor import VehicleId

MOST = 1000
"""Vehicles that may turn up without being listed."""
_ID = re.compile(r'[A-Za-z0-9_]{1,64}')
_PART = re.compile(r'[A-Za-z0-9_.:-]{1,64}')
_KEYS = {'id', 'manufacturer', 'serial', 'class'}


@dataclass(frozen=True, slots=True)
class Peer:
    """A vehicle. manufacturer '': not known yet; vehicle_class '': as it says itself."""

    vehicle_id: VehicleId
    manufacturer: str
    serial: str
    vehicle_class: str = ''


class Peers:
    """All vehicles, by id and by what they are called at the broker.

    Args:
        listed: the only ones to take; empty: any whose serial number is an id.
    """

    def __init__(self, listed: tuple[Peer, ...] = ()) -> None:
        self._open = not listed
        self._by_serial = {(p.manufacturer, p.serial): p for p in listed}
        self.by_id = {p.vehicle_id: p for p in listed}

    def find(self, manufacturer: str, serial: str) -> Peer | str:
        """Return who speaks on a topic, or why nobody is listened to there."""
        found = self._by_serial.get((manufacturer, serial))
        if found is not None:
            return found
        if not self._open:
            return f'{manufacturer}/{serial} is not in the list of vehicles'
        if not _ID.fullmatch(serial) or not _PART.fullmatch(manufacturer):
            return f'{serial[:60]!r} of {manufacturer[:60]!r} is no vehicle id; list it'
        known = self.by_id.get(VehicleId(serial))
        if known is not None and known.manufacturer:
            return f'{serial} is a vehicle of {known.manufacturer}, and of {manufacturer} too'
        if known is None and len(self.by_id) >= MOST:
            return f'{serial}: more than {MOST} vehicles'
        return self._know(known or Peer(VehicleId(serial), '', serial), manufacturer)

    def expect(self, vehicle_id: VehicleId) -> None:
        """Keep the place of a vehicle of the plant that may come."""
        if self._open and vehicle_id not in self.by_id:
            self.by_id[vehicle_id] = Peer(vehicle_id, '', str(vehicle_id))

    def _know(self, peer: Peer, manufacturer: str) -> Peer:
        peer = replace(peer, manufacturer=manufacturer)
        self.by_id[peer.vehicle_id] = self._by_serial[manufacturer, peer.serial] = peer
        return peer


def read_peers(path: Path) -> tuple[Peer, ...]:
    """Read a list of vehicles.

    Raises:
        SettingError: the file cannot be read, or its content is none.
    """
    try:
        value = yaml.safe_load(path.read_text(encoding='utf-8'))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise SettingError(f'vehicles {path}: {error}') from error
    entries = value.get('vehicles') if isinstance(value, dict) else None
    if not isinstance(entries, list) or not entries:
        raise SettingError(f"vehicles {path}: wanted a list under 'vehicles'")
    peers = tuple(_peer(entry, f'{path}: vehicles[{k}]') for k, entry in enumerate(entries))
    for kind in ('vehicle_id', 'serial'):
        names = [(p.manufacturer, p.serial) if kind == 'serial' else p.vehicle_id for p in peers]
        if len(set(names)) < len(names):
            raise SettingError(f'vehicles {path}: a {kind} is given twice')
    return peers


def _peer(entry: Any, where: str) -> Peer:
    if not isinstance(entry, dict) or not {'id', 'manufacturer'} <= entry.keys() <= _KEYS:
        keys = ', '.join(sorted(_KEYS))
        raise SettingError(
            f'{where}: found {entry!r}, wanted {keys}; id and manufacturer at least'
        )
    texts = {key: str(text) for key, text in entry.items()}
    serial = texts.get('serial', texts['id'])
    checks = (('id', texts['id'], _ID), ('serial', serial, _PART))
    for key, text, rule in (*checks, ('manufacturer', texts['manufacturer'], _PART)):
        if not rule.fullmatch(text):
            raise SettingError(f'{where}.{key}: found {text!r}, wanted {rule.pattern}')
    vehicle_class = texts.get('class', '')
    return Peer(VehicleId(texts['id']), texts['manufacturer'], serial, vehicle_class)
