"""Files made to harm: bombs, entities, tags, aliases; and the library's own source, which has no way to act on data."""

from __future__ import annotations

import ast
import zipfile
from pathlib import Path

import pytest

from tests import small_folder
from tests.conftest import ROOT
from vbp.check import check
from vbp.errors import InputError
from vbp.rules import load_profile
from vbp.tables import bounds

SOURCES = sorted((ROOT / "lib" / "vbp").rglob("*.py"))
FORBIDDEN_NAMES = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_MODULES = {"pickle", "cPickle", "shelve", "marshal", "dill", "joblib"}
SHELL = {"cli/rendering.py"}
"""`--on-failure COMMAND` is a command line that the user gives to vbp himself; nothing of a file enters it."""


def named(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]


def test_the_library_never_runs_text_as_code():
    assert len(SOURCES) > 200
    for path in SOURCES:
        for call in calls(path):
            direct = isinstance(call.func, ast.Name) and call.func.id in FORBIDDEN_NAMES
            assert not direct, f"{path}: {named(call.func)}"
            shell = any(word.arg == "shell" and getattr(word.value, "value", True) for word in call.keywords)
            assert not shell or str(path.relative_to(ROOT / "lib" / "vbp")) in SHELL, path
            assert named(call.func) not in ("system", "popen", "full_load", "unsafe_load", "extractall", "mktemp"), path


def test_the_library_unpickles_nothing():
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & FORBIDDEN_MODULES, path
            assert not (isinstance(node, ast.Attribute) and node.attr in ("read_pickle", "to_pickle")), path


def test_yaml_is_read_with_safe_loaders_only():
    seen = 0
    for path in SOURCES:
        for call in calls(path):
            owner = named(call.func.value) if isinstance(call.func, ast.Attribute) else ""
            if owner == "yaml" and named(call.func) == "load":
                loader = next(word.value for word in call.keywords if word.arg == "Loader")
                assert named(loader) in ("PlainLoader", "_Text"), path
                seen += 1
            assert not (owner == "yaml" and named(call.func) in ("unsafe_load", "full_load", "load_all")), path
    assert seen


CITY = small_folder.CITY
CONTROLS = ["\\e[2J", "\\0", "\\x08", "\\x9b", "\\ud800", "\\uFFFE", "\\u202e", "\\u2066"]
"""Escapes by which YAML writes what no name holds: terminal codes, half characters, turned writing."""


@pytest.mark.parametrize("code", CONTROLS)
def test_yaml_with_control_characters_is_refused_with_its_line(tmp_path, code):
    folder = small_folder.write_settling(tmp_path / "in")
    (folder / "city.yaml").write_text(
        f'province: P\nname_zh: "甲{code}市"\nname_en: A\nrule_profile: national-2020\n', "utf-8"
    )
    found = [problem for problem in check(folder).problems if problem.level == "error"]
    assert [(problem.file, problem.row) for problem in found] == [("city.yaml", 2)]
    assert "U+" in found[0].message
    (tmp_path / "own.yaml").write_text(f'name: own\nextends: national-2020\ntitle: "甲{code}"\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"U\+"):
        load_profile(str(tmp_path / "own.yaml"))


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        "name_zh: !!python/object/apply:os.system ['touch OWNED']\n",
        "name_zh: !!python/name:os.system\n",
        CITY + "note: !!python/object/new:type {}\n",
        BOMB + CITY,
        CITY + "name_zh: 两次\n",
        "[" * 5000,
        CITY + "x: " + "y" * 1_100_000,
    ],
    ids=["apply", "name", "new", "aliases", "twice", "deep", "huge"],
)
def test_city_yaml_and_profiles_refuse_what_is_not_plain(tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    folder = small_folder.write(tmp_path / "in")
    (folder / "city.yaml").write_text(text, encoding="utf-8")
    errors = [problem for problem in check(folder).problems if problem.level == "error"]
    assert "city.yaml" in {problem.file for problem in errors}
    assert max(len(problem.line()) for problem in errors) < 1000
    (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError):
        load_profile(str(tmp_path / "own.yaml"))
    assert not (tmp_path / "OWNED").exists()


def book(folder: Path, sheet: bytes, **more: bytes) -> Path:
    """A workbook whose one sheet has this XML."""
    path = small_folder.write_book(folder / "hospitals.xlsx", {"Sheet1": small_folder.HOSPITALS})
    parts = {}
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    parts["xl/worksheets/sheet1.xml"] = sheet
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in {**parts, **more}.items():
            packed.writestr(name, data)
    return path


MAIN = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'
ENTITIES = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
FAR = b'<row r="1"><c r="A1" t="inlineStr"><is><t>hospital_id</t></is></c></row><row r="%d"><c r="%s%d"><v>1</v></c></row>'


@pytest.mark.parametrize(
    ("sheet", "more", "rule"),
    [
        (MAIN % (FAR % (1048576, b"XFD", 1048576)), {}, "huge_file"),
        (MAIN % (FAR % (200000, b"ZZ", 200000)), {}, "huge_file"),
        (MAIN % (b" " * (300 << 20)), {}, "huge_file"),
        (ENTITIES + MAIN % b'<row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row>', {}, "unreadable"),
        (MAIN % b"", {f"xl/extra{number}.bin": b"" for number in range(10_001)}, "huge_file"),
    ],
    ids=["stray cell", "wide cell", "zeros", "entities", "parts"],
)
def test_a_workbook_made_to_fill_the_memory_is_refused_before_it_is_read(tmp_path, monkeypatch, sheet, more, rule):
    folder = small_folder.write(tmp_path / "in")
    (folder / "hospitals.csv").unlink()
    book(folder, sheet, **more)
    monkeypatch.setattr("python_calamine.CalamineWorkbook.from_path", None, raising=False)
    found = [
        problem for problem in check(folder).problems if problem.level == "error" and problem.file == "hospitals.xlsx"
    ]
    assert [problem.rule for problem in found] == [rule]


def test_a_large_honest_workbook_is_read():
    assert bounds.CELLS > 1_048_576 * 50
    assert bounds.UNPACKED >= 4 << 30


def test_every_page_has_a_content_security_policy():
    templates = ROOT / "lib" / "vbp"
    pages = sorted(templates.rglob("*.html*")) + sorted(templates.rglob("*.j2"))
    assert len(set(pages)) >= 3
    for path in set(pages):
        text = path.read_text(encoding="utf-8")
        if "<html" in text:
            assert "Content-Security-Policy" in text and "default-src 'none'" in text, path
