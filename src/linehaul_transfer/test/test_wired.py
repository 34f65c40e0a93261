# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What the bits of a wired station mean, and what a wrong mapping file is told."""

import pytest
from linehaul_transfer.mapping import Flow, parse_map
from linehaul_transfer.wire import StationBits, VehicleBits, events, told
from linehaul_transfer.wired import blocks

from linehaul_transfer import Kind, MappingError, PortState, Sensed, port_state

P = port_state.Phase
INPUTS = ('l_req', 'u_req', 'ready', 'ho_avbl', 'es', 'present', 'placed')
OUTPUTS = ('cs', 'valid', 'tr_req', 'busy', 'compt', 'cont', 'alive')


def mapping(head, entry):
    lines = ['format: 1', 'port: fa1_07', 'poll: 0.01', head]
    for part, names in (('inputs', INPUTS), ('outputs', OUTPUTS)):
        lines.append(f'{part}:')
        lines += [f'  {name}: {entry(part, i, name)}' for i, name in enumerate(names)]
    return '\n'.join(lines)


def test_a_station_without_sensors_moves_the_load_when_its_request_drops():
    state = PortState('p', phase=P.TRANSFER, kind=Kind.LOAD, session='s', vehicle='v')
    for l_req, full in ((True, False), (False, True)):
        bits = StationBits(l_req=l_req, ready=True, ho_avbl=True, es=True)
        (seen,) = [e for e in events(state, bits, Flow.IN) if isinstance(e, Sensed)]
        assert seen.sensors.full is full


def test_presence_counts_only_when_the_request_has_dropped():
    state = PortState('p', phase=P.TRANSFER, kind=Kind.LOAD, session='s', vehicle='v')
    bits = StationBits(l_req=True, ready=True, ho_avbl=True, es=True, present=True, placed=True)
    (seen,) = [e for e in events(state, bits, Flow.BOTH) if isinstance(e, Sensed)]
    assert not seen.sensors.full


def test_a_port_that_holds_still_keeps_valid_on():
    assert told(PortState('p')) == VehicleBits()
    held = told(PortState('p', phase=P.READY, session='s'))
    assert (held.cs, held.valid, held.tr_req, held.busy) == (True, True, True, False)
    assert told(PortState('p', phase=P.FROZEN, session='s')).busy
    assert told(PortState('p', phase=P.CLOSED, session='s')).compt


@pytest.mark.parametrize(
    ('old', 'new', 'text'),
    [
        ('format: 1', 'format: 2', 'format'),
        ('port: fa1_07', 'prt: fa1_07', 'unknown'),
        ('poll: 0.01', 'poll: .nan', 'poll'),
        ('poll: 0.01', 'flow: sideways', 'flow'),
        ('  ready:', '  redy:', 'unknown'),
        ('address: 12', 'address: 70000', 'address'),
        ('address: 12', 'address: true', 'address'),
        ('table: coil', 'table: register', 'table'),
        ('table: coil, address: 11', 'table: coil, address: 10', 'same place'),
        ('invert: true', 'invert: 3', 'invert'),
        ('modbus:', 'profinet:', 'unknown'),
        ('inputs:', 'inputs: []\nx:', 'unknown'),
        ('host: 127.0.0.1', 'host: 7', 'host'),
        ('format: 1', '}{', 'not YAML'),
    ],
)
def test_a_wrong_mapping_is_told(old, new, text):
    def entry(part, i, name):
        table = 'discrete_input' if part == 'inputs' else 'coil'
        return f'{{table: {table}, address: {10 + i}, invert: {str(name == "es").lower()}}}'

    good = mapping('modbus: {host: 127.0.0.1, port: 502, timeout: 0.5}', entry)
    assert blocks(list(parse_map(good).inputs.values())) == {'discrete_input': (10, 7)}
    assert old in good
    with pytest.raises(MappingError, match=text):
        parse_map(good.replace(old, new))
