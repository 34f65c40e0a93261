# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The launch-free starter: runs the table of nodes without ROS's launch.

`python -m linehaul_bringup [--plant cell] [name=value …]` starts the same processes as
`ros2 launch linehaul_bringup factory.launch.py`. Exit codes: 0 stopped as asked, 1 the plant
cannot run, 2 wrong arguments, table or environment.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from .arguments import Argument, ArgumentName, Scalar, resolve, spell
from .command import command_line
from .errors import ArgumentsError, BringupError, Problem
from .lock import hold_domain, hold_run_dir
from .logs import STARTER, Terminal, wants_colour
from .paths import find_executable, make_run_dir, run_dir_path
from .plan import NodeProcess
from .readers import RUN_DIR, plan_processes, read_table, with_run_dir
from .supervisor import Command, Supervisor

EXIT_CANNOT_RUN = 1
EXIT_WRONG = 2
HELP = ('-h', '--help')


def build_parser(arguments: Mapping[ArgumentName, Argument]) -> argparse.ArgumentParser:
    """Make a parser with one option for each argument of the table."""
    parser = argparse.ArgumentParser(
        prog='python -m linehaul_bringup',
        description='Run the factory until Ctrl-C.',
        allow_abbrev=False,
    )
    for argument in arguments.values():
        usual = f'(default: {spell(argument.default) or "empty"})'
        parser.add_argument(
            f'--{argument.name.replace("_", "-")}',
            metavar='|'.join(map(spell, argument.choices)) or argument.type.value.upper(),
            help=f'{argument.description} {usual}'.replace('%', '%%'),
        )
    parser.add_argument('--system', metavar='FILE', type=Path, help='another table of nodes')
    parser.add_argument('--dry-run', action='store_true', help='print the command lines only')
    parser.add_argument(
        'assignments', metavar='name=value', nargs='*', help='an argument, as ROS launch takes it'
    )
    return parser


def given_arguments(
    options: argparse.Namespace, arguments: Mapping[ArgumentName, Argument]
) -> list[tuple[str, str]]:
    """Gather what was given as options and as `name=value` or `name:=value`.

    Raises:
        ArgumentsError: a word is neither.
    """
    given = [(str(name), getattr(options, name)) for name in arguments]
    given = [(name, text) for name, text in given if text is not None]
    for word in options.assignments:
        name, sign, text = word.partition('=')
        if not sign:
            problem = Problem(word, 'not of the form name=value', 'write such as plant=cell')
            raise ArgumentsError('The arguments cannot be used:', [problem])
        given.append((name.removesuffix(':'), text))
    return given


def commands_of(processes: Sequence[NodeProcess], env: Mapping[str, str]) -> tuple[Command, ...]:
    """Turn the plan into command lines.

    Raises:
        EnvironmentMissing: an executable is not installed.
    """
    return tuple(
        Command(
            label=process.label,
            argv=command_line(process, find_executable(process.package, process.executable, env)),
            respawn=process.respawn,
            required=process.required,
        )
        for process in processes
    )


def child_environment(env: Mapping[str, str], run_dir: Path, colour: bool) -> dict[str, str]:
    """Make the nodes' environment: lines at once, logs below the run directory."""
    return {
        'PYTHONUNBUFFERED': '1',
        'RCUTILS_COLORIZED_OUTPUT': str(int(colour)),
        'ROS_LOG_DIR': str(run_dir / 'ros'),
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
        **env,
    }


def start(values: dict[ArgumentName, Scalar], system_file: Path | None) -> int:
    """Run the plant with these arguments until its end; return the exit code.

    Raises:
        BringupError: it cannot even be started; nothing was.
    """
    env = os.environ
    run_dir = run_dir_path(str(values.get(RUN_DIR, '')), datetime.now(), Path.cwd())
    values = with_run_dir(values, run_dir)
    commands = commands_of(plan_processes(values, env, system_file), env)
    held = [hold_domain(env)]
    make_run_dir(run_dir)
    held.append(hold_run_dir(run_dir))
    try:
        return asyncio.run(_supervise(commands, run_dir))
    finally:
        for lock in held:
            os.close(lock)


async def _supervise(commands: Sequence[Command], run_dir: Path) -> int:
    colour = wants_colour(sys.stdout, os.environ)
    labels = [STARTER, *(command.label for command in commands)]
    terminal = Terminal(sys.stdout, colour, max(len(label) for label in labels))
    terminal.line(STARTER, f'run directory {run_dir}')
    env = child_environment(os.environ, run_dir, colour)
    status = await Supervisor(commands, env, run_dir, terminal).run()
    if status.reason:
        print(f'error: {status.reason}', file=sys.stderr)  # noqa: T201
    return EXIT_CANNOT_RUN if status.state == 'failed' else 0


def dry_run(values: Mapping[ArgumentName, Scalar], system_file: Path | None) -> int:
    """Print the command lines instead of running them."""
    run_dir = run_dir_path(str(values.get(RUN_DIR, '')), datetime.now(), Path.cwd())
    processes = plan_processes(with_run_dir(values, run_dir), os.environ, system_file)
    for command in commands_of(processes, os.environ):
        print(shlex.join(command.argv))  # noqa: T201
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Read the command line, run the plant, return the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        early, _ = build_parser({}).parse_known_args([w for w in words if w not in HELP])
        system = read_table(os.environ, early.system)
        options = build_parser(system.arguments).parse_intermixed_args(words)
        values = resolve(system.arguments, given_arguments(options, system.arguments))
        return (dry_run if options.dry_run else start)(values, options.system)
    except BringupError as error:
        print(f'error: {error}', file=sys.stderr)  # noqa: T201
        return EXIT_WRONG
