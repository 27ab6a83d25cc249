"""Series of indices: base, chain, matching, labels, and bad files."""

from __future__ import annotations

import json
import zipfile
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vbp.cli import main
from vbp.errors import InputError, UsageError
from vbp.indices import index_series, observe, read_observations

HEAD = "period,product_id,price,quantity\n"
SMALL = HEAD + "01,a,10,100\n01,b,4,50\n02,a,5,200\n02,b,4,40\n02,c,9,10\n10,a,4,210\n10,c,8,20\n"


def written(tmp_path, text, name="prices.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def frame(rows):
    return pd.DataFrame(rows, columns=["period", "product_id", "price", "quantity"])


def test_labels_keep_their_text_and_stand_in_natural_order(tmp_path):
    seen = read_observations(written(tmp_path, SMALL))
    assert seen.periods == ("01", "02", "10")
    shuffled = frame([("t10", "a", 1, 1), ("t2", "a", 1, 1), ("t1", "a", 1, 1)])
    assert observe(shuffled).periods == ("t1", "t2", "t10")


def test_matching_says_what_is_new_and_lost(tmp_path):
    result = index_series(read_observations(written(tmp_path, SMALL)))
    row = result.match.loc["10"]
    assert (row["matched"], row["new_products"], row["lost_products"]) == (1, ("c",), ("b",))
    assert row["value_ratio"] == pytest.approx(840 / 1000)
    assert row["value_ratio_all"] == pytest.approx(1000 / 1200)
    assert row["matched_share_of_base"] == pytest.approx(1000 / 1200)


def test_fixed_base_compares_only_matched_products(tmp_path):
    result = index_series(read_observations(written(tmp_path, SMALL)))
    assert result.prices.at["02", "laspeyres"] == pytest.approx((5 * 100 + 4 * 50) / (10 * 100 + 4 * 50))
    assert result.prices.at["10", "laspeyres"] == pytest.approx(0.4)


def test_chain_multiplies_neighbours_and_runs_backwards_from_a_later_base(tmp_path):
    seen = read_observations(written(tmp_path, SMALL))
    first, last = index_series(seen), index_series(seen, "10")
    link = (4 * 210 + 8 * 20) / (5 * 210 + 9 * 20)
    assert first.chained.at["10", "paasche"] == pytest.approx((5 * 200 + 4 * 40) / (10 * 200 + 4 * 40) * link)
    assert np.allclose(last.chained.loc["10"], 1)
    assert np.allclose(first.chained.loc["10"] * last.chained.loc["01"], 1)


def test_decomposition_of_every_period_is_exact(tmp_path):
    result = index_series(read_observations(written(tmp_path, SMALL)))
    parts = result.decompositions["10"]
    assert parts.change_yuan == Decimal(-200)
    assert sum(parts.parts.values()) == parts.change_yuan
    assert parts.parts["new"] == 160 and parts.parts["lost"] == -200
    assert parts.parts["price"] == Decimal(4 - 10) * (100 + 210) / 2


@settings(max_examples=10, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("123"), st.sampled_from("abcd"), st.integers(1, 10**6), st.integers(1, 10**6)),
        min_size=4,
        max_size=14,
        unique_by=lambda r: r[:2],
    ),
    st.randoms(),
)
def test_order_and_splitting_a_row_change_nothing(rows, random):
    rows = [("1", "z", 7, 7), ("2", "z", 5, 9), *rows]
    exact = [(t, i, Decimal(p).scaleb(-4), Decimal(q).scaleb(-3)) for t, i, p, q in rows]
    whole = index_series(frame(exact))
    halves = [(t, i, p, q / 2) for t, i, p, q in exact for _ in (0, 1)]
    random.shuffle(halves)
    split = index_series(frame(halves))
    pd.testing.assert_frame_equal(whole.prices, split.prices, check_exact=True)
    pd.testing.assert_frame_equal(whole.chained, split.chained, check_exact=True)
    assert [p.parts for p in whole.decompositions.values()] == [p.parts for p in split.decompositions.values()]
    assert len(split.notes) > len(whole.notes)


def test_rows_of_one_product_are_put_together_at_their_mean_price():
    seen = observe(frame([("1", "a", 2, 10), ("1", "a", 4, 30), ("2", "a", 1, 1)]))
    assert float(seen.table["price"][0]) == 3.5 and seen.table["quantity"][0] == 40
    assert [note.rule for note in seen.notes] == ["repeated"]


def test_quantity_zero_is_not_bought():
    result = index_series(frame([("1", "a", 2, 10), ("1", "b", 0, 0), ("2", "a", 1, 1), ("2", "b", 1, 5)]))
    assert result.match.at["2", "new_products"] == ("b",)
    assert "zero_quantity" in [note.rule for note in result.notes]


def test_a_period_without_match_is_a_gap_not_a_zero():
    result = index_series(frame([("1", "a", 2, 10), ("2", "b", 1, 5), ("3", "a", 1, 5)]))
    assert np.isnan(result.prices.at["2", "fisher"]) and result.prices.at["3", "fisher"] == 0.5
    assert np.isnan(result.chained.at["3", "fisher"])
    assert [note.value for note in result.notes if note.rule == "no_match"] == ["2"]


