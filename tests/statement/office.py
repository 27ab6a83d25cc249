"""LibreOffice, headless: recalculate a workbook and read what its cells became."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

PROGRAM = shutil.which("soffice") or shutil.which("libreoffice")
needs_office = pytest.mark.skipif(PROGRAM is None, reason="needs the Debian package libreoffice-calc")


def recalculated(paths: list[Path], out: Path) -> list[Any]:
    """Return the workbooks after LibreOffice computed every formula, values only; one start for all."""
    assert PROGRAM
    subprocess.run(
        [
            PROGRAM,
            f"-env:UserInstallation=file://{out / 'profile'}",
            "--headless",
            "--calc",
            "--convert-to",
            "xlsx:Calc MS Excel 2007 XML",
            "--outdir",
            str(out),
            *map(str, paths),
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )
    return [load_workbook(out / path.name, data_only=True) for path in paths]
