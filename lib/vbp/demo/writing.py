"""Write the folder: csv with a title row that says 演示数据, city.yaml, truth.json; all of it or nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from vbp.errors import UsageError
from vbp.whole import carry, others, whole_folder

MARK = "演示数据"
TITLE = f"{MARK}：虚构的示范市，由程序生成，不代表任何真实地区、机构、企业或产品 / synthetic data of an invented place"
OURS = re.compile(r"city\.yaml|truth\.json|[a-z_]+\.csv")
"""Names of a demonstration: what a new one takes the place of; a user's own files beside them are carried over."""
BOM = b"\xef\xbb\xbf"


def write_folder(out: Path, place: Mapping[str, Any], tables: Mapping[str, pa.Table], truth: Mapping[str, Any]) -> Path:
    """Write everything to a temporary sibling, then put it in place of `out`; return `out`."""
    _refuse(out)
    with whole_folder(out, ours=None) as work:
        (work / "city.yaml").write_text(_yaml(place), encoding="utf-8")
        (work / "truth.json").write_text(json.dumps(truth, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        for name, table in tables.items():
            write_csv(work / f"{name}.csv", name, table)
        for path in others(out, OURS):
            carry(path, work / path.name)
    return out


def write_csv(path: Path, name: str, table: pa.Table) -> None:
    """Write one table: UTF-8 with BOM, a title row with 演示数据, the header, the rows."""
    shown = pa.table({column: _shown(column, table[column]) for column in table.column_names})
    with path.open("wb") as file:
        file.write(BOM + f"{TITLE} ({name})\n{','.join(table.column_names)}\n".encode())
        options = pacsv.WriteOptions(include_header=False, quoting_style="needed" if _structural(shown) else "none")
        pacsv.write_csv(shown, file, options)


def _structural(table: pa.Table) -> bool:
    """Return whether a text holds a comma, a quote or a line end ("needed" alone would quote every text there is)."""
    texts = [column for column in table.columns if pa.types.is_string(column.type)]
    return any(pc.any(pc.match_substring_regex(column, '[,"\r\n]')).as_py() for column in texts)


def _shown(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column as the file shows it: months as 2024-03, flags as 是/否, decimals without idle zeros."""
    if name == "month":
        return pc.utf8_slice_codeunits(pc.cast(column, pa.string()), 0, 7)
    if pa.types.is_boolean(column.type):
        return pc.if_else(column, "是", "否")
    if pa.types.is_decimal(column.type):
        text = pc.cast(column, pa.string())
        # Arrow writes a zero of scale 8 as 0E-8
        return text if column.type.scale == 2 else pc.replace_substring_regex(text, r"(\.0+|E-8|(\.\d*?)0+)$", r"\2")
    return column


def _yaml(place: Mapping[str, Any]) -> str:
    import yaml

    return f"# {TITLE}\n" + yaml.safe_dump(dict(place), allow_unicode=True, sort_keys=False)


def _refuse(out: Path) -> None:
    """Refuse to replace anything but an empty folder or an earlier demonstration."""
    if out.is_dir():
        city = out / "city.yaml"
        ours = (out / "truth.json").is_file() and city.is_file() and MARK in city.read_text("utf-8", errors="replace")
        if any(out.iterdir()) and not ours:
            raise UsageError(f"{out} holds other files; give an empty or new folder for the demonstration")
    elif out.exists() or out.is_symlink():
        raise UsageError(f"{out} is a file; give a folder for the demonstration")
