"""What a file's texts may not do to a terminal: control characters and turned writing are printed as what they are.

A name that holds an escape sequence could colour, overwrite or retitle the terminal; one with a right-to-left override
shows another text than it holds. Each such character is printed as `\\u001b`, which JSON reads back as the character.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
OURS = re.compile("(\r|\x1b\\[(?:[0-9;]*[mKA]|\\?25[lh]))")
"""Colours and the progress bar's movements, which a terminal gets from rich."""


def visible(text: str, terminal: bool = False) -> str:
    """Return text whose control characters and turning marks are written out; on a terminal rich's own stay."""
    if not CONTROL.search(text):
        return text
    parts = OURS.split(text) if terminal else [text]
    return "".join(part if terminal and place % 2 else CONTROL.sub(_named, part) for place, part in enumerate(parts))


def _named(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"


class Visible:
    """A text stream that writes control characters out; everything else is the stream's own."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write text made visible; return the length given."""
        self._stream.write(visible(text, self._stream.isatty()))
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def visible_streams() -> Iterator[None]:
    """Let standard output and error write control characters out for the length of the block."""
    own = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (Visible(stream) for stream in own)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = own
