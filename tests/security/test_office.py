"""LibreOffice opens the workbooks of a hostile city: nothing acts, and texts stay the texts they were."""

from __future__ import annotations

import re
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.security.payloads import PAYLOADS
from tests.security.places import hostile, named, written
from tests.security.test_payloads import vbp
from tests.statement.office import needs_office, recalculated

ODD = {"no character": "甲\ufffe乙\uffff", "escape code": "a\x1b[31m", "header codes": "A&B&D&Z&F", "long": "长" * 400}


@pytest.mark.parametrize("kind", ODD)
def test_workbooks_of_odd_names_are_well_formed_and_their_headers_within_255_characters(tmp_path, kind):
    from xml.etree import ElementTree

    folder = written(named(ODD[kind]), tmp_path / "in")
    (folder / "city.yaml").write_text(
        f"name_zh: '{'长' * 400 if kind == 'long' else 'A&B&D'}'\nname_en: A\nprovince: P\nrule_profile: national-2020\n",
        "utf-8",
    )
    usage = (folder / "usage.csv").read_text(encoding="utf-8").replace("H001", '"' + ODD[kind] + '"', 1)
    assert vbp("statement", folder, "--out", tmp_path / "s.xlsx")[0] == 0
    (folder / "usage.csv").write_text(usage, encoding="utf-8", newline="")
    vbp("check", folder, "--annotate", tmp_path / "a.xlsx")
    for name in ("s.xlsx", "a.xlsx"):
        with zipfile.ZipFile(tmp_path / name) as packed:
            for part in packed.namelist():
                if part.endswith((".xml", ".rels")):
                    ElementTree.fromstring(packed.read(part))
        for sheet in load_workbook(tmp_path / name).worksheets:
            shown = sheet.oddHeader.center.text or ""
            assert len(shown) <= 250 and not re.search("(?<!&)(&&)*&(?!&)", shown)


ACTS = {
    "formula dde": '=DDE("soffice";"/etc/passwd";"A1")',
    "formula web": '=WEBSERVICE("http://192.0.2.1/x")',
    "formula link": '=HYPERLINK("http://192.0.2.1/x";"点")',
    "formula file": "='file:///etc/passwd'#$Sheet1.A1",
    "formula array": "{=1+1}",
    "formula quote": "'=1+1",
    "full-width formula": "\uff1d1+1",
    "date": "2024-01-02",
    "number": "0012",
    "percent": "50%",
    "error": "#REF!",
    "escape": "_x0041_",
}
"""Texts that a spreadsheet program would compute, fetch or change, were they no texts; beside the payloads of every place."""
OUTSIDE = re.compile(
    r"externalLink|ddeLink|oleObject|vbaProject|webExtension|connections\\.xml|queryTable", re.IGNORECASE
)


def meant(value: object) -> object:
    """Return a text as it is shown: `_x001B_` in the file is a control character, whatever the case of its digits."""
    return (
        re.sub("_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), value) if isinstance(value, str) else value
    )


def texts(path: Path) -> dict[tuple[str, str], str]:
    """Every text cell of a workbook by sheet and place; formulas are none."""
    found = {}
    for sheet in load_workbook(path).worksheets:
        for row in sheet.iter_rows():
            found |= {(sheet.title, cell.coordinate): cell.value for cell in row if cell.data_type == "s"}
    return found


def formulas(path: Path) -> set[tuple[str, str]]:
    """Where a workbook has formulas."""
    return {
        (sheet.title, cell.coordinate)
        for sheet in load_workbook(path).worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    }


def unharmed(paths: list[Path], out: Path) -> int:
    """Let LibreOffice open, compute and save the workbooks; return how many texts came back as they were."""
    count = 0
    out.mkdir()
    for path, book in zip(paths, recalculated(paths, out), strict=True):
        saved = out / path.name
        before, after = (
            texts(path),
            {
                (sheet.title, cell.coordinate): cell
                for sheet in book.worksheets
                for row in sheet.iter_rows()
                for cell in row
            },
        )
        changed = {
            place: (text, after[place].value)
            for place, text in before.items()
            if (meant(after[place].value), after[place].data_type) != (meant(text), "s")
        }
        assert changed == {}, (path.name, dict(list(changed.items())[:5]))
        assert formulas(saved) <= formulas(path), path.name
        for part in (path, saved):
            with zipfile.ZipFile(part) as archive:
                assert not [name for name in archive.namelist() if OUTSIDE.search(name)], part.name
        assert not [cell for cell in after.values() if cell.hyperlink and "192.0.2.1" in str(cell.hyperlink.target)]
        count += len(before)
    return count


def workbooks(folder: Path, out: Path, name: str = "") -> list[Path]:
    """The statement and the annotated check of a folder, and the template."""
    made = [out / f"{kind}{name}.xlsx" for kind in ("statement", "annotated", "template")]
    assert vbp("statement", folder, "--out", made[0])[0] == 0
    vbp("check", folder, "--annotate", made[1])
    assert vbp("template", made[2])[0] == 0
    return made


def acting() -> Any:
    """The hostile city with texts for its hospitals and makers that a spreadsheet program would act on."""
    meaning = hostile()
    for row, text in zip(meaning.tables["hospitals"], list(ACTS.values()), strict=False):
        row["name"] = text
    for row, text in zip(meaning.tables["products"], list(ACTS.values())[5:], strict=False):
        row["manufacturer"] = row["strength"] = text
    return meaning


@needs_office
def test_libreoffice_opens_a_hostile_citys_workbooks_and_nothing_acts(tmp_path: Path) -> None:
    folder = written(acting(), tmp_path / "city")
    made = workbooks(folder, tmp_path)
    assert {ACTS["formula dde"], ACTS["formula web"]} <= set(texts(made[0]).values()), (
        "the texts must be there to be harmless"
    )
    assert unharmed(made, tmp_path / "out") > 300


@needs_office
@pytest.mark.long
def test_every_payload_as_every_name_and_as_a_wrong_cell_stays_a_text_in_libreoffice(tmp_path: Path) -> None:
    made = []
    # "#REF!" is refused where it is read: a workbook's broken formula, no name
    names = [text for text in (*PAYLOADS.values(), *ACTS.values()) if text != ACTS["error"]]
    for number, text in enumerate(names):
        folder = written(named(text), tmp_path / f"city{number}")
        made += workbooks(folder, tmp_path, str(number))[:1]
        usage = folder / "usage.csv"
        spoilt = usage.read_text(encoding="utf-8").replace("H001", '"' + text.replace('"', '""') + '"', 1)
        usage.write_text(spoilt, encoding="utf-8", newline="")
        made.append(tmp_path / f"wrong{number}.xlsx")
        assert vbp("check", folder, "--annotate", made[-1])[0] == 1
    chunks = [made[start : start + 12] for start in range(0, len(made), 12)]
    kept = sum(unharmed(chunk, tmp_path / f"out{number}") for number, chunk in enumerate(chunks))
    assert kept > 100 * len(made)


@needs_office
@pytest.mark.long
def test_the_proof_would_see_a_formula(tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active["A1"] = "text"
    book.active["A2"] = "=1+1"
    book.save(tmp_path / "a.xlsx")
    assert formulas(tmp_path / "a.xlsx") == {("Sheet", "A2")} and set(texts(tmp_path / "a.xlsx").values()) == {"text"}
    (computed,) = recalculated([tmp_path / "a.xlsx"], (tmp_path / "out"))
    assert computed["Sheet"]["A2"].value == 2, "LibreOffice does compute what it is given to compute"
    shutil.rmtree(tmp_path / "out")
