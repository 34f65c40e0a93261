# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A vehicle that speaks VDA 5050 3.0 over MQTT and knows nothing of linehaul.

It is written from the standard: JSON by hand, paho for the broker, the official schemas as judge
of everything it is sent and says. It drives straight from node to node of its base at one speed,
does what its orders say at nodes, and refuses an order as the standard has it. What it finds
wrong in what it is sent is kept in `complaints`.
"""

import json
import math
import re
from collections import deque
from datetime import datetime, timezone
from pathlib import Path

import jsonschema
import paho.mqtt.client as paho

SCHEMAS = Path(__file__).parents[1] / 'src/linehaul_vda5050/test/data/3.0.0'
HANDLING = 2.0
"""[s] that a pick or a drop takes."""
QUIET = 20.0
"""[s] between two states when nothing happens; the standard allows 30."""


def validator(name):
    text = (SCHEMAS / f'{name}.schema').read_text(encoding='utf-8-sig')
    return jsonschema.Draft202012Validator(json.loads(re.sub(r',(\s*[}\]])', r'\1', text)))


class VdaVehicle:
    """One vehicle.

    Args:
        port: of a broker on this machine.
        maker, serial: what it is called.
        node, pose: the node where it stands, and (x, y, theta).
        speed: [m/s].
        sheet: its factsheet without the header.
    """

    def __init__(self, port, maker, serial, node, pose, speed, sheet):
        self.port, self.maker, self.serial, self.speed, self.sheet = (
            port,
            maker,
            serial,
            speed,
            sheet,
        )
        self.x, self.y, self.theta = pose
        self.judges = {n: validator(n) for n in ('order', 'instantActions', 'state')}
        self.complaints, self.orders_seen = [], []
        self.numbers, self.inbox, self.now = {}, deque(), 1.0
        self.order_id, self.update = '', 0
        self.last, self.nodes, self.edges = (node, 0), [], []
        self.actions, self.instant, self.errors, self.loads = {}, {}, [], []
        self.paused, self.charging, self.until, self.said = False, False, None, -math.inf
        self.changed, self.client, self.charge = True, None, 0.8
        self.connect()

    # The broker.

    def topic(self, kind):
        return f'vda5050/v3/{self.maker}/{self.serial}/{kind}'

    def connect(self):
        client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=f'v-{self.serial}')
        client.will_set(
            self.topic('connection'),
            self.text('connection', self.link('CONNECTION_BROKEN')),
            1,
            True,
        )
        client.on_connect = lambda *_: self.inbox.append(('connected', b''))
        client.on_message = lambda _, __, m: self.inbox.append(
            (m.topic.rpartition('/')[2], m.payload)
        )
        client.reconnect_delay_set(1, 1)
        client.connect_async('127.0.0.1', self.port, keepalive=5)
        client.loop_start()
        self.client = client

    def die(self):
        """Vanish: the connection breaks without a word, and the broker tells the last will."""
        self.client.loop_stop()
        self.client.socket().close()
        self.client = None

    def leave(self):
        """Say goodbye as the standard wants it."""
        if self.client.is_connected():
            self.publish('connection', self.link('OFFLINE'), 1, True).wait_for_publish(5.0)
        self.client.disconnect()
        self.client.loop_stop()
        self.client = None

    def link(self, word):
        return {'connectionState': word}

    def text(self, kind, value):
        number = self.numbers[kind] = self.numbers.get(kind, -1) + 1
        stamp = datetime.fromtimestamp(self.now, timezone.utc)
        header = {
            'headerId': number,
            'timestamp': f'{stamp:%Y-%m-%dT%H:%M:%S}.{stamp.microsecond // 1000:03d}Z',
            'version': '3.0.0',
            'manufacturer': self.maker,
            'serialNumber': self.serial,
        }
        return json.dumps(header | value)

    def publish(self, kind, value, qos=0, retain=False):
        return self.client.publish(self.topic(kind), self.text(kind, value), qos, retain)

    # What comes in.

    def step(self, now):
        """Go on to a time [s]."""
        dt, self.now = min(max(now - self.now, 0.0), 0.5), now
        if self.client is None:
            return
        while self.inbox:
            kind, payload = self.inbox.popleft()
            if kind == 'connected':
                self.client.subscribe(
                    [(self.topic('order'), 0), (self.topic('instantActions'), 0)]
                )
                self.publish('connection', self.link('ONLINE'), 1, True)
                self.publish('factsheet', self.sheet, 0, True)
                self.changed = True
            elif self.sound(kind, payload):
                (self.take_order if kind == 'order' else self.take_actions)(json.loads(payload))
        self.drive(dt)
        if self.changed or now - self.said >= QUIET:
            self.tell()

    def sound(self, kind, payload):
        found = [str(e.message) for e in self.judges[kind].iter_errors(json.loads(payload))]
        self.complaints += found
        return not found

    def idle(self):
        ended = all(a['actionStatus'] in ('FINISHED', 'FAILED') for a in self.actions.values())
        return not self.nodes and ended

    def take_order(self, order):
        self.orders_seen.append(order)
        nodes, edges = order['nodes'], order['edges']
        numbers = [n['sequenceId'] for n in nodes]
        if len(edges) != len(nodes) - 1 or numbers != list(
            range(numbers[0], numbers[0] + 2 * len(nodes), 2)
        ):
            self.complaints.append(f'order {order["orderId"]}: its numbers are wrong')
        same = order['orderId'] == self.order_id
        if same and order['orderUpdateId'] == self.update:
            return
        if same and order['orderUpdateId'] < self.update:
            self.refuse('OUTDATED_ORDER_UPDATE', order)
        elif not same and not self.idle():
            self.refuse('OTHER_ORDER_ACTIVE', order)
        elif not same and nodes[0]['nodeId'] != self.last[0]:
            self.refuse('START_NODE_OUT_OF_RANGE', order)
        elif same and (nodes[0]['nodeId'], numbers[0]) != self.end_of_base():
            self.complaints.append(f'order {self.order_id}: not stitched at {self.end_of_base()}')
        else:
            self.accept(order, same)
        self.changed = True

    def end_of_base(self):
        base = [n for n in self.nodes if n['released']]
        return (base[-1]['nodeId'], base[-1]['sequenceId']) if base else self.last

    def accept(self, order, same):
        self.order_id, self.update, self.errors = order['orderId'], order['orderUpdateId'], []
        if not same:
            self.actions, self.last = {}, (order['nodes'][0]['nodeId'], 0)
            self.nodes, self.edges, self.until = [], [], None
        self.nodes = [n for n in self.nodes if n['released']] + order['nodes'][1:]
        self.edges = [e for e in self.edges if e['released']] + order['edges']
        kept = {}
        for node in [order['nodes'][0], *self.nodes]:
            for action in node['actions']:
                name = action['actionId']
                kept[name] = self.actions.get(name) or action | {'actionStatus': 'WAITING'}
        ended = {k: a for k, a in self.actions.items() if a['actionStatus'] != 'WAITING'}
        self.actions = ended | kept

    def refuse(self, kind, order):
        reference = {'referenceKey': 'orderId', 'referenceValue': order['orderId']}
        error = {'errorType': kind, 'errorLevel': 'WARNING', 'errorReferences': [reference]}
        self.errors = [error]

    def take_actions(self, message):
        for action in message['actions']:
            kind = action['actionType']
            if action['actionId'] in self.instant:
                continue
            if kind in ('startPause', 'stopPause'):
                self.paused = kind == 'startPause'
            elif kind == 'cancelOrder':
                self.nodes, self.edges = [], []
            elif kind == 'factsheetRequest':
                self.publish('factsheet', self.sheet, 0, True)
            elif kind == 'clearInstantActions':
                self.instant = {}
            self.instant[action['actionId']] = action | {'actionStatus': 'FINISHED'}
            self.changed = True

    # Driving and handling.

    def waiting(self):
        """Return what is to be done at the node where it is."""
        going = [n['actions'] for n in self.nodes]
        later = {a['actionId'] for actions in going for a in actions}
        for name, action in self.actions.items():
            if name not in later and action['actionStatus'] in ('WAITING', 'RUNNING'):
                return action
        return None

    def drive(self, dt):
        action = self.waiting()
        if action is not None:
            self.handle(action)
            return
        if self.paused or not self.nodes or not self.nodes[0]['released']:
            return
        at = self.nodes[0]['nodePosition']
        dx, dy = at['x'] - self.x, at['y'] - self.y
        left, reach = math.hypot(dx, dy), self.speed * dt
        if left > 1e-6:
            turned = self.edges[0].get('orientation', 0.0)
            self.theta = math.remainder(math.atan2(dy, dx) + turned, 2 * math.pi)
        if left > reach:
            self.x += dx / left * reach
            self.y += dy / left * reach
            return
        self.x, self.y = at['x'], at['y']
        self.last = (self.nodes[0]['nodeId'], self.nodes[0]['sequenceId'])
        del self.nodes[0], self.edges[0]
        self.changed = True

    def handle(self, action):
        self.changed = True
        if self.until is None:
            self.until, action['actionStatus'] = self.now + HANDLING, 'RUNNING'
        elif self.now >= self.until:
            self.until, action['actionStatus'] = None, 'FINISHED'
            given = {p['key']: p['value'] for p in action.get('actionParameters', [])}
            if action['actionType'] == 'pick':
                self.loads = [given['loadId']]
            elif action['actionType'] == 'drop':
                self.loads = []
            elif action['actionType'] == 'startCharging':
                self.charging = True
        else:
            self.changed = False

    # What it says.

    def tell(self):
        self.said, self.changed = self.now, False
        state = {
            'orderId': self.order_id,
            'orderUpdateId': self.update,
            'lastNodeId': self.last[0],
            'lastNodeSequenceId': self.last[1],
            'nodeStates': [self.part(n, 'nodeId') for n in self.nodes],
            'edgeStates': [self.part(e, 'edgeId') for e in self.edges],
            'driving': bool(self.nodes and self.nodes[0]['released']),
            'paused': self.paused,
            'actionStates': [self.doing(a) for a in self.actions.values()],
            'instantActionStates': [self.doing(a) for a in self.instant.values()],
            'powerSupply': {'stateOfCharge': 100 * self.charge, 'charging': self.charging},
            'operatingMode': 'AUTOMATIC',
            'errors': self.errors,
            'safetyState': {'activeEmergencyStop': 'NONE', 'fieldViolation': False},
            'loads': [{'loadId': name} for name in self.loads],
            'mobileRobotPosition': {
                'x': self.x,
                'y': self.y,
                'theta': self.theta,
                'mapId': 'cell',
                'localized': True,
            },
        }
        text = self.text('state', state)
        self.judges['state'].validate(json.loads(text))
        self.client.publish(self.topic('state'), text)

    def part(self, one, key):
        return {key: one[key], 'sequenceId': one['sequenceId'], 'released': one['released']}

    def doing(self, action):
        return {key: action[key] for key in ('actionId', 'actionType', 'actionStatus')}
