"""YAML from many hands: plain data only; tags, aliases (bombs), keys that stand twice and huge files are refused."""

from __future__ import annotations

import re
from typing import Any

import yaml

LARGEST = 1_000_000
"""Bytes above which a file is no settings file."""


CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
"""What no name holds: control characters, turned writing, half characters and none. YAML writes them as escapes."""


class PlainLoader(yaml.SafeLoader):
    """PyYAML's safe loader without its traps: an alias, a key that stands twice, or a control character is an error with
    its line.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse aliases: a few lines of them can stand for gigabytes."""
        if self.check_event(yaml.events.AliasEvent):
            event = self.peek_event()
            raise yaml.constructor.ConstructorError(None, None, "aliases are not allowed here", event.start_mark)
        return super().compose_node(parent, index)

    def construct_scalar(self, node: Any) -> Any:
        """Refuse control characters: a terminal, a workbook or a page would act on them, or could not hold them."""
        found = CONTROL.search(str(node.value))
        if found:
            told = f"the control character U+{ord(found.group()):04X} stands in a text: take it out"
            raise yaml.constructor.ConstructorError(None, None, told, node.start_mark)
        return super().construct_scalar(node)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """Refuse a key that stands twice: the last one would win without a word."""
        seen: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key.value!r} stands twice", key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def load(text: str) -> Any:
    """Return the document in `text`.

    Raises
    ------
    ValueError
        Where the text is no plain YAML (`yaml.YAMLError` is turned into it; `line` is the line from 1, None where not
        known), too large, or nested too deep.
    """
    if len(text) > LARGEST:
        raise NotPlain(f"{len(text):,} characters are no settings file (limit {LARGEST:,})", None)
    try:
        return yaml.load(text, Loader=PlainLoader)
    except RecursionError:
        raise NotPlain("nested too deep", None) from None
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        raise NotPlain(str(getattr(error, "problem", None) or error), mark.line + 1 if mark else None) from None


class NotPlain(ValueError):
    """The text is no plain YAML; `line` is where, from 1."""

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.line = line
