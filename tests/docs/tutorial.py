"""The tutorial's blocks run as they stand. `python -m tests.docs.tutorial` prints what each command says now.

A block ```sh is run by bash; a block ```text after it is what it says, `…` standing for any text (a line of its own: any lines).
A block ```yaml FILE or ```toml FILE is saved under that name. `sh long` is run by the long tests only; `sh lab` opens a server.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

PAGE = ROOT / "docs" / "tutorial.md"
CHINESE = ROOT / "docs" / "tutorial.zh.md"
BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block: language, what stands behind it (a file name, `long`), text."""

    language: str
    note: str
    text: str


def parts(page: Path = PAGE) -> dict[str, list[Block]]:
    """Return the tutorial's blocks by heading, in order."""
    found: dict[str, list[Block]] = {}
    for piece in re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        title, _, body = piece.partition("\n")
        found[title.strip()] = [Block(m[1], m[2].strip(), m[3]) for m in BLOCK.finditer(body)]
    return found


def workplace(folder: Path) -> Path:
    """Return a folder that looks like a fresh clone to the commands: data without inputs, a copy of library, notebooks, docs."""
    for name in ("data", "lib", "notebooks", "docs", "tests/docs"):
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("inputs", "__pycache__", "*.egg-info", "images")
        )
    for name in ("pyproject.toml", "tests/__init__.py", "tests/conftest.py", "tests/small_folder.py"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "data" / "inputs").mkdir()
    tools = folder / ".bin"
    tools.mkdir()
    for name, words in (("vbp", '-m vbp "$@"'), ("python", '"$@"')):
        (tools / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words}\n', encoding="utf-8")
        (tools / name).chmod(0o755)
    return folder


def run(command: str, folder: Path) -> tuple[int, str]:
    """Run a block's commands in `folder`; return the exit status and what was printed, errors too, spaces at ends stripped."""
    env = {
        **os.environ,
        "VBP_ROOT": str(folder),
        "PYTHONPATH": str(folder / "lib"),
        "PYTHONHASHSEED": "0",
        "PATH": f"{folder / '.bin'}:{os.environ['PATH']}",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    env.pop("VBP_DATA", None)
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=300,
        check=False,
    )
    return done.returncode, tidy(done.stdout)


def tidy(text: str) -> str:
    """Return text without spaces at the ends of lines and without blank lines."""
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip())


def matches(shown: str, said: str) -> bool:
    """Return whether what was said is what the page shows: a line of `…` stands for lines, `…` in a line for text."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "…" else re.escape(line).replace("…", ".*?") + "\n"
        for line in tidy(shown).splitlines()
    )
    return re.fullmatch(pattern, said + "\n") is not None


def save(block: Block, folder: Path) -> None:
    """Write a block's text to the file that it names."""
    path = folder / block.note
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, encoding="utf-8")


def main() -> None:
    """Print every command with what it says now, for whoever writes the page."""
    import tempfile

    folder = workplace(Path(tempfile.mkdtemp()))
    for title, blocks in parts().items():
        print(f"\n## {title}")
        for block in blocks:
            if block.language in ("yaml", "toml", "python") and block.note:
                save(block, folder)
            elif (
                block.language == "sh" and not block.text.startswith("make ") and (not block.note or "long" in sys.argv)
            ):
                print(f"\n$ {block.text}{run(block.text, folder)[1]}")


if __name__ == "__main__":
    main()
