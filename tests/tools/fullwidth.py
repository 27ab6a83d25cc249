"""Set Chinese phrases in full-width punctuation: `python tests/tools/fullwidth.py lib/vbp/words/phrases/*.toml`.

Only texts of `zh` keys are touched; `{places}`, numbers and English words keep theirs.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "lib"))

from vbp.words.typeset import fullwidth

ZH_LINE = re.compile(r'(\s*[\w.\-"]*\bzh\s*=\s*")(.*)("\s*)$')


def main(paths: list[str]) -> None:
    """Rewrite the given TOML files."""
    for path in map(Path, paths):
        lines = [
            re.sub(ZH_LINE, lambda m: m[1] + fullwidth(m[2]) + m[3], line)
            for line in path.read_text(encoding="utf-8").splitlines()
        ]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
