# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A Gazebo world of a floor: ground, walls, racks, lines, bay marks, and one model a vehicle.

Vehicles are differential drives: they listen on `agv/<id>/cmd_vel` and publish `agv/<id>/odom`
and their tf, as a real vehicle would. SDF 1.8, so that Gazebo Fortress and later load it.
"""

import math
from collections.abc import Iterator
from xml.etree import ElementTree as Xml

import shapely

from linehaul_floor.plant import PlaceKind, Plant, Solid, SolidKind, VehicleClass, VehicleSpawn

VERSION = '1.8'
_SYSTEMS = (
    ('gz-sim-physics-system', 'gz::sim::systems::Physics'),
    ('gz-sim-user-commands-system', 'gz::sim::systems::UserCommands'),
    ('gz-sim-scene-broadcaster-system', 'gz::sim::systems::SceneBroadcaster'),
)
_SOLID_COLORS = {
    SolidKind.WALL: (0.75, 0.75, 0.73),
    SolidKind.RACK: (0.25, 0.40, 0.62),
    SolidKind.MACHINE: (0.62, 0.66, 0.64),
    SolidKind.OBSTACLE: (0.55, 0.52, 0.48),
}
_PLACE_COLORS = {
    PlaceKind.STATION: (0.10, 0.55, 0.30),
    PlaceKind.WAREHOUSE_PORT: (0.20, 0.35, 0.75),
    PlaceKind.CHAIN_PORT: (0.55, 0.25, 0.65),
    PlaceKind.CHARGER: (0.90, 0.65, 0.10),
    PlaceKind.PARKING: (0.60, 0.60, 0.60),
}
_WHEEL_RADIUS = 0.10
_WHEEL_WIDTH = 0.05


def sdf_world(plant: Plant) -> str:
    """Return the world as SDF text."""
    root = Xml.Element('sdf', version=VERSION)
    world = Xml.SubElement(root, 'world', name=plant.name)
    _settings(world)
    _ground(world, plant)
    for solid in plant.solids:
        _solid(world, solid)
    _bay_marks(world, plant)
    for spawn in plant.fleet:
        _vehicle(world, plant, spawn)
    Xml.indent(root, ' ')
    return '<?xml version="1.0"?>\n' + Xml.tostring(root, encoding='unicode') + '\n'


def _settings(world: Xml.Element) -> None:
    physics = Xml.SubElement(world, 'physics', name='10ms', type='ignored')
    _texts(physics, max_step_size='0.01', real_time_factor='1.0')
    for file, name in _SYSTEMS:
        Xml.SubElement(world, 'plugin', filename=file, name=name)
    sun = Xml.SubElement(world, 'light', type='directional', name='sun')
    _texts(sun, cast_shadows='false', pose='0 0 30 0 0 0', diffuse='0.9 0.9 0.9 1')
    _texts(sun, specular='0.2 0.2 0.2 1', direction='-0.3 0.2 -0.9')


def _ground(world: Xml.Element, plant: Plant) -> None:
    x, y = plant.size
    link = _static(world, 'ground', f'{x / 2:g} {y / 2:g} 0 0 0 0')
    for kind in ('collision', 'visual'):
        part = Xml.SubElement(link, kind, name=kind)
        plane = Xml.SubElement(Xml.SubElement(part, 'geometry'), 'plane')
        _texts(plane, normal='0 0 1', size=f'{x:g} {y:g}')
    _material(link[-1], (0.82, 0.83, 0.82))


def _solid(world: Xml.Element, solid: Solid) -> None:
    if solid.height <= 0.0:
        return
    shape = shapely.Polygon(solid.outline)
    west, south, east, north = shape.bounds
    boxed = math.isclose(shape.area, (east - west) * (north - south), rel_tol=1e-9)
    x, y = (west + east) / 2, (south + north) / 2
    height = solid.height / 2 if boxed else 0.0
    link = _static(world, solid.id, f'{x:g} {y:g} {height:g} 0 0 0')
    for kind in ('collision', 'visual'):
        geometry = Xml.SubElement(Xml.SubElement(link, kind, name=kind), 'geometry')
        if boxed:
            _texts(
                Xml.SubElement(geometry, 'box'),
                size=f'{east - west:g} {north - south:g} {solid.height:g}',
            )
        else:
            line = Xml.SubElement(geometry, 'polyline')
            for px, py in solid.outline.tolist():
                Xml.SubElement(line, 'point').text = f'{px - x:g} {py - y:g}'
            _texts(line, height=f'{solid.height:g}')
    _material(link[-1], _SOLID_COLORS[solid.kind])


def _bay_marks(world: Xml.Element, plant: Plant) -> None:
    """Add one model with a flat mark under the rest position of every place."""
    link = _static(world, 'bays', '0 0 0 0 0 0')
    for place in plant.places.values():
        x, y = plant.roadmap.xy[place.node].tolist()
        visual = Xml.SubElement(link, 'visual', name=place.id)
        _texts(visual, pose=f'{x:g} {y:g} 0.003 0 0 {place.heading:.6g}')
        _texts(Xml.SubElement(Xml.SubElement(visual, 'geometry'), 'box'), size='1.5 1.1 0.005')
        _material(visual, _PLACE_COLORS[place.kind])


def _vehicle(world: Xml.Element, plant: Plant, spawn: VehicleSpawn) -> None:
    vehicle, place = plant.classes[spawn.vehicle_class], plant.places[spawn.place]
    x, y = plant.roadmap.xy[place.node].tolist()
    model = Xml.SubElement(world, 'model', name=spawn.id)
    _texts(model, pose=f'{x:g} {y:g} 0 0 0 {place.heading:.6g}')
    _body(model, vehicle)
    track = _track(vehicle)
    for name, side in (('left', track / 2), ('right', -track / 2)):
        _wheel(model, name, side)
    for name, end in zip(('front', 'rear'), _casters(vehicle), strict=True):
        _caster(model, name, end)
    _drive(model, vehicle, spawn, track)


def _body(model: Xml.Element, vehicle: VehicleClass) -> None:
    length, width = vehicle.footprint.max(axis=0) - vehicle.footprint.min(axis=0)
    middle = (vehicle.footprint.max(axis=0) + vehicle.footprint.min(axis=0)) / 2
    clearance = 0.05
    height = vehicle.height - clearance
    mass = 400.0 * length * width * max(height, 0.1)
    link = Xml.SubElement(model, 'link', name='base_link')
    z = clearance + height / 2
    inertial = Xml.SubElement(link, 'inertial')
    _texts(inertial, pose=f'{middle[0]:g} {middle[1]:g} {z:g} 0 0 0', mass=f'{mass:.6g}')
    _inertia(inertial, mass, float(length), float(width), height)
    for kind in ('collision', 'visual'):
        part = Xml.SubElement(link, kind, name=kind)
        _texts(part, pose=f'{middle[0]:g} {middle[1]:g} {z:g} 0 0 0')
        box = Xml.SubElement(Xml.SubElement(part, 'geometry'), 'box')
        _texts(box, size=f'{length:g} {width - 2 * _WHEEL_WIDTH:g} {height:g}')
    _material(link[-1], (0.95, 0.45, 0.10))


def _wheel(model: Xml.Element, name: str, side: float) -> None:
    link = Xml.SubElement(model, 'link', name=f'{name}_wheel')
    _texts(link, pose=f'0 {side:g} {_WHEEL_RADIUS:g} -1.570796 0 0')
    inertial = Xml.SubElement(link, 'inertial')
    _texts(inertial, mass='4')
    _inertia(inertial, 4.0, 2 * _WHEEL_RADIUS, 2 * _WHEEL_RADIUS, _WHEEL_WIDTH)
    for kind in ('collision', 'visual'):
        part = Xml.SubElement(link, kind, name=kind)
        _texts(
            Xml.SubElement(Xml.SubElement(part, 'geometry'), 'cylinder'),
            radius=f'{_WHEEL_RADIUS:g}',
            length=f'{_WHEEL_WIDTH:g}',
        )
    _material(link[-1], (0.1, 0.1, 0.1))
    joint = Xml.SubElement(model, 'joint', name=f'{name}_wheel_joint', type='revolute')
    _texts(joint, parent='base_link', child=f'{name}_wheel')
    axis = Xml.SubElement(joint, 'axis')
    _texts(axis, xyz='0 0 1')
    _texts(Xml.SubElement(axis, 'limit'), lower='-1e16', upper='1e16')


def _caster(model: Xml.Element, name: str, x: float) -> None:
    """Add a ball without friction that carries one end."""
    link = Xml.SubElement(model, 'link', name=f'{name}_caster')
    radius = 0.05
    _texts(link, pose=f'{x:g} 0 {radius:g} 0 0 0')
    inertial = Xml.SubElement(link, 'inertial')
    _texts(inertial, mass='1')
    _inertia(inertial, 1.0, 2 * radius, 2 * radius, 2 * radius)
    collision = Xml.SubElement(link, 'collision', name='collision')
    sphere = Xml.SubElement(Xml.SubElement(collision, 'geometry'), 'sphere')
    _texts(sphere, radius=f'{radius:g}')
    friction = Xml.SubElement(Xml.SubElement(collision, 'surface'), 'friction')
    _texts(Xml.SubElement(friction, 'ode'), mu='0', mu2='0')
    joint = Xml.SubElement(model, 'joint', name=f'{name}_caster_joint', type='ball')
    _texts(joint, parent='base_link', child=f'{name}_caster')


def _drive(model: Xml.Element, vehicle: VehicleClass, spawn: VehicleSpawn, track: float) -> None:
    plugin = Xml.SubElement(
        model,
        'plugin',
        filename='gz-sim-diff-drive-system',
        name='gz::sim::systems::DiffDrive',
    )
    _texts(
        plugin,
        left_joint='left_wheel_joint',
        right_joint='right_wheel_joint',
        wheel_separation=f'{track:g}',
        wheel_radius=f'{_WHEEL_RADIUS:g}',
        max_linear_velocity=f'{vehicle.max_speed:g}',
        min_linear_velocity=f'{-vehicle.max_speed:g}',
        max_linear_acceleration=f'{vehicle.acceleration:g}',
        min_linear_acceleration=f'{-vehicle.deceleration:g}',
        max_angular_velocity=f'{vehicle.turn_rate:g}',
        min_angular_velocity=f'{-vehicle.turn_rate:g}',
        max_angular_acceleration=f'{vehicle.turn_acceleration:g}',
        min_angular_acceleration=f'{-vehicle.turn_acceleration:g}',
        odom_publish_frequency='20',
        topic=f'agv/{spawn.id}/cmd_vel',
        odom_topic=f'agv/{spawn.id}/odom',
        tf_topic=f'agv/{spawn.id}/tf',
        frame_id=f'{spawn.id}/odom',
        child_frame_id=f'{spawn.id}/base_link',
    )


def _track(vehicle: VehicleClass) -> float:
    low, high = vehicle.footprint[:, 1].min(), vehicle.footprint[:, 1].max()
    return float(2 * min(-low, high) - _WHEEL_WIDTH)


def _casters(vehicle: VehicleClass) -> Iterator[float]:
    yield float(vehicle.footprint[:, 0].max() - 0.1)
    yield float(vehicle.footprint[:, 0].min() + 0.1)


def _static(world: Xml.Element, name: str, pose: str) -> Xml.Element:
    model = Xml.SubElement(world, 'model', name=name)
    _texts(model, static='true', pose=pose)
    return Xml.SubElement(model, 'link', name='link')


def _inertia(inertial: Xml.Element, mass: float, x: float, y: float, z: float) -> None:
    """Add the inertia of a box."""
    tensor = Xml.SubElement(inertial, 'inertia')
    for name, (a, b) in {'ixx': (y, z), 'iyy': (x, z), 'izz': (x, y)}.items():
        Xml.SubElement(tensor, name).text = f'{mass * (a * a + b * b) / 12:.6g}'
    _texts(tensor, ixy='0', ixz='0', iyz='0')


def _material(visual: Xml.Element, color: tuple[float, float, float]) -> None:
    material = Xml.SubElement(visual, 'material')
    shade = ' '.join(f'{value:g}' for value in color) + ' 1'
    _texts(material, ambient=shade, diffuse=shade)


def _texts(parent: Xml.Element, /, **children: str) -> None:
    for name, text in children.items():
        Xml.SubElement(parent, name).text = text
