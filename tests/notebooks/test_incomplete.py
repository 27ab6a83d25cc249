"""A folder that lacks tables: every cell of every notebook runs, says what is missing and how to supply it, and shows no zero for it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.notebooks.running import run
from vbp import play
from vbp.demo import make_demo
from vbp.results.missing import missing, missing_tables
from vbp.words import say

NOTEBOOKS = ("tender_results", "hospital_usage", "savings", "retained_surplus", "policy_impact")
LEDGER = ("awards", "products", "usage", "varieties")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small demonstration folder that lacks nothing."""
    folder = tmp_path_factory.mktemp("inputs") / "demo"
    make_demo(folder, hospitals=9, months=60)
    return folder


def _only(name: str, keep: Callable[[pd.DataFrame], pd.Series]) -> Callable[[Path], None]:
    """Return what keeps some rows of a table."""

    def mend(folder: Path) -> None:
        path = folder / f"{name}.csv"
        note, rest = path.read_text(encoding="utf-8").split("\n", 1)
        path.write_text(rest, encoding="utf-8")
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        path.write_text(note + "\n" + frame[keep(frame)].to_csv(index=False), encoding="utf-8")

    return mend


def _one_hospital(folder: Path) -> None:
    for path in folder.glob("*.csv"):
        if "hospital_id" in path.read_text(encoding="utf-8").split("\n", 2)[1].split(","):
            _only(path.stem, lambda frame: frame["hospital_id"].isin(["H001", ""]))(folder)


FOLDERS: dict[str, tuple[tuple[str, ...], Callable[[Path], None] | None]] = {
    "whole": ((), None),
    "no assessments": (("assessments",), None),
    "no agreements": (("agreements", "assessments"), None),
    "no fund": (("fund",), None),
    "no awards": (("awards",), None),
    "one hospital": ((), _one_hospital),
    "one month": ((), _only("usage", lambda frame: frame["month"] == "2022-04")),
    "usage and products": (
        ("awards", "varieties", "agreements", "assessments", "fund", "batches", "batch_usage"),
        None,
    ),
    "amounts by round": (("awards", "varieties", "agreements", "assessments", "products", "usage", "stock"), None),
}
"""What each folder lacks: tables left out, and how what stays is cut down."""


@pytest.fixture(params=FOLDERS)
def case(request: pytest.FixtureRequest, whole: Path, tmp_path: Path) -> tuple[str, Path]:
    folder = shutil.copytree(whole, tmp_path / "demo")
    absent, mend = FOLDERS[request.param]
    for name in absent:
        (folder / f"{name}.csv").unlink()
    if mend:
        mend(folder)
    return request.param, folder


def _missing_words(case: str, notebook: str) -> list[str]:
    """Return the sentences that a notebook owes its reader for a folder."""
    ledger = {"no awards": ["awards"], "usage and products": ["varieties", "awards"], "amounts by round": list(LEDGER)}
    if case in ledger:
        order = [name for name in ("usage", "products", "varieties", "awards") if name in ledger[case]]
        return [missing_tables(order).text("zh")]
    owed: dict[tuple[str, str], list[str]] = {
        ("no agreements", "hospital_usage"): [missing_tables(["agreements"]).text("zh")],
        ("no agreements", "savings"): [missing_tables(["agreements"]).text("zh")],
        ("no agreements", "retained_surplus"): [missing_tables(["agreements"]).text("zh")],
        ("no fund", "savings"): [missing_tables(["fund"]).text("zh")],
        ("no fund", "retained_surplus"): [missing_tables(["fund"]).text("zh")],
        ("no assessments", "retained_surplus"): [missing_tables(["assessments"]).text("zh")],
        ("one month", "savings"): [missing("price_before").text("zh")],
        ("one month", "policy_impact"): [missing("comparison").text("zh")],
    }
    return owed.get((case, notebook), [])


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_every_cell_runs_and_says_what_is_missing(notebook: str, case: tuple[str, Path]) -> None:
    name, folder = case
    cells = run(notebook, inputs=str(folder))
    assert [(cell.source, cell.error) for cell in cells if cell.error] == []
    words = "\n".join(cell.words for cell in cells).replace("<br>", "")
    assert "Traceback" not in words and "Missing(" not in words
    for owed in _missing_words(name, notebook):
        assert owed in words
    if name == "whole":
        assert 'data-missing="yes"' not in words and sum(cell.figures for cell in cells) >= 1


def test_without_agreements_what_rests_on_them_is_a_dash_and_no_zero(whole: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(whole, tmp_path / "demo")
    for name in ("agreements", "assessments"):
        (folder / f"{name}.csv").unlink()
    words = run("savings", inputs=str(folder))[2].words
    row = words.split(say("play_field.official_yuan", "zh"), 1)[1].split("</tr>", 1)[0]
    assert "—" in row and "0.00" not in row


def test_nothing_bought_before_leaves_the_saving_unknown(whole: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(whole, tmp_path / "demo")
    _only("usage", lambda frame: frame["month"] == "2022-04")(folder)
    words = "\n".join(cell.words for cell in run("savings", inputs=str(folder)))
    assert "0.00" not in words


@pytest.mark.parametrize(
    ("notebook", "parameters", "says"),
    [
        ("savings", {"lang": "fr"}, "unknown language 'fr'; known: zh, en"),
        ("savings", {"inputs": "no_such_folder"}, "there is no such folder"),
        ("city_report", {"city": "quanzou"}, "did you mean quanzhou"),
        ("city_report", {"as_of": "2024-13-01"}, "YYYY-MM-DD"),
        ("overview", {"metric": "price_cut"}, "unknown metric 'price_cut'; did you mean"),
        ("your_own_data", {"inputs": "no/such/folder"}, "give its name alone"),
    ],
)
def test_a_wrong_parameter_is_answered_in_the_first_cell_that_meets_it_without_a_traceback(
    notebook: str, parameters: dict[str, str], says: str
) -> None:
    first = next(cell for cell in run(notebook, **parameters) if cell.error)
    assert says in first.words
    assert "Traceback" not in first.words and ".py" not in first.words


def test_a_small_folder_typed_by_hand_is_explored_whole(tmp_path: Path) -> None:
    folder = tmp_path / "my_city"
    folder.mkdir()
    play.write_city_yaml(folder)
    for name, frame in play.sample_tables().items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    for notebook in NOTEBOOKS:
        cells = run(notebook, inputs=str(folder), lang="en")
        assert [(cell.source, cell.error) for cell in cells if cell.error] == [], notebook
