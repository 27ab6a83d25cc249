"""What notebooks lean on: the sliders' function, tables in two languages, live tables offline, proofs that all hold."""

from __future__ import annotations

import re
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from vbp import paths, play
from vbp.check import check
from vbp.city import open_city
from vbp.errors import InputError
from vbp.sections import explore, frames, proofs
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


def test_sliders_at_rest_show_the_settlement_itself(place):
    settled = place.surplus
    assert settled.total_yuan > 0
    still = play.payout(settled, score_ratio=0.5, threshold=1.0, nonselected="all", change=0.0)
    assert still == settled.total_yuan
    less = play.payout(settled, score_ratio=0.25, threshold=1.0, nonselected="all", change=0.0)
    assert abs(2 * less - still) <= Decimal("0.02")
    assert play.payout(settled, score_ratio=0.5, threshold=1.0, nonselected="none", change=0.0) != still
    assert play.payout(settled, score_ratio=0.5, threshold=1.0, nonselected="all", change=-0.1) < still


def test_sliders_are_named_in_the_language(place):
    sliders = play.payout_sliders(place.surplus, "en")
    assert sliders.children[0].description == say("play.ratio", "en")


def test_a_live_table_needs_no_network(place):
    source = play.live_table(place.savings.by("hospital")).source
    assert len(source) > 1000
    assert not re.search(r"(src|href)=[\"']https?:", source)


def test_a_table_names_its_columns_and_writes_gaps_as_dashes():
    frame = pd.DataFrame(
        {"hospital_id": ["<b>H</b>", "H2"], "retained_yuan": [Decimal("12345.60"), None], "rate": [0.5, np.nan]}
    )
    shown = frames.frame_table(frame, "zh", ["hospital_id", "retained_yuan", "rate", "absent"]).source
    assert "&lt;b&gt;H" in shown
    assert "1.23万元" in shown
    assert shown.count("—") == 2
    assert "50%" in shown
    assert "医疗机构" in shown
    assert "Hospital" in frames.frame_table(frame, "en", ["hospital_id"]).source


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    "proof", [proofs.index_reference, proofs.surplus_vectors, proofs.price_ratio_vectors, proofs.prescribing]
)
def test_every_known_answer_is_met(proof, lang):
    source = proof(lang).source
    assert source.count(f">{say('validation.holds', lang)}<") >= 2
    assert say("validation.does_not", lang) + "<" not in source


def test_the_parts_of_real_prescribing_add_up_to_the_penny():
    additive, factors = proofs.prescribing_change()
    assert additive.change_yuan != 0
    assert sum(additive.parts.values(), Decimal(0)) == additive.change_yuan
    assert np.prod(list(factors.factors.values())) == pytest.approx(factors.value_ratio, rel=1e-12)


def test_a_wrong_answer_would_be_seen(data_copy):
    path = data_copy / "reference" / "surplus_vectors.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("243180,121590", "243180,121591", 1), encoding="utf-8")
    assert say("validation.does_not", "zh") + "<" in proofs.surplus_vectors("zh").source


def test_opening_marks_what_is_synthetic(place):
    assert "演示数据" in explore.opening(place, "en")


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
