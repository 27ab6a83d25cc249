"""Set Chinese phrases in full-width punctuation: `python tests/tools/fullwidth.py lib/vbp/words/phrases/*.toml`.

Only texts of `zh` keys are touched; `{places}`, numbers and English words keep theirs.
"""
from __future__ import annotations

import re
import sys
from pathlib import Path

HAN = "\u4e00-\u9fff"
AFTER = f"[{HAN}\u201d\u300b\uff09\u3015\u300d%}}]"
ZH_LINE = re.compile(r'(\s*[\w.\-"]*\bzh\s*=\s*")(.*)("\s*)$')


def fullwidth(text: str) -> str:
    """Return Chinese text with full-width comma, semicolon, colon, question mark and brackets."""
    text = re.sub(rf"(?<={AFTER})\s*,\s*", "\uff0c", text)
    text = re.sub(rf",(?=[{HAN}])", "\uff0c", text)
    text = re.sub(rf"(?<={AFTER})\s*;\s*", "\uff1b", text)
    text = re.sub(rf"(?<=[{HAN}\u201d\u300b\uff09\u3015\u300d}}])\s*:\s*(?!//)", "\uff1a", text)
    text = re.sub(rf"(?<=[{HAN}])\?", "\uff1f", text)
    text = re.sub(rf"\s*\(((?=[^()]*[{HAN}])[^()]*)\)", "\uff08\\1\uff09", text)
    text = re.sub(rf"(?<=[{HAN}}}])\(([^()]*)\)", "\uff08\\1\uff09", text)
    text = re.sub(r"(?<=\uff09)\s*:\s*", "\uff1a", text)
    return "\uff1b" if text == ";" else text


def main(paths: list[str]) -> None:
    """Rewrite the given TOML files."""
    for path in map(Path, paths):
        lines = [re.sub(ZH_LINE, lambda m: m[1] + fullwidth(m[2]) + m[3], line) for line in path.read_text(encoding="utf-8").splitlines()]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
