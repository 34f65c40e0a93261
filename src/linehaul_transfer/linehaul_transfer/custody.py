# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Who holds a load, from the two records of it: exactly one holder at all times.

Each side moves its record in two steps, each on disk before it is said:

    LOAD    vehicle  MINE ── BUSY ──> IN_TRANSFER ── L_REQ off seen ──> NONE
            port     NONE ── BUSY seen ──> IN_TRANSFER ── load in place ──> MINE
    UNLOAD  port     MINE ── BUSY seen ──> IN_TRANSFER ── COMPT seen ──> NONE
            vehicle  NONE ── BUSY ──> IN_TRANSFER ── U_REQ off seen, load in place ──> MINE

The side that gives lets go only after it has heard that the other has the load on its disk.
"""

from linehaul_transfer.model import Custody, Holder


class CustodyError(AssertionError):
    """A load has two holders or none: a defect."""


def holder(vehicle: Custody, port: Custody) -> Holder:
    """Return who holds a load.

    Raises:
        CustodyError: both sides do, or neither does and it is not in transfer either.
    """
    if vehicle is Custody.MINE and port is Custody.MINE:
        raise CustodyError('the load is held by vehicle and port')
    if vehicle is Custody.MINE:
        return Holder.VEHICLE
    if port is Custody.MINE:
        return Holder.PORT
    if Custody.IN_TRANSFER in (vehicle, port):
        return Holder.IN_TRANSFER
    raise CustodyError(f'the load is held by nobody: vehicle {vehicle.name}, port {port.name}')
