"""生成填报模板 · write a workbook to fill in: a sheet per table, notes, drop-downs, an example row."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer


def run(
    out: Annotated[Path, typer.Argument(help="the workbook to write (xlsx)")],
    replace: Annotated[bool, typer.Option(help="replace a file of that name")] = False,
) -> None:
    """Write the template workbook."""
    from vbp.errors import InputError, Problem, UsageError
    from vbp.schema import TABLES
    from vbp.template import write_template
    from vbp.words import LANGUAGES, say

    if out.suffix.lower() != ".xlsx":
        raise UsageError(f"the template is a workbook: name it .xlsx, not {out.name}")
    if out.exists() and not replace:
        raise InputError(
            Problem("a file of this name stands there: choose another, or say --replace", "exists", file=str(out))
        )
    path = write_template(out)
    folder = path.parent
    if (
        any(other != path and other.suffix == path.suffix for other in folder.iterdir())
        or folder.resolve() == Path.cwd()
    ):
        folder = Path("data/inputs") / path.stem  # the workbook needs a folder of its own
    for lang in LANGUAGES:
        print(say("template.written", lang, path=path, sheets=len(TABLES)))
    place, book = quote(str(folder)), quote(str(path))
    moved = "" if folder == path.parent else f"mkdir -p {place} && mv {book} {place}/ && "
    print(f"  {moved}vbp check {place}")
