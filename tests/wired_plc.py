# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A station's PLC behind real Modbus TCP and OPC UA servers, for tests: it can be told to fail."""

import asyncio
import logging
import socket
from dataclasses import dataclass, field

from linehaul_transfer.mapping import parse_map

INPUTS = ('l_req', 'u_req', 'ready', 'ho_avbl', 'es', 'present', 'placed')
OUTPUTS = ('cs', 'valid', 'tr_req', 'busy', 'compt', 'cont', 'alive')


@dataclass
class Plc:
    """A station's own E84 logic over bits; the box comes or goes while BUSY is on.

    slow: it does not come or go. stopped: its emergency stop is pressed. askew: a box that comes
    is there, but not in its position.
    """

    full: bool = False
    stopped: bool = False
    says: dict = field(default_factory=lambda: dict.fromkeys(INPUTS, False))
    hears: dict = field(default_factory=lambda: dict.fromkeys(OUTPUTS, False))
    busy_cycles: int = 0
    slow: bool = False
    askew: bool = False

    def cycle(self):
        says, hears = self.says, self.hears
        says['ho_avbl'] = says['es'] = not self.stopped
        if not hears['valid']:
            says['l_req'] = says['u_req'] = says['ready'] = False
            self.busy_cycles = 0
        elif not says['ready'] and not hears['compt'] and not hears['busy']:
            says['u_req' if self.full else 'l_req'] = True
            says['ready'] = hears['tr_req']
        elif hears['busy']:
            self.busy_cycles += 1
            if self.busy_cycles == 3 and not self.slow:
                self.full = not self.full
                says['l_req'] = says['u_req'] = self.askew
        elif hears['compt']:
            says['ready'] = False
        says['present'] = self.full
        says['placed'] = self.full and not self.askew


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def mapping(port, head, entry):
    lines = ['format: 1', f'port: {port}', 'poll: 0.01', head]
    for part, names in (('inputs', INPUTS), ('outputs', OUTPUTS)):
        lines.append(f'{part}:')
        lines += [f'  {name}: {entry(part, i, name)}' for i, name in enumerate(names)]
    return '\n'.join(lines)


class ModbusServer:
    """The PLC behind a server of pymodbus."""

    def __init__(self, plc, port='fa1_07'):
        self.plc, self.port, self.tcp = plc, port, free_port()

    def text(self):
        table = {'inputs': 'discrete_input', 'outputs': 'coil'}

        def entry(part, i, name):
            return (
                f'{{table: {table[part]}, address: {10 + i}, invert: {str(name == "es").lower()}}}'
            )

        head = f'modbus: {{host: 127.0.0.1, port: {self.tcp}, timeout: 0.5}}'
        return mapping(self.port, head, entry)

    def map(self):
        return parse_map(self.text())

    async def __aenter__(self):
        from pymodbus.server import ModbusTcpServer
        from pymodbus.simulator import DataType, SimData, SimDevice

        def block(kind, value):
            return [SimData(0, values=[value] * 32, datatype=kind)]

        bits, registers = DataType.BITS, DataType.REGISTERS
        device = SimDevice(
            1,
            simdata=(
                block(bits, False),
                block(bits, False),
                block(registers, 0),
                block(registers, 0),
            ),
        )
        self.server = ModbusTcpServer(device, address=('127.0.0.1', self.tcp))
        await self.server.serve_forever(background=True)
        self.task = asyncio.create_task(self.run())
        return self

    async def run(self):
        while True:
            coils = await self.server.async_getValues(1, 1, 10, len(OUTPUTS))
            self.plc.hears.update(zip(OUTPUTS, map(bool, coils), strict=True))
            self.plc.cycle()
            bits = [self.plc.says[name] is not (name == 'es') for name in INPUTS]
            await self.server.async_setValues(1, 2, 10, bits)
            await asyncio.sleep(0.01)

    async def __aexit__(self, *_):
        self.task.cancel()
        await self.server.shutdown()


class OpcUaServer:
    """The PLC behind a server of asyncua."""

    def __init__(self, plc):
        self.plc, self.url = plc, f'opc.tcp://127.0.0.1:{free_port()}/plc'

    def map(self):
        return parse_map(
            mapping(
                'fa1_07',
                f"opcua: {{url: '{self.url}', timeout: 1.0}}",
                lambda _, __, name: f"{{node: 'ns=2;s=Port.{name}'}}",
            )
        )

    async def __aenter__(self):
        from asyncua.server import Server
        from asyncua.ua import NodeId, VariantType

        logging.getLogger('asyncua').setLevel(logging.CRITICAL)
        self.server = Server()
        await self.server.init()
        self.server.set_endpoint(self.url)
        await self.server.register_namespace('urn:plc')
        objects = self.server.nodes.objects
        self.nodes = {}
        for name in (*INPUTS, *OUTPUTS):
            node = await objects.add_variable(
                NodeId(f'Port.{name}', 2), name, False, VariantType.Boolean
            )
            await node.set_writable()
            self.nodes[name] = node
        await self.server.start()
        self.task = asyncio.create_task(self.run())
        return self

    async def run(self):
        while True:
            for name in OUTPUTS:
                self.plc.hears[name] = await self.nodes[name].read_value()
            self.plc.cycle()
            for name in INPUTS:
                await self.nodes[name].write_value(self.plc.says[name])
            await asyncio.sleep(0.01)

    async def __aexit__(self, *_):
        self.task.cancel()
        await self.server.stop()
