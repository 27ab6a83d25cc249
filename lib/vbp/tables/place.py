"""Whose data a folder holds: city.yaml, or the sheet `city` (城市) of a workbook in the folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vbp import safe_yaml
from vbp.errors import Problem, unknown
from vbp.schema import vocabularies
from vbp.tables.folder import BOOKS
from vbp.tables.grid import Unreadable
from vbp.tables.sheets import cell_text, open_sheets
from vbp.tables.texts import compact

TEXTS = ("name_zh", "name_en", "province", "rule_profile")
COUNTS = ("population", "insured")
TO_FILL_IN = "（请填写）"
"""What an import writes where only its user knows."""
KNOWN = (*TEXTS, *COUNTS, "synthetic")
SHEETS = ("city", "城市")
LABELS = {
    "name_zh": ("中文名称", "城市名称"),
    "name_en": ("英文名称",),
    "province": ("省份",),
    "rule_profile": ("规则档案",),
    "population": ("常住人口",),
    "insured": ("参保人数",),
    "synthetic": ("演示数据",),
}
"""What the sheet calls each entry; `vbp.template` writes these labels."""
SUPPLY = (
    "fill in the sheet city (城市) of the workbook that `vbp template` makes, or write a text file city.yaml beside the tables, "
    "a line each: name_zh: 某某市 / name_en: Some City / province: 某某省 / rule_profile: national-2020"
)


@dataclass(frozen=True)
class Place:
    """A city (or region) as it is named in the file `file`; population and insured are persons, None where not given."""

    name_zh: str
    name_en: str
    province: str
    rule_profile: str
    population: int | None = None
    insured: int | None = None
    synthetic: bool = False
    file: str = field(default="city.yaml", compare=False)


@dataclass(frozen=True)
class _Entries:
    """What was written about the place: the entries, the file (with sheet) that holds them and, in a sheet, their rows."""

    values: dict[str, Any]
    file: str = "city.yaml"
    rows: Mapping[str, int] = field(default_factory=dict)

    def fault(self, message: str, rule: str = "city_yaml", name: str | None = None, level: str = "error") -> Problem:
        """Return a problem with the entry `name`."""
        value = self.values.get(name) if name else None
        return Problem(
            message,
            rule,
            level,
            "city",
            self.file,
            self.rows.get(name) if name else None,
            name,
            None if value is None else str(value)[:120],
        )


def _broken(message: str, row: int | None = None, rule: str = "city_yaml") -> Problem:
    return Problem(message, rule, "error", "city", "city.yaml", row)


def _from_yaml(path: Path) -> tuple[_Entries, list[Problem]]:
    try:
        loaded = safe_yaml.load(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError:
        return _Entries({}), [_broken("city.yaml is not UTF-8: save it again as UTF-8")]
    except safe_yaml.NotPlain as error:
        return _Entries({}), [_broken(f"city.yaml cannot be read: {error}", error.line)]
    except OSError as error:
        return _Entries({}), [_broken(f"city.yaml cannot be read: {error.strerror or error}", None, "unreadable")]
    if not isinstance(loaded, dict):
        return _Entries({}), [_broken("city.yaml must hold lines like 'name_zh: 泉州市'")]
    return _Entries(loaded), []


def _cell(name: str, value: Any) -> Any:
    """Return a cell as city.yaml would have it: 是 → True, 5,000,000 → 5000000; what cannot be read stays as it is."""
    text = cell_text(value).strip()
    if name in COUNTS:
        digits = text.replace(",", "").replace("，", "")
        return int(digits) if digits.isdigit() else text
    if name == "synthetic":
        return next(
            (word == "yes" for word, forms in vocabularies()["yes_no"].words.items() if text.lower() in (word, *forms)),
            text,
        )
    return text


def _from_book(path: Path) -> _Entries | None:
    """Return what the sheet `city` of a workbook says, None where there is no such sheet or nothing in it."""
    try:
        found = next((sheet.rows for sheet in open_sheets(path) if compact(sheet.name) in SHEETS), None)
    except Unreadable:  # said when the tables are read
        return None
    values: dict[str, Any] = {}
    rows: dict[str, int] = {}
    for number, row in enumerate(found or (), 1):
        label, value = (cell_text(row[place]).strip() if place < len(row) else "" for place in (0, 1))
        name = next((one for one in KNOWN if {one, *LABELS[one]} & set(label.split())), None)
        if name and value:
            values[name], rows[name] = _cell(name, row[1]), number
    own = set(values) - {"rule_profile"}  # the template brings a profile
    return _Entries(values, f"{path.name}[city]", rows) if own else None


def _load(folder: Path) -> tuple[_Entries, list[Problem]]:
    if (folder / "city.yaml").is_file():
        return _from_yaml(folder / "city.yaml")
    books = (
        path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in BOOKS and not path.name.startswith((".", "~$"))
    )
    found = next((entries for entries in map(_from_book, books) if entries), None)
    if found is None:
        return _Entries({}), [_broken(f"the folder does not say whose data it holds: {SUPPLY}", None, "missing_file")]
    return found, []


def _count(entries: _Entries, name: str) -> list[Problem]:
    value = entries.values.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0):
        return []
    return [entries.fault("a whole number of persons is needed, such as 5000000", "number", name)]


def read_place(folder: Path) -> tuple[Place | None, list[Problem]]:
    """Return the folder's place (None where what is said of it has errors) and every problem with it."""
    entries, problems = _load(folder)
    if problems:
        return None, problems
    values = entries.values
    problems += [
        entries.fault(unknown("entry", str(name), KNOWN), "unknown_column", str(name), "warning")
        for name in values
        if name not in KNOWN
    ]
    problems += [
        entries.fault(f"{name} ({LABELS[name][0]}) is missing or is no text", "missing", name)
        for name in TEXTS
        if not isinstance(values.get(name), str) or not values[name].strip()
    ]
    for name in COUNTS:
        problems += _count(entries, name)
    if not isinstance(values.get("synthetic", False), bool):
        problems.append(entries.fault("write true or false (in the sheet: 是 or 否)", "yes_no", "synthetic"))
    if any(problem.level == "error" for problem in problems):
        return None, problems
    problems += [
        entries.fault(
            f"city.yaml is as an import wrote it: name the place, and see that it settles by {values['rule_profile']} "
            "(vbp rules lists the profiles)",
            "to_fill_in",
            name,
            "warning",
        )
        for name in TEXTS
        if TO_FILL_IN in values[name]
    ]
    name_zh, name_en, province, profile = (values[name].strip() for name in TEXTS)
    population, insured = (values.get(name) for name in COUNTS)
    synthetic = values.get("synthetic", False)
    return Place(name_zh, name_en, province, profile, population, insured, synthetic, entries.file), problems
