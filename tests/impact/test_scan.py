"""The scan equals the single-series function, controls false discoveries, and is stopped by no bad series."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from tests.impact.impact_helpers import ar1, monthly
from vbp.errors import InputError, UsageError
from vbp.impact import its, scan
from vbp.impact.discovery import q_values
from vbp.impact.figures import its_figure, scan_figure


def many(series: int = 14, n: int = 40, seed: int = 1) -> pd.DataFrame:
    """Generics × price and selected share; every third price falls by half at 2019-09; one series has a gap."""
    t = np.arange(n)
    parts = []
    for at in range(series):
        log_price = 2 - 0.7 * (t >= 20) * (at % 3 == 0) + 0.05 * ar1(n, 0.3, seed + at)[:, 0]
        share = 0.3 + 0.02 * ar1(n, 0.2, seed + 100 + at)[:, 0]
        for measure, values in (("price", np.exp(log_price)), ("selected_share", share)):
            parts.append(monthly(values).assign(generic=f"g{at:02d}", measure=measure))
    frame = pd.concat(parts, ignore_index=True)
    return frame.drop(index=frame[(frame["generic"] == "g01") & (frame["month"] == "2018-06")].index)


@pytest.mark.parametrize("options", [{}, {"harmonics": 2}, {"exclude": ("2020-01:2020-04",), "effect": "level"}])
def test_numbers_equal_the_single_series_function(options):
    frame = many(6)
    table = scan(frame, "2019-09", **options).table
    assert len(table) == 12 and (table["level_verdict"] != "not_assessable").all()
    for row in table.to_dict("records"):
        one = frame[(frame["generic"] == row["generic"]) & (frame["measure"] == row["measure"])]
        result = its(one, "value", "month", "2019-09", family=row["family"], checks=False, **options)
        terms = {term.name: term for term in (*result.terms, result.cumulative_term)}
        for effect in ("level", "slope", "cumulative"):
            if effect not in terms:
                assert np.isnan(row[effect])
                continue
            term = terms[effect]
            found = [row[effect + tail] for tail in ("", "_se", "_low", "_high", "_p", "_p_confirm", "_detectable")]
            assert found == pytest.approx(
                [
                    term.estimate,
                    term.std_error,
                    term.ci_low,
                    term.ci_high,
                    term.p_value,
                    term.p_confirm,
                    term.detectable,
                ],
                abs=1e-9,
            )
            assert row[f"{effect}_verdict"] == term.verdict.word
        assert (row["points"], row["gaps"]) == (result.points, len(result.gaps))


def test_planted_falls_are_discovered_and_ranked_first():
    result = scan(many(), "2019-09")
    table = result.table
    fallen = {f"g{at:02d}" for at in range(0, 14, 3)}
    first = table.head(len(fallen))
    assert set(first["generic"]) == fallen and (first["measure"] == "price").all()
    assert set(result.discoveries["generic"]) >= fallen
    assert first["change_percent"].between(-60, -40).all()
    assert (first["p_shown"] == "< 0.001").all()
    assert list(table["rank"]) == list(range(1, 29))
    assert "价格下降，符合集采目的" in first["sentence_zh"].iloc[0]
    assert "28" in result.text("zh") and "28 series" in result.text("en")


def test_one_bad_series_never_stops_the_others():
    good = many(2)
    t = np.arange(40)
    bad = {
        "constant": np.ones(40),
        "missing": np.full(40, np.nan),
        "zero": np.where(t == 3, 0.0, 5.0),
        "exact": np.where(t < 20, 4.0, 1.0),
        "short": np.where(t < 25, np.nan, 5.0 + 0.1 * np.sin(t)),
        "fewafter": np.where(t > 25, np.nan, 5.0 + 0.1 * np.sin(t * t)),
    }
    parts = [monthly(values).assign(generic=name, measure="price") for name, values in bad.items()]
    twice = monthly(np.arange(1.0, 41)).assign(generic="twice", measure="price")
    weird = monthly(np.arange(1.0, 41)).assign(generic="weird", measure="price", month="soon")
    table = scan(pd.concat([good, *parts, twice, twice, weird]), "2019-09").table.set_index("generic")
    reasons = {
        "constant": "never changes",
        "missing": "every value is missing",
        "zero": "above 0",
        "exact": "from 4 to 1 (−75.00%)",
        "short": "outside the data",
        "fewafter": "6 after",
        "twice": "stands twice",
        "weird": "not a time",
    }
    for name, reason in reasons.items():
        assert table.loc[name, "level_verdict"] == "not_assessable", name
        assert reason in table.loc[name, "sentence_en"], name
        assert np.isnan(table.loc[name, "q_bh"]) and pd.isna(table.loc[name, "p_shown"])
    assert table.loc["exact", "level"] == pytest.approx(np.log(0.25))
    assert (table.loc[["g00", "g01"], "level_verdict"] != "not_assessable").all()


def test_dates_may_differ_by_series_and_be_several():
    frame = many(3)
    table = scan(frame, {"g00": ("2019-09",), ("g01",): ["2019-05", "2020-05"]}).table
    dates = table[table["measure"] == "price"].set_index("generic")["date"]
    assert dates["g00"] == "2019-09" and dates["g01"] == "2019-05"
    unknown = table[table["generic"] == "g02"]
    assert (unknown["level_verdict"] == "not_assessable").all()
    assert unknown["sentence_en"].str.contains("no date").all()
    with_column = scan(frame.assign(date="2019-09")).table
    assert (with_column["date"] == "2019-09").all()


def test_several_cities_are_scanned_at_once():
    frame = pd.concat([many(2).assign(city="a"), many(2, seed=9).assign(city="b")])
    result = scan(frame, "2019-09", keys=("city", "generic"))
    assert len(result.table) == 8 and set(result.table["city"]) == {"a", "b"}
    alone = scan(many(2, seed=9), "2019-09").table.set_index(["generic", "measure"])
    both = result.table[result.table["city"] == "b"].set_index(["generic", "measure"])
    assert both.loc[alone.index, "level_p"].to_numpy() == pytest.approx(alone["level_p"].to_numpy(), abs=1e-12)


def test_false_discovery_control_is_the_librarys_on_floored_p_values():
    p = np.array([1e-9, 0.0004, 0.002, 0.03, 0.2, np.nan, 0.9])
    tested = np.maximum(p[np.isfinite(p)], 1e-3)
    for method, name in (("bh", "fdr_bh"), ("by", "fdr_by")):
        q = q_values(p, method)
        assert np.isnan(q[5])
        assert q[np.isfinite(p)] == pytest.approx(multipletests(tested, method=name)[1])
    assert np.isnan(q_values(np.array([np.nan]), "bh")).all()


def test_without_any_effect_discoveries_are_rare():
    n, series = 36, 300
    y = 10 + ar1(n, 0.5, 77, series)
    frame = pd.concat([monthly(y[:, at]).assign(generic=f"g{at}", measure="selected_share") for at in range(series)])
    result = scan(frame, "2019-07")
    assert len(result.table) == series
    assert len(result.discoveries) <= 3
    assert (result.table["level_verdict"] == "supported").mean() <= 0.09


def test_a_row_opens_into_the_full_result_and_figures():
    result = scan(many(4), "2019-09")
    full = result.fitted(0)
    assert full.term("level").estimate == pytest.approx(result.table["level"].iloc[0], abs=1e-9)
    assert full.checks and full.measure == "price"
    figure = its_figure(full, "zh")
    assert len(figure.data) == 4 and "反事实" in figure.data[-1].name
    small = scan_figure(result, "en", top=4)
    assert len(small.data) == 12 and len(small.layout.annotations) == 4


def test_wrong_frames_are_refused():
    with pytest.raises(UsageError, match="lacks month"):
        scan(many(2).drop(columns="month"), "2019-09")
    with pytest.raises(InputError, match="no series"):
        scan(many(2).iloc[:0], "2019-09")
    with pytest.raises(UsageError, match="unknown effect"):
        scan(many(2), "2019-09", effect="jump")


@pytest.mark.reference
def test_australian_prescriptions_are_scanned_over_all_classes(reference):
    """84 ATC2 classes × cost and scripts, 204 months; classes that begin, end, pause or turn negative."""
    raw = pd.read_csv(reference / "pbs" / "PBS_tidy.csv.gz")
    sums = raw.groupby(["atc2", "Month"], as_index=False)[["Cost", "Scripts"]].sum()
    cost = sums.set_index(["atc2", "Month"])["Cost"] / 1e6
    assert [round(x, 6) for x in cost["A10"].iloc[:4]] == [3.526591, 3.180891, 3.252221, 3.611003]
    assert [round(x, 6) for x in cost["H02"].iloc[:3]] == [0.429795, 0.400906, 0.432159]
    frame = sums.rename(columns={"Month": "month", "Cost": "spending", "Scripts": "quantity"}).melt(
        ["atc2", "month"], var_name="measure"
    )
    stopped = frame[frame["atc2"].isin(frame.loc[frame["value"] <= 0, "atc2"])]
    refused = scan(stopped, "2000-07", keys=("atc2",)).table
    assert refused["sentence_en"].str.contains("above 0").sum() > 4, "zero and negative months are named, not dropped"
    # a month without scripts is no month of zero price: the class pauses
    result = scan(frame.assign(value=frame["value"].where(frame["value"] > 0)), "2000-07", keys=("atc2",), harmonics=2)
    table = result.table
    assert len(table) == 168 and table["atc2"].nunique() == 84
    assessed = table[table["level_verdict"] != "not_assessable"]
    assert len(assessed) > 120 and assessed["level_p"].between(0, 1, inclusive="right").all()
    assert table["points"].max() == 204 and (table["points"] < 204).any()
    partial = assessed[assessed["gaps"] > 0]
    assert len(partial) > 0, "classes with gaps are assessed with their gaps"
    for text in table.loc[table["level_verdict"] == "not_assessable", "sentence_en"]:
        assert text.startswith("Not assessable: ") or "exact" in text
    for at in (0, int(partial.index[0])):
        single = result.fitted(at)
        assert single.term("level").p_value == pytest.approx(table["level_p"].iloc[at], abs=1e-9)
        assert single.term("slope").ci_low == pytest.approx(table["slope_low"].iloc[at], abs=1e-9)
