# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The whole state table: every status, every event, latching or not, against the written table."""

from itertools import product

import pytest
from linehaul_sensors.alarm_states import Event, Hidden, State, Status, advance

# Rows: state in view. Columns: condition comes, condition goes, acknowledge, reset.
# '-' is refused. N normal, U unacknowledged, A acknowledged, R returned unacknowledged,
# L latched unacknowledged, M latched acknowledged.
PLAIN = """
N  U N - -
U  U R A -
A  A N A -
R  U R N -
L  U L M -
M  U M M N
"""
LATCHING = """
N  U N - -
U  U L A -
A  A M A -
R  U R N -
L  U L M -
M  U M M N
"""
LETTER = dict(zip('NUARLM', list(State)[:6], strict=True))
COLUMNS = (Event.ACTIVE, Event.CLEAR, Event.ACKNOWLEDGE, Event.RESET)
HIDERS = {
    Event.SHELVE: Hidden.SHELVED,
    Event.SUPPRESS: Hidden.DESIGN,
    Event.OUT_OF_SERVICE: Hidden.OUT_OF_SERVICE,
    Event.GROUP: Hidden.GROUPED,
}
SHOWERS = {
    Event.UNSHELVE: Hidden.SHELVED,
    Event.UNSUPPRESS: Hidden.DESIGN,
    Event.RETURN_TO_SERVICE: Hidden.OUT_OF_SERVICE,
    Event.UNGROUP: Hidden.GROUPED,
}
# What an alarm remembers while it is out of view.
REMEMBERED = {'N': 'N', 'U': 'U', 'A': 'U', 'R': 'N', 'L': 'L', 'M': 'L'}
REASONS = [Hidden(bits) for bits in range(1, 16)]


def written(text):
    rows = (line.split() for line in text.strip().splitlines())
    return {
        (LETTER[row[0]], event): LETTER.get(cell)
        for row in rows
        for event, cell in zip(COLUMNS, row[1:], strict=True)
    }


@pytest.mark.parametrize('latching', [False, True])
def test_in_view(latching):
    table = written(LATCHING if latching else PLAIN)
    assert len(table) == 24
    for (base, event), wanted in table.items():
        after = advance(Status(base), event, latching=latching)
        assert after == (None if wanted is None else Status(wanted)), (base, event)


@pytest.mark.parametrize('latching', [False, True])
def test_leaving_the_view(latching):
    for letter, (event, reason) in product(REMEMBERED, HIDERS.items()):
        after = advance(Status(LETTER[letter]), event, latching=latching)
        assert after == Status(LETTER[REMEMBERED[letter]], reason)
    for letter, event in product(REMEMBERED, SHOWERS):
        assert advance(Status(LETTER[letter]), event, latching=latching) is None


@pytest.mark.parametrize('latching', [False, True])
def test_out_of_view(latching):
    seen = 0
    for letter, hidden, event in product('NUL', REASONS, Event):
        status = Status(LETTER[letter], hidden)
        after = advance(status, event, latching=latching)
        seen += 1
        if event in HIDERS:
            assert after == Status(status.base, hidden | HIDERS[event])
        elif event in SHOWERS:
            left = hidden & ~SHOWERS[event]
            wanted = Status(status.base, left) if hidden & SHOWERS[event] else None
            assert after == wanted
        elif event is Event.ACTIVE:
            assert after == Status(State.UNACKNOWLEDGED, hidden)
        elif event is Event.CLEAR:
            gone = {'N': 'N', 'U': 'L' if latching else 'N', 'L': 'L'}[letter]
            assert after == Status(LETTER[gone], hidden)
        else:
            assert after is None
    assert seen == 3 * 15 * 12


@pytest.mark.parametrize('hidden', [Hidden(0), *REASONS])
def test_what_is_shown(hidden):
    for letter in 'NUL':
        status = Status(LETTER[letter], hidden)
        names = {
            bool(hidden): State.SHELVED,
            bool(hidden & (Hidden.DESIGN | Hidden.GROUPED)): State.SUPPRESSED_BY_DESIGN,
            bool(hidden & Hidden.OUT_OF_SERVICE): State.OUT_OF_SERVICE,
        }
        assert status.shown is (names.get(True) or status.base)
        assert status.announced == (letter == 'U' and not hidden)


@pytest.mark.parametrize('latching', [False, True])
def test_only_these_statuses_are_ever_reached(latching):
    reached, left = {Status()}, [Status()]
    while left:
        status = left.pop()
        for event in Event:
            after = advance(status, event, latching=latching)
            if after is not None and after not in reached:
                reached.add(after)
                left.append(after)
    in_view = {s.base for s in reached if not s.hidden}
    latched = {State.LATCHED_UNACKNOWLEDGED, State.LATCHED_ACKNOWLEDGED}
    returned = {State.RETURNED_UNACKNOWLEDGED}
    assert in_view == set(LETTER.values()) - (returned if latching else latched)
    for status in reached:
        if status.hidden:
            assert status.base in {LETTER['N'], LETTER['U'], LETTER['L']}
            assert status.active == (status.base is State.UNACKNOWLEDGED)


def test_numbers_are_those_of_the_message():
    assert [s.value for s in State] == list(range(1, 10))