@pytest.mark.parametrize(
    ("text", "rule", "row"),
    [
        (HEAD + "1,a,0,5\n2,a,1,5\n", "positive", 2),
        (HEAD + "1,a,1,5\n2,a,-3,5\n", "positive", 3),
        (HEAD + "1,a,1,5\n\n2,a,1,-5\n", "not_negative", 4),
        (HEAD + "1,a,x,5\n", "number", 2),
        (HEAD + "1,a,,5\n", "number", 2),
        (HEAD + "1,a,nan,5\n", "number", 2),
        (HEAD + "1,a,1e400000000,5\n", "number", 2),
        (HEAD + ",a,1,5\n", "missing_value", 2),
        (HEAD, "empty", None),
        ("period,product_id,price\n1,a,2\n", "missing_column", None),
        ("", "unreadable", None),
        (HEAD + "1,a,1,5\n1,b,1,5\n", "one_period", None),
        (HEAD + "1,a,1,5\n2,b,1,5\n", "no_match", None),
    ],
)
def test_bad_files_are_named_by_row_and_rule(tmp_path, text, rule, row):
    with pytest.raises(InputError) as caught:
        index_series(read_observations(written(tmp_path, text)))
    first = caught.value.problems[0]
    assert (first.rule, first.row) == (rule, row)


def test_a_workbook_goes_through_the_door_of_all_workbooks(tmp_path):
    noise, bomb, nothing = (tmp_path / name for name in ("noise.xlsx", "bomb.xlsx", "nothing.csv"))
    noise.write_bytes(bytes(range(256)) * 12)
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 300_000_000)
    nothing.write_bytes(b"")
    for path, said in ((noise, "cannot be opened"), (bomb, "unpack"), (nothing, "the file is empty")):
        with pytest.raises(InputError, match=said) as caught:
            read_observations(path)
        assert [problem.file for problem in caught.value.problems] == [str(path)]


def test_all_problems_are_listed_at_once(tmp_path):
    text = HEAD + "1,a,0,5\n2,a,x,-5\n"
    with pytest.raises(InputError) as caught:
        read_observations(written(tmp_path, text))
    assert [(p.row, p.column) for p in caught.value.problems] == [(2, "price"), (3, "price"), (3, "quantity")]


def test_unknown_base_is_wrong_usage(tmp_path):
    with pytest.raises(UsageError, match="did you mean 01"):
        index_series(read_observations(written(tmp_path, SMALL)), "011")


def test_chinese_headers_in_gbk(tmp_path):
    text = SMALL.replace("period,product_id,price,quantity", "期间,产品编码,价格,数量")
    plain, chinese = (
        index_series(read_observations(written(tmp_path, t, n, e)))
        for t, n, e in ((SMALL, "a.csv", "utf-8-sig"), (text, "b.csv", "gbk"))
    )
    pd.testing.assert_frame_equal(plain.prices, chinese.prices)


def test_parquet_and_workbook_read_like_csv(tmp_path):
    seen = read_observations(written(tmp_path, SMALL))
    rows = pd.read_csv(tmp_path / "prices.csv", dtype=str)
    rows.to_excel(tmp_path / "prices.xlsx", index=False)
    rows.astype({"price": float, "quantity": float}).to_parquet(tmp_path / "prices.parquet")
    for name in ("prices.xlsx", "prices.parquet"):
        pd.testing.assert_frame_equal(
            index_series(seen).prices, index_series(read_observations(tmp_path / name)).prices
        )


def test_command_prints_one_json_document(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["index", str(written(tmp_path, SMALL)), "--base", "02", "--json"])
    assert stop.value.code == 0
    document = json.loads(capsys.readouterr().out)
    assert document["base"] == "02"
    assert set(document["indices"]["fisher"]) == {"01", "10"}
    assert {"chained", "quantity", "value_ratio", "decomposition", "matched"} <= set(document)
    vartia = document["indices"]["vartia1"]["10"] * document["quantity"]["vartia1"]["10"]
    assert vartia == pytest.approx(document["value_ratio"]["10"], abs=1e-12)


@pytest.mark.parametrize(
    ("words", "status"), [(["nothere.csv"], 1), (["FILE", "--base", "x"], 2), (["FILE", "--lang", "fr"], 2)]
)
def test_command_ends_with_its_status_and_no_traceback(tmp_path, capsys, words, status):
    path = str(written(tmp_path, SMALL))
    with pytest.raises(SystemExit) as stop:
        main(["index", *[path if word == "FILE" else word for word in words]])
    assert stop.value.code == status
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_command_prints_for_people(tmp_path, capsys, lang):
    with pytest.raises(SystemExit):
        main(["index", str(written(tmp_path, SMALL)), "--lang", lang])
    out = capsys.readouterr().out
    assert ("拉氏" in out or "价格指数" in out) if lang == "zh" else "Price indices" in out
    assert "0.5833" in out
