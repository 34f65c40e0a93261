#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A station behind a PLC: E84 bits over Modbus TCP or OPC UA, and no ROS at all.

    python examples/plc.py modbus 5020
    python examples/plc.py opcua opc.tcp://127.0.0.1:4840/plc

The gateway that speaks to it is `python -m linehaul_transfer.node` with `examples/plc_modbus.yaml`
or `examples/plc_opcua.yaml`. A real PLC has this logic in ladder, and a light barrier instead of
the count in `cycle`.
"""

import asyncio
import sys

INPUTS = ('l_req', 'u_req', 'ready', 'ho_avbl', 'es', 'present', 'placed')
OUTPUTS = ('cs', 'valid', 'tr_req', 'busy', 'compt', 'cont', 'alive')
CYCLE = 0.05


class Plc:
    """The station's side of the handshake, from cycle to cycle."""

    def __init__(self) -> None:
        self.says = dict.fromkeys(INPUTS, False)
        self.hears = dict.fromkeys(OUTPUTS, False)
        self.full, self.busy_cycles = False, 0

    def cycle(self) -> None:
        """Answer the vehicle's bits; a box comes, or goes, in the tenth cycle with BUSY."""
        says, hears = self.says, self.hears
        says['ho_avbl'] = says['es'] = True
        if not hears['valid']:
            says['l_req'] = says['u_req'] = says['ready'] = False
            self.busy_cycles = 0
        elif hears['busy']:
            self.busy_cycles += 1
            if self.busy_cycles == 10:
                self.full = not self.full
                says['l_req'] = says['u_req'] = False
                print('box came' if self.full else 'box went', flush=True)  # noqa: T201
        elif hears['compt']:
            says['ready'] = False
        elif not says['ready']:
            says['u_req' if self.full else 'l_req'] = True
            says['ready'] = hears['tr_req']
        says['present'] = says['placed'] = self.full


async def modbus(plc: Plc, port: str) -> None:
    """Serve coils 10 to 16 (what the vehicle says) and discrete inputs 10 to 16 (what we say)."""
    from pymodbus.server import ModbusTcpServer
    from pymodbus.simulator import DataType, SimData, SimDevice

    bits = [SimData(0, values=[False] * 32, datatype=DataType.BITS)]
    words = [SimData(0, values=[0] * 32, datatype=DataType.REGISTERS)]
    device = SimDevice(1, simdata=(bits, bits, words, words))
    server = ModbusTcpServer(device, address=('127.0.0.1', int(port)))
    await server.serve_forever(background=True)
    while True:
        coils = await server.async_getValues(1, 1, 10, len(OUTPUTS))
        plc.hears.update(zip(OUTPUTS, map(bool, coils), strict=True))
        plc.cycle()
        await server.async_setValues(1, 2, 10, [plc.says[name] for name in INPUTS])
        await asyncio.sleep(CYCLE)


async def opcua(plc: Plc, url: str) -> None:
    """Serve a variable ns=2;s=Port.NAME for each bit."""
    from asyncua.server import Server
    from asyncua.ua import NodeId, VariantType

    server = Server()
    await server.init()
    server.set_endpoint(url)
    await server.register_namespace('urn:plc')
    nodes = {}
    for name in (*INPUTS, *OUTPUTS):
        about = NodeId(f'Port.{name}', 2), name, False, VariantType.Boolean
        nodes[name] = await server.nodes.objects.add_variable(*about)
        await nodes[name].set_writable()
    async with server:
        while True:
            for name in OUTPUTS:
                plc.hears[name] = await nodes[name].read_value()
            plc.cycle()
            for name in INPUTS:
                await nodes[name].write_value(plc.says[name])
            await asyncio.sleep(CYCLE)


asyncio.run({'modbus': modbus, 'opcua': opcua}[sys.argv[1]](Plc(), sys.argv[2]))
