"""What notebooks lean on: the sliders' function, tables in two languages, live tables offline, proofs that all hold."""

from __future__ import annotations

import shutil
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from vbp import paths, play
from vbp.check import check
from vbp.city import open_city
from vbp.errors import InputError
from vbp.results.missing import missing_tables
from vbp.rules import load_profile
from vbp.sections import explore, frames
from vbp.surplus import settle
from vbp.surplus.show import switch_text
from vbp.template import write_template
from vbp.words import say


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs") / "my_city"
    folder.mkdir()
    play.write_city_yaml(folder)
    play.fill_template(write_template(folder / "tables.xlsx"), play.sample_tables())
    return open_city("my_city", folder)


def test_the_sample_fills_the_template_and_passes_the_check(place):
    done = check(place.inputs.folder)
    assert done.ok
    assert done.problems == ()
    assert len(place.surplus.table) == 2


@pytest.fixture(scope="module")
def shenzhen(place):
    """Return the sample's settlement under rules of several bands that leave non-selected spending out."""
    profile = load_profile("shenzhen-2024-draft").with_switches(non_selected="none", completion_threshold="0.9")
    return settle(place.surplus.lines, profile, place.surplus.as_of)


def test_sliders_at_rest_show_the_settlement_itself_whatever_the_rules(place, shenzhen):
    for settled in (place.surplus, shenzhen):
        assert settled.total_yuan > 0
        assert play.payout(settled) == settled.total_yuan


def test_each_slider_moves_the_payout_its_own_way(place):
    settled = place.surplus
    less = play.payout(settled, highest_ratio=0.25)
    assert abs(2 * less - settled.total_yuan) <= Decimal("0.02")
    assert play.payout(settled, nonselected="none") != settled.total_yuan
    assert play.payout(settled, change=-0.1) < settled.total_yuan
    assert play.payout(settled, threshold=0.7) >= settled.total_yuan


def test_sliders_are_named_in_the_language_and_rest_at_the_places_own_rules(shenzhen):
    *sliders, _ = play.payout_sliders(shenzhen, "en").children
    assert sliders[0].description == say("play.ratio", "en")
    assert sliders[1].value == pytest.approx(0.9)
    assert sliders[2].value == "none"
    assert [label for label, _ in sliders[2].options] == [switch_text(value, "en") for value in ("none", "all")]


def test_sliders_without_a_settlement_say_what_to_supply():
    shown = play.payout_sliders(missing_tables(["fund"]), "zh").source
    assert "fund" in shown and "补充" in shown


def test_a_table_names_its_columns_and_writes_gaps_as_dashes():
    frame = pd.DataFrame(
        {"hospital_id": ["<b>H</b>", "H2"], "retained_yuan": [Decimal("12345.60"), None], "rate": [0.5, np.nan]}
    )
    shown = frames.frame_table(frame, "zh", ["hospital_id", "retained_yuan", "rate", "absent"]).source
    assert "&lt;b&gt;H" in shown
    assert ">1.23<" in shown and "结余留用" in shown and "万元" in shown, "one unit a column, named in its header"
    assert 'data-value="12345.60"' in shown
    assert shown.count('<td data-value="">—') == 2, "a gap stands where the numbers stand"
    assert "50.0%" in shown
    assert "医疗机构" in shown
    assert "Hospital" in frames.frame_table(frame, "en", ["hospital_id"]).source


def test_every_kind_of_number_is_written_by_its_columns_name():
    row = {
        "selected_price_yuan": Decimal("14.5"),
        "lowest_price_yuan": 0.58,
        "published_after_yuan": Decimal("6.5493"),
        "value_ratio": 0.8617,
        "p_joint": 0.0004,
        "cut_percent": Decimal("3.3968"),
        "items": 120_000,
        "state": "at_risk",
        "reasons": ("a", "b"),
    }
    shown = frames.frame_table(pd.DataFrame([row]), "zh", list(row)).source
    for text in ("14.50", "0.5800", "6.5493", "0.8617", "&lt; 0.001", "3.4%", "12万", "落后于序时进度", "a；b"):
        assert f">{text}</" in shown, text


def test_hospitals_and_rounds_stand_with_their_names(place):
    shown = explore.payouts(place, "zh").source
    assert "H001 示例第一医院" in shown and "B1 示例第一批" in shown


def test_opening_marks_what_is_synthetic_and_says_what_was_noticed(place, tmp_path):
    assert "演示数据" in explore.opening(place, "en").source
    folder = shutil.copytree(place.inputs.folder, tmp_path / "my_city")
    tables = play.sample_tables()
    tables["usage"].loc[5, "product_id"] = "P9"
    (folder / "tables.xlsx").unlink()
    play.fill_template(write_template(folder / "tables.xlsx"), tables)
    shown = explore.opening(open_city("my_city", folder), "zh").source
    assert "需要留意" in shown and "P9" in shown


def test_a_notebook_may_name_its_folder_as_the_command_line_does(tmp_path, monkeypatch):
    folder = tmp_path / "data" / "inputs" / "yunxi"
    folder.mkdir(parents=True)
    (tmp_path / "notebooks").mkdir()
    monkeypatch.setenv("VBP_ROOT", str(tmp_path))
    monkeypatch.delenv("VBP_DATA", raising=False)
    monkeypatch.chdir(tmp_path / "notebooks")
    for named in ("../data/inputs/yunxi", "data/inputs/yunxi", "yunxi", str(folder)):
        assert paths.inputs(named).resolve() == folder.resolve()
    assert str(paths.inputs("nosuch")) == "nosuch", "what is nowhere is refused under the name that was given"


def test_a_notebook_shows_problems_without_a_traceback():
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell = InteractiveShell()
    with capture_output() as shown:
        shell.run_cell("from vbp import play; play.open_place('no_such_folder')")
    assert "there is no such folder" in shown.stdout
    assert "Traceback" not in shown.stdout and "play.py" not in shown.stdout


def test_a_name_that_is_nowhere_is_answered_with_the_folders_of_inputs(data_copy, tmp_path, monkeypatch):
    for name in ("yunxi", ".hidden"):
        (data_copy / "inputs" / name).mkdir(parents=True)
    (tmp_path / "notebooks" / "old_copies").mkdir(parents=True)
    monkeypatch.setenv("VBP_NOTEBOOKS", str(tmp_path / "notebooks"))
    monkeypatch.chdir(tmp_path / "notebooks")
    with pytest.raises(InputError, match="did you mean yunxi") as found:
        play.open_place("yunix")
    assert "hidden" not in str(found.value) and "old_copies" not in str(found.value)
