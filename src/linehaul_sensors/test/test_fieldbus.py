# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Modbus and OPC UA: which reads are planned, what words mean, and mappings that are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from linehaul_sensors.channels import Channel, make_table
from linehaul_sensors.errors import MappingError
from linehaul_sensors.modbus_map import Block, Register, parse_devices, plan, value_of
from linehaul_sensors.opcua_map import parse_server

TABLE = make_table(
    [Channel(name, 'temperature', 'Cel', 'p', 'm') for name in 'abcd']
    + [Channel('bit', 'state', '1', 'p', 'm')]
)

# -- Modbus

REGISTERS = st.lists(
    st.builds(
        Register,
        channel=st.just(0),
        kind=st.sampled_from(['holding', 'input', 'coil']),
        address=st.integers(0, 2000),
        type=st.sampled_from(['uint16', 'float32', 'float64']),
        factor=st.just(1.0),
        offset=st.just(0.0),
    ),
    max_size=60,
)


@given(REGISTERS)
def test_the_plan_reads_everything_within_the_limits(registers):
    blocks = plan(registers)
    got = [r for block in blocks for r in block.registers]
    assert sorted(map(repr, got)) == sorted(map(repr, registers))
    for block in blocks:
        assert 1 <= block.count <= (2000 if block.kind == 'coil' else 125)
        for one in block.registers:
            assert one.kind == block.kind
            assert block.address <= one.address
            assert one.address + one.size <= block.address + block.count


@pytest.mark.parametrize(
    ('kind', 'words', 'order', 'wanted'),
    [
        ('int16', [0xFFFE], 'big', -2.0),
        ('uint32', [0x0001, 0x0002], 'big', 65538.0),
        ('uint32', [0x0002, 0x0001], 'little', 65538.0),
        ('float32', [0x41C8, 0x0000], 'big', 25.0),
        ('float64', [0, 0, 0, 0x4039], 'little', 25.0),
    ],
)
def test_words_become_values(kind, words, order, wanted):
    one = Register(0, 'holding', 7, kind, 1.0, 0.0)
    block = Block('holding', 5, 2 + len(words), (one,))
    assert value_of(one, block, [9, 9, *words], order) == wanted


@pytest.mark.parametrize(
    'text',
    [
        '',
        'devices: [{host: h, registers: [{channel: zz, address: 1}]}]',
        'devices: [{host: h, registers: [{channel: a, address: 70000}]}]',
        'devices: [{host: h, registers: [{channel: a, address: 1, unit: Pa}]}]',
        'devices: [{host: h, registers: [{channel: a, address: 1, type: int8}]}]',
        'devices: [{host: h, period: 0, registers: []}]',
    ],
)
def test_a_wrong_register_map_is_refused(text):
    with pytest.raises(MappingError):
        parse_devices(text, TABLE)


# -- OPC UA


@pytest.mark.parametrize(
    'text',
    [
        '',
        'server: {url: u, nodes: [{channel: zz, node: "ns=2;s=a"}]}',
        'server: {url: u, nodes: [{channel: a, node: "what"}]}',
        'server: {url: u, nodes: [{channel: a, node: "ns=2;s=a", unit: Pa}]}',
    ],
)
def test_a_wrong_node_map_is_refused(text):
    with pytest.raises(MappingError):
        parse_server(text, TABLE)
