"""生成填报模板 · write a workbook to fill in: a sheet per table, notes, drop-downs, an example row."""
from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def run(out: Annotated[Path, typer.Argument(help="the workbook to write (xlsx)")],
        replace: Annotated[bool, typer.Option(help="replace a file of that name")] = False) -> None:
    """Write the template workbook."""
    from vbp.errors import InputError, Problem, UsageError
    from vbp.template import write_template

    if out.suffix.lower() != ".xlsx":
        raise UsageError(f"the template is a workbook: name it .xlsx, not {out.name}")
    if out.exists() and not replace:
        raise InputError(Problem("a file of this name stands there: choose another, or say "
                                 "--replace", "exists", file=str(out)))
    print(write_template(out))
