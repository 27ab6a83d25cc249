"""What a user keeps in a folder that a command is given stays there: nothing is replaced that vbp did not write."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from tests import small_folder
from tests.security.test_payloads import vbp
from vbp.render import files
from vbp.render.city import Job, render_city


def kept(folder: Path) -> Path:
    """A folder with a user's file and a user's folder."""
    (folder / "mine").mkdir(parents=True)
    (folder / "letter.txt").write_text("kept", encoding="utf-8")
    (folder / "mine" / "more.txt").write_text("kept", encoding="utf-8")
    return folder


def stands(folder: Path) -> bool:
    return (folder / "letter.txt").read_text() == (folder / "mine" / "more.txt").read_text() == "kept"


def test_notices_are_not_written_over_other_files(tmp_path, monkeypatch):
    city, folder = small_folder.write_settling(tmp_path / "in"), kept(tmp_path / "letters")
    for place in (folder, folder / "letter.txt"):
        code, _, err = vbp("statement", city, "--out", tmp_path / "s.xlsx", "--notices", place)
        assert code == 2 and "letter.txt" in err
        assert stands(folder)
    monkeypatch.chdir(folder)
    assert vbp("statement", city, "--out", tmp_path / "s.xlsx", "--notices", ".")[0] == 2
    assert stands(folder)


def test_notices_replace_earlier_notices_whatever_the_system_left_beside_them(tmp_path, monkeypatch):
    city, folder = small_folder.write_settling(tmp_path / "in"), tmp_path / "notices"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert vbp("statement", city, "--out", tmp_path / "s.xlsx", "--notices", ".")[0] == 0
    for name in ("003_gone.zh.html", ".DS_Store", "Thumbs.db"):
        (folder / name).write_text("old")
    assert vbp("statement", city, "--out", tmp_path / "s.xlsx", "--notices", folder)[0] == 0
    assert sorted(path.name for path in folder.iterdir()) == [
        f"00{number}_H00{number}.{lang}.html" for number in (1, 2) for lang in ("en", "zh")
    ]


def test_workbooks_of_a_large_city_are_not_written_over_other_files(tmp_path, monkeypatch):
    from vbp.statement import book

    monkeypatch.setattr(book, "LARGEST_HOSPITALS", 1)
    city, folder = small_folder.write_settling(tmp_path / "in"), kept(tmp_path / "s_hospitals")
    code, _, err = vbp("statement", city, "--out", tmp_path / "s.xlsx")
    assert code == 2 and "letter.txt" in err and stands(folder)


def parquet(folder: Path) -> Path:
    """The small folder with its tables as Parquet, and a file beside them."""
    small_folder.write_settling(folder)
    for path in folder.glob("*.csv"):
        pq.write_table(pacsv.read_csv(path), path.with_suffix(".parquet"))
        path.unlink()
    return kept(folder)


def test_panels_are_not_written_into_the_inputs_folder(tmp_path):
    folder = parquet(tmp_path / "root" / "city")
    before = {path: path.read_bytes() for path in folder.glob("*.parquet")}
    code, _, err = vbp("panel", folder, "--out", tmp_path / "root")
    assert code == 2 and "city" in err
    assert {path: path.read_bytes() for path in folder.glob("*.parquet")} == before and stands(folder)


def test_panels_leave_other_parquet_files_of_their_folder(tmp_path):
    folder = small_folder.write_settling(tmp_path / "city")
    (tmp_path / "out" / "city").mkdir(parents=True)
    shutil.copyfile(parquet(tmp_path / "other") / "usage.parquet", tmp_path / "out" / "city" / "usage.parquet")
    for _ in range(2):
        assert vbp("panel", folder, "--out", tmp_path / "out")[0] == 0
    assert (tmp_path / "out" / "city" / "usage.parquet").exists()
    assert len(list((tmp_path / "out" / "city").glob("cells-*.parquet"))) == 1


def test_a_city_of_a_ledger_cannot_lead_its_panels_elsewhere(tmp_path):
    folder = small_folder.write(tmp_path / "in" / "nation")
    (folder / "usage" / "city=..").mkdir(parents=True)
    pq.write_table(pacsv.read_csv(folder / "usage.csv"), folder / "usage" / "city=.." / "part.parquet")
    (folder / "usage.csv").unlink()
    code, _, err = vbp("panel", folder, "--out", tmp_path / "here" / "out")
    assert code in (1, 2) and "city=.." in err
    assert not (tmp_path / "here" / "manifest.json").exists()


@pytest.mark.parametrize("name", ["my", "quanzhou"])
def test_a_report_is_not_written_over_an_inputs_folder(tmp_path, name):
    folder = kept(small_folder.write_settling(tmp_path / name))
    outcome = render_city(Job(name, str(folder), "", ("zh",), tmp_path))
    assert not outcome.ok and "awards.csv" in outcome.reason and "--out" in outcome.reason
    assert stands(folder) and (folder / "usage.csv").exists()


def test_what_a_user_puts_beside_a_report_is_carried_into_the_next_one(tmp_path):
    target, fresh = kept(tmp_path / "city"), files.fresh_folder(tmp_path, "city")
    for folder in (target, fresh):
        (folder / "made_from.json").write_text(folder.name)
    (target / "report.fr.html").write_text("old")
    (target / ".ipynb_checkpoints").mkdir()
    files.put_in_place(fresh, target)
    assert stands(target)
    assert {path.name for path in target.iterdir()} == {"made_from.json", "letter.txt", "mine"}
    assert (target / "made_from.json").read_text() == fresh.name
    assert [path.name for path in tmp_path.iterdir()] == ["city"]


def test_repairing_a_killed_run_takes_only_names_that_a_run_gives(tmp_path):
    own = [".bashrc.backup.old", ".notes.v2.new", ".swap.tmp", "sub/.draft.tmp"]
    (tmp_path / "sub").mkdir()
    for name in own:
        (tmp_path / name).write_text("kept")
    (tmp_path / ".index.html.7.tmp").write_text("half")
    assert files.recover(tmp_path) == ()
    assert all((tmp_path / name).read_text() == "kept" for name in own)
    assert not (tmp_path / ".index.html.7.tmp").exists()


def test_an_annotated_copy_is_not_written_over_what_it_copies(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "city.yaml").write_text(small_folder.CITY, encoding="utf-8")
    tables = {"hospitals": small_folder.HOSPITALS, "products": small_folder.PRODUCTS}
    book = small_folder.write_book(folder / "book.xlsx", {**tables, "usage": small_folder.usage_rows()})
    before = book.read_bytes()
    for place in (book, folder / ".." / "in" / "book.xlsx"):
        code, _, err = vbp("check", folder, "--annotate", place)
        assert code == 2 and "book.xlsx" in err
    assert vbp("statement", folder, "--out", book)[0] != 0
    assert book.read_bytes() == before


def test_a_statement_is_not_written_over_the_workbook_it_is_made_from(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "city.yaml").write_text(small_folder.CITY, encoding="utf-8")
    tables = {
        "hospitals": small_folder.HOSPITALS,
        "products": small_folder.PRODUCTS,
        "usage": small_folder.usage_rows(),
        **small_folder.SETTLING,
    }
    book = small_folder.write_book(folder / "book.xlsx", tables)
    before = book.read_bytes()
    code, _, err = vbp("statement", folder, "--out", book)
    assert code == 2 and "book.xlsx" in err
    assert book.read_bytes() == before
    assert vbp("statement", folder, "--out", folder / "statement.xlsx")[0] == 0


NAMELESS = os.fsdecode(b"caf\xe9")
"""A folder that an old system named in another encoding."""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_folder_whose_name_is_no_utf8_fails_alone(demo_folder, tmp_path, monkeypatch):
    from tests.render.places import FIGURES, light_copy, notebook_of

    for name in ("good", NAMELESS):
        light_copy(demo_folder, tmp_path / "in", name)
    notebook_of(tmp_path / "n", FIGURES)
    monkeypatch.setenv("VBP_NOTEBOOKS", str(tmp_path / "n"))
    words = ("good", NAMELESS, "--inputs", tmp_path / "in", "--out", tmp_path / "out", "--lang", "zh", "--plain")
    code, _, err = vbp("report", *words)
    assert code == 1 and "rename it" in err and "defect" not in err
    assert (tmp_path / "out" / "good" / "report.zh.html").exists()
    assert "rename it" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    (record,) = (tmp_path / "out" / "runs").glob("*.json")
    assert "caf\\udce9" in record.read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_panels_of_a_folder_whose_name_is_no_utf8_are_refused_and_the_others_made(tmp_path):
    for name in ("good", NAMELESS):
        small_folder.write_settling(tmp_path / name)
    code, _, err = vbp("panel", tmp_path / NAMELESS, tmp_path / "good", "--out", tmp_path / "out")
    assert code == 1 and "rename it" in err and "defect" not in err
    assert (tmp_path / "out" / "good" / "manifest.json").exists()
