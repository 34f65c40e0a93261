# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""YAML without surprises: safe types only, and a key written twice is a problem, not a choice."""

from collections.abc import Hashable
from typing import Any

import yaml

from linehaul_floor.errors import Problem


class _Loader(yaml.SafeLoader):
    """SafeLoader that notes duplicate keys."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.problems: list[Problem] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                mark = key.start_mark
                self.problems.append(
                    Problem(
                        'duplicate_key',
                        f'line {mark.line + 1}, column {mark.column + 1}',
                        f'the key {key.value!r} is written twice in one mapping',
                        'keep one of them',
                    )
                )
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def read(text: str) -> tuple[Any, list[Problem]]:
    """Return the document and the problems of its notation; None where it cannot be read."""
    loader = _Loader(text) if _printable(text) else None
    if loader is None:
        return None, [_syntax('the file', 'control characters that YAML forbids')]
    try:
        return loader.get_single_data(), loader.problems
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f'line {mark.line + 1}, column {mark.column + 1}' if mark else 'the file'
        return None, [_syntax(where, str(error.problem))]
    except (yaml.YAMLError, ValueError, TypeError) as error:
        return None, [_syntax('the file', str(error))]
    finally:
        loader.dispose()


def _printable(text: str) -> bool:
    return yaml.reader.Reader.NON_PRINTABLE.search(text) is None


def _syntax(where: str, found: str) -> Problem:
    return Problem('yaml_syntax', where, found, 'mend the YAML notation')
