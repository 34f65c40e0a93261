# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Tab completion: a script for bash, which zsh can read, too.

Commands, actions and options come from the parser; ids from a plant file, if one is named, so that
a shell never has to wait for the fleet while somebody types.
"""

import argparse
from collections.abc import Iterable, Mapping

from linehaul_fleet.cli.words import HOLDERS
from linehaul_floor import PlaceKind, Plant

Ids = Mapping[str, Iterable[str]]
"""What may stand for an argument or an option, by its name in the parser."""

_VALUES = ('station', 'item')


def ids_of(plant: Plant) -> Ids:
    """Return the ids of a plant for the words of the command line."""
    stations = [p.id for p in plant.places_of(PlaceKind.STATION)]
    return {
        'vehicle': [spawn.id for spawn in plant.fleet],
        'place': list(plant.places),
        'where': stations,
        'station': stations,
        'item': list(plant.items),
        'element': [*plant.zones, *plant.places],
    }


def completion(
    parser: argparse.ArgumentParser, shell: str = 'bash', ids: Ids | None = None
) -> str:
    """Return a script that completes commands, actions, options and ids of a parser."""
    known = {'holder': HOLDERS, **(ids or {})}
    lines = ['_linehaul() {', '  local word=${COMP_WORDS[COMP_CWORD]} words']
    lines += ['  case "${COMP_WORDS[1]}/${COMP_WORDS[2]}" in']
    for name, verb in _choices(parser).items():
        for action, inner in _choices(verb).items():
            words = [*_arguments(inner, known), *_options(inner)]
            lines.append(f'    {name}/{action}) words="{" ".join(words)}" ;;')
        first = [*_choices(verb), *_arguments(verb, known), *_options(verb)]
        lines.append(f'    {name}/*) words="{" ".join(first)}" ;;')
    top = ' '.join([*_choices(parser), *_options(parser)])
    lines += [
        f'    *) words="{top}" ;;',
        '  esac',
        f'  [[ $COMP_CWORD -eq 1 ]] && words="{top}"',
        '  case "${COMP_WORDS[COMP_CWORD-1]}" in',
        *(
            f'    --{k}) words="{" ".join(known[k])}" ;;'
            for k in ('station', 'item')
            if k in known
        ),
        '    -) ;;',
        '  esac',
        '  COMPREPLY=($(compgen -W "$words" -- "$word"))',
        '}',
        'complete -F _linehaul linehaul',
    ]
    if shell == 'zsh':
        lines = ['autoload -U +X bashcompinit && bashcompinit', *lines]
    return '\n'.join(lines)


def _choices(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def _options(parser: argparse.ArgumentParser) -> Iterable[str]:
    return [o for a in parser._actions for o in a.option_strings if o.startswith('--')]


def _arguments(parser: argparse.ArgumentParser, known: Ids) -> list[str]:
    names = [a.dest for a in parser._actions if not a.option_strings]
    found = [word for name in names for word in known.get(name, ())]
    return list(dict.fromkeys(found))
