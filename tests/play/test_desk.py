"""The desk of `your_own_data`: a sample played through, or the user's own folder made, checked, opened."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from vbp import play
from vbp.errors import InputError, UsageError
from vbp.sections import explore


def test_the_sample_is_filled_with_one_mistake_that_the_check_names_and_mended(tmp_path: Path) -> None:
    desk = play.open_desk()
    assert desk.sample and desk.book.is_file()
    desk.fill(mistake=True)
    found = desk.check()
    assert [(problem.value, problem.row) for problem in found.problems if problem.level == "error"] == [("P9", 9)]
    shown = explore.checked(found, "zh").source
    assert "检查未通过" in shown and "P9" in shown and "产品编码不存在" in shown
    desk.fill()
    assert desk.check().problems == ()
    assert "usage 104" in explore.checked(desk.check(), "en").source
    assert desk.open().surplus.total_yuan > 0


def test_a_new_name_lays_a_template_into_inputs_and_says_what_to_fill_in(data_copy: Path) -> None:
    desk = play.open_desk("yunxi")
    assert desk.folder == data_copy / "inputs" / "yunxi" and not desk.sample
    assert desk.book.is_file()
    desk.fill(mistake=True)
    assert not desk.check().ok, "the template is empty: nobody's numbers were typed into it"
    shown = explore.template_sheets(desk, "zh").source
    for name in ("hospitals", "usage", "settlements", "医疗机构编码", "必填"):
        assert name in shown, name
    with pytest.raises(InputError, match="hospitals"):
        desk.open()


def test_a_folder_that_is_there_is_left_as_it_is(data_copy: Path) -> None:
    folder = data_copy / "inputs" / "yunxi"
    folder.mkdir(parents=True)
    play.write_city_yaml(folder)
    for name, frame in play.sample_tables().items():
        frame.to_csv(folder / f"{name}.csv", index=False, quoting=csv.QUOTE_MINIMAL)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    desk = play.open_desk("yunxi")
    desk.fill(mistake=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert desk.check().ok and desk.open().name("zh") == "示例市"


def test_a_path_that_is_nowhere_is_refused_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="give its name alone"):
        play.open_desk(str(tmp_path / "nowhere"))
    assert not (tmp_path / "nowhere").exists()
