"""检查一个数据文件夹 · check an inputs folder: every problem at once, with file, row, column and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def run(
    inputs: Annotated[Path, typer.Argument(help="folder with city.yaml and the tables")],
    annotate: Annotated[
        Path | None, typer.Option(help="write a copy (xlsx) with the problem cells coloured and commented")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="print one JSON document")] = False,
    limit: Annotated[int, typer.Option(help="rows listed per rule before the rest is only counted")] = 20,
) -> None:
    """Check a folder and print every problem; exit status 1 where there is an error."""
    from vbp.check import check
    from vbp.cli.output import print_json
    from vbp.errors import UsageError
    from vbp.whole import same_place

    if limit < 1:
        raise UsageError(f"--limit must be at least 1, got {limit}")
    if annotate is not None and annotate.suffix.lower() != ".xlsx":
        raise UsageError(f"--annotate writes a workbook: name it .xlsx, not {annotate.name}")
    checked = check(inputs, limit)
    if annotate is not None:
        if any(same_place(annotate, inputs / record.name) for record in checked.inputs.provenance):
            raise UsageError(
                f"{annotate} is one of the files that are checked: name another one for the annotated copy"
            )
        from vbp.check.annotate import annotate as write

        write(checked.inputs, check(inputs, 5000).problems if limit < 5000 else checked.problems, annotate)
    if json:
        print_json(checked.as_json())
    else:
        print(checked.text())
    if not checked.ok:
        raise SystemExit(1)
