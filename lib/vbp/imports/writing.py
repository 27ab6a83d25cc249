"""What an import made, written as an inputs folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from vbp.errors import InputError, Problem
from vbp.imports.profile import Profile
from vbp.tables.place import TO_FILL_IN
from vbp.whole import carry, whole_folder


def _place(profile: Profile, out: Path) -> dict[str, Any]:
    slug = out.resolve().name
    return {
        "name_zh": slug,
        "name_en": slug,
        "province": TO_FILL_IN,
        "rule_profile": "national-2020",
        **profile.place,
    }


def write_folder(
    out: Path, tables: Mapping[str, pa.Table], profile: Profile, record: Mapping[str, Any], replace: bool
) -> None:
    """Write every table, city.yaml (where there is none) and provenance.json: all of them, or nothing."""
    standing = [f"{name}.csv" for name in tables if (out / f"{name}.csv").exists()]
    if standing and not replace:
        raise InputError(
            Problem(
                f"{', '.join(standing)} stand already in the folder: choose another one, or say --replace",
                "exists",
                file=str(out),
            )
        )
    with whole_folder(out, ours=None) as made:
        for name, table in tables.items():
            with (made / f"{name}.csv").open("wb") as stream:
                stream.write(b"\xef\xbb\xbf")
                _write_csv(table, stream)
        if not (out / "city.yaml").exists():
            (made / "city.yaml").write_text(
                yaml.safe_dump(_place(profile, out), allow_unicode=True, sort_keys=False), encoding="utf-8"
            )
        (made / "provenance.json").write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        for path in sorted(out.iterdir()) if out.is_dir() else ():
            carry(path, made / path.name)


def _write_csv(table: pa.Table, stream: Any) -> None:
    import pyarrow.csv as pacsv

    pacsv.write_csv(table, stream, pacsv.WriteOptions(quoting_style="needed"))
