# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a search over safe intervals has reached: a small hash table that is never wiped.

A key is a node and the first step of an interval. Slots of one node lie side by side, and every
search of the same memory uses the same slots again, so that the table stays in the cache; an
entry of an earlier search counts as empty by its stamp.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

SEEN, VALUE = 2, 3
_KEY, _STAMP = 0, 1
_NEVER = np.int32(2**31 - 1)


def new_slots(states: int) -> NDArray[np.int32]:
    """Return slots (K, 4) int32 of key, stamp, earliest arrival and least value.

    There is room for `states` keys and as many again.
    """
    slots = np.zeros((2 * states, 4), np.int32)
    slots[:, _STAMP] = -1
    return slots


@njit(cache=True, nogil=True, inline='always')
def slot_of(slots: Any, stamp: int, words: int, node: int, begin: int) -> Any:
    """Return the slot of an interval; a new one holds numbers larger than any."""
    mask = slots.shape[0] - 1
    key = node * (words << 6) + begin
    slot = (node * words + (begin >> 6)) & mask
    while slots[slot, _STAMP] == stamp and slots[slot, _KEY] != key:
        slot = (slot + 1) & mask
    if slots[slot, _STAMP] != stamp:
        slots[slot, _KEY] = key
        slots[slot, _STAMP] = stamp
        slots[slot, SEEN] = _NEVER
        slots[slot, VALUE] = _NEVER
    return slot
