# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps the processes of a run alive, and ends all of them together.

One task for each node: start, read its lines until it ends, decide by `restart`, wait, start
again. The run ends when somebody asks (Ctrl-C, SIGTERM, SIGHUP) or when a required node is given
up. Nothing here knows ROS; a command is any command.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .child import Child, spawn
from .lines import LineSplitter
from .logs import STARTER, NodeLog, Terminal
from .restart import Health, Respawn, after_exit
from .status import NodeStatus, RunStatus
from .warden import Warden

#: how a run is ended: signal, and how long its effect is awaited [s]; below 5 s together
STOP_STEPS = ((signal.SIGINT, 3.2), (signal.SIGTERM, 0.6), (signal.SIGKILL, 1.0))
CANNOT_START = 127


@dataclass(frozen=True, slots=True)
class Command:
    """A process to keep alive.

    Args:
        label: unique name in logs and status.
        argv: the command line.
        respawn: how it is restarted, or None for never.
        required: the run ends with it.
    """

    label: str
    argv: tuple[str, ...]
    respawn: Respawn | None = None
    required: bool = True


def describe_exit(code: int) -> str:
    """Say in words how a process ended."""
    if code >= 0:
        return f'ended with exit code {code}'
    try:
        return f'was killed by {signal.Signals(-code).name}'
    except ValueError:
        return f'was killed by signal {-code}'


class Supervisor:
    """Runs commands until it is asked to stop or a required one is given up."""

    def __init__(
        self,
        commands: Sequence[Command],
        env: Mapping[str, str],
        run_dir: Path,
        terminal: Terminal,
    ) -> None:
        self._commands = tuple(commands)
        self._env = env
        self._run_dir = run_dir
        self._terminal = terminal
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()
        self._children: dict[str, Child] = {}
        self._logs = {c.label: NodeLog(run_dir / f'{c.label}.log') for c in commands}
        self._status = RunStatus(
            'running', os.getpid(), nodes={c.label: NodeStatus() for c in commands}
        )

    async def run(self) -> RunStatus:
        """Run until the end; the status says whether it was asked for or a failure."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.stop)
        self._warden = Warden()
        tasks = [asyncio.create_task(self._keep(command)) for command in self._commands]
        ending = asyncio.create_task(self._end_when_asked())
        await asyncio.wait([*tasks, ending], return_when=asyncio.FIRST_EXCEPTION)
        for task in (*tasks, ending):
            if task.done():
                task.result()
        self._finish()
        return self._status

    def stop(self) -> None:
        """Ask for the end; asked a second time, end at once."""
        (self._hurry if self._stopping.is_set() else self._stopping).set()

    def _finish(self) -> None:
        for label, child in self._children.items():
            self._say(f'{label} (pid {child.pid}) could not be ended', label)
        if self._status.state == 'stopping':
            self._status.state = 'failed' if self._status.reason else 'stopped'
        self._publish()
        for log in self._logs.values():
            log.close()
        self._warden.close()

    async def _end_when_asked(self) -> None:
        await self._stopping.wait()
        self._status.state = 'stopping'
        self._publish()
        for number, patience in STOP_STEPS:
            if self._hurry.is_set() and number is not signal.SIGKILL:
                continue
            for child in self._children.values():
                child.signal(number)
            if await self._all_gone(patience, until_hurry=number is not signal.SIGKILL):
                return

    async def _all_gone(self, patience: float, *, until_hurry: bool) -> bool:
        """Wait until no child is left, the patience is over or a second Ctrl-C comes."""
        loop = asyncio.get_running_loop()
        end = loop.time() + patience
        while self._children and loop.time() < end and not (until_hurry and self._hurry.is_set()):
            await asyncio.sleep(0.02)
        return not self._children

    async def _keep(self, command: Command) -> None:
        loop = asyncio.get_running_loop()
        health = Health()
        status = self._status.nodes[command.label]
        while not self._stopping.is_set():
            began = loop.time()
            code = await self._run_once(command)
            status.pid, status.last_exit = None, code
            if self._stopping.is_set():
                break
            ran_for = loop.time() - began
            self._say(f'{describe_exit(code)} after {ran_for:.1f} s', command.label)
            health, delay = after_exit(health, command.respawn, ran_for, code)
            if delay is None:
                self._give_up(command, code, health.failures)
                return
            status.state = 'waiting'
            self._publish()
            self._say(f'starts again in {delay:.1f} s', command.label)
            await self._pause(delay)
            status.restarts += not self._stopping.is_set()
        status.state = 'stopped'
        self._publish()

    async def _pause(self, delay: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), delay)
        except asyncio.TimeoutError:
            return

    def _give_up(self, command: Command, code: int, failures: int) -> None:
        self._status.nodes[command.label].state = 'given_up'
        self._publish()
        if not command.required:
            self._say('is given up; the plant goes on without it', command.label)
            return
        if code != 0 or command.respawn is not None:
            times = f'{failures} times in a row, ' if failures > 1 else ''
            last = ''.join(f'\n    {line}' for line in self._logs[command.label].last)
            self._status.reason = (
                f'the plant cannot run without {command.label}, which ended {times}'
                f'the last time it {describe_exit(code)}.'
                f' Its last lines:{last}\n  Whole log: {self._logs[command.label].path}'
            )
        self._stopping.set()

    async def _run_once(self, command: Command) -> int:
        """Run a command to its end and return its exit code."""
        loop = asyncio.get_running_loop()
        try:
            child = spawn(command.argv, self._env)
        except OSError as error:
            self._line(command.label, f'cannot be started: {error}')
            return CANNOT_START
        self._warden.add(child.pid)
        self._children[command.label] = child
        status = self._status.nodes[command.label]
        status.state, status.pid = 'running', child.pid
        self._publish()
        splitter = LineSplitter()
        loop.add_reader(child.output, self._read, command.label, child, splitter)
        ended = loop.create_future()
        loop.add_reader(child.watch, _settle, ended)
        await ended
        loop.remove_reader(child.watch)
        code = child.reap()
        loop.remove_reader(child.output)
        while self._read(command.label, child, splitter):
            pass
        os.close(child.output)
        for line in splitter.flush():
            self._line(command.label, line)
        del self._children[command.label]
        self._warden.drop(child.pid)
        return code

    def _read(self, label: str, child: Child, splitter: LineSplitter) -> bool:
        """Read what is there; tell whether there may be more."""
        try:
            data = os.read(child.output, 65_536)
        except BlockingIOError:
            return False
        for line in splitter.feed(data):
            self._line(label, line)
        if not data:
            asyncio.get_running_loop().remove_reader(child.output)
        return bool(data)

    def _line(self, label: str, text: str) -> None:
        self._logs[label].line(text)
        self._terminal.line(label, text)

    def _say(self, text: str, label: str) -> None:
        """Say something about a node, in its log and in the terminal."""
        self._logs[label].note(f'[{STARTER}] {text}')
        self._terminal.line(STARTER, f'{label} {text}')

    def _publish(self) -> None:
        self._status.write(self._run_dir / 'status.json')


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
