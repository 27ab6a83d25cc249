"""导入已知格式的导出文件 · turn a known export into the tables of an inputs folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def _settings(pairs: list[str]) -> dict[str, str]:
    from vbp.errors import UsageError

    for pair in pairs:
        if "=" not in pair:
            raise UsageError(f"--set takes NAME=VALUE, not {pair!r}")
    return {name.strip(): value.strip() for name, _, value in (pair.partition("=") for pair in pairs)}


def run(
    files: Annotated[list[Path], typer.Argument(help="export files: csv, xlsx, xls, parquet")],
    profile: Annotated[str, typer.Option(help="a profile of data/profiles, or a YAML file of your own")],
    out: Annotated[Path, typer.Option(help="the inputs folder to write")],
    set_: Annotated[list[str] | None, typer.Option("--set", help="a setting of the profile, NAME=VALUE")] = None,
    replace: Annotated[bool, typer.Option(help="replace tables that stand in the folder")] = False,
    json: Annotated[bool, typer.Option("--json", help="print one JSON document")] = False,
) -> None:
    """Import export files by a profile."""
    from vbp.cli.output import print_json
    from vbp.imports import import_files

    done = import_files(files, profile, out, _settings(set_ or []), replace)
    print_json(done.as_json()) if json else print(done.text())
