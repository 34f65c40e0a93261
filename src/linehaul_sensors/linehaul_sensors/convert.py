# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Readings, channels, alarms, warnings and health to messages and back."""

import importlib
from collections.abc import Sequence
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
from linehaul_ros.time import to_time

from linehaul_interfaces.msg import (
    Alarm,
    Alarms,
    EarlyWarning,
    EarlyWarnings,
    SensorChannels,
    SensorReadings,
)
from linehaul_sensors.alarm_book import AlarmView
from linehaul_sensors.alarm_view import fit
from linehaul_sensors.channels import Channel
from linehaul_sensors.early_warnings import WarningRecord
from linehaul_sensors.errors import ReadingsError
from linehaul_sensors.ids import ChannelId, EquipmentId
from linehaul_sensors.readings import Readings, make_readings

MOST_WARNINGS = 150
"""Warnings in one message, so that it stays below some 100 kB."""


def from_readings(message: SensorReadings) -> Readings:
    """Return the readings of a message; flags are not sent.

    Raises:
        ReadingsError: its arrays have different lengths.
    """
    return make_readings(
        np.asarray(message.channel, dtype=np.uint32),
        np.asarray(message.source_time, dtype=np.int64),
        np.asarray(message.value, dtype=np.float64),
        np.asarray(message.quality, dtype=np.uint8),
    )


def from_channels(message: SensorChannels) -> dict[int, Channel]:
    """Return the channels of a message by their index.

    Raises:
        ReadingsError: an index stands there twice.
    """
    found = {
        one.index: Channel(
            id=ChannelId(one.channel_id),
            quantity=one.quantity,
            unit=one.unit,
            place=one.place,
            equipment=EquipmentId(one.equipment_id),
            minimum=one.minimum,
            maximum=one.maximum,
            period=one.period,
        )
        for one in message.channels
    }
    if len(found) != len(message.channels):
        raise ReadingsError(f'{message.bridge_id}: a channel index stands there twice')
    return found


def to_alarms(views: Sequence[AlarmView], flood: bool, recent: int, now: float) -> Alarms:
    """Return the most urgent alarms as a message, as many as its budget of bytes holds.

    Args:
        views: all alarms that are not normal, the most urgent first.
        flood: there is one.
        recent: announced in the last ten minutes.
        now: [s].
    """
    shown = fit(views)
    return Alarms(
        stamp=to_time(now),
        flood=flood,
        raised_last_10_minutes=recent,
        total=shown.total,
        alarms=[_alarm(view) for view in shown.alarms],
    )


def _alarm(view: AlarmView) -> Alarm:
    one = view.alarm
    return Alarm(
        alarm_id=one.id,
        equipment_id=one.equipment,
        channel_ids=[] if one.channel is None else [one.channel],
        state=int(view.state),
        active=view.active,
        priority=int(one.priority),
        message=one.message,
        consequence=one.consequence,
        response=one.response,
        value=view.value,
        limit=one.limit,
        raised=to_time(view.raised),
        changed=to_time(view.changed),
        cause_alarm_id=view.cause,
        consequences=view.consequences,
        actor=view.actor,
        reason=view.reason,
        until=to_time(view.until) if not isnan(view.until) else to_time(0.0),
    )


def to_warnings(records: Sequence[WarningRecord], pictures: Path, now: float) -> EarlyWarnings:
    """Return warnings as a message, the most urgent of them.

    Args:
        records: the most urgent first.
        pictures: folder in which the picture of a record has its id as its name.
        now: [s].
    """
    shown = [_warning(record, pictures) for record in records[:MOST_WARNINGS]]
    return EarlyWarnings(stamp=to_time(now), warnings=shown)


def picture_of(warning: str, pictures: Path) -> Path:
    """Return where the picture of a warning is, or would be."""
    return pictures / f'{warning.replace("/", "_").replace("#", "_")}.png'


def _warning(record: WarningRecord, pictures: Path) -> EarlyWarning:
    picture = picture_of(record.id, pictures)
    return EarlyWarning(
        warning_id=record.id,
        equipment_id=record.equipment,
        status=int(record.status),
        channel_ids=[channel for channel, _ in record.evidence],
        contributions=[share for _, share in record.evidence],
        health=record.health,
        remaining_life=record.remaining,
        remaining_life_low=record.low,
        remaining_life_high=record.high,
        since=to_time(record.since),
        raised=to_time(record.raised),
        message=record.message,
        proposal=record.proposal,
        picture=str(picture) if picture.is_file() else '',
    )


def message_class(kind: str) -> Any:
    """Return the class of a type such as sensor_msgs/msg/Imu; None if it is not installed."""
    parts = kind.split('/')
    try:
        return getattr(importlib.import_module(f'{parts[0]}.msg'), parts[-1], None)
    except ModuleNotFoundError:
        return None
