"""The tables satisfy the contract: keys, references, sums, identities, canonical types."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from vbp.demo import Simulation, simulate

KEYS = {
    "hospitals": ["hospital_id"],
    "products": ["product_id"],
    "varieties": ["batch_id", "generic"],
    "awards": ["batch_id", "product_id", "start_date"],
    "usage": ["hospital_id", "month", "product_id"],
    "agreements": ["batch_id", "hospital_id", "generic", "product_id", "agreement_year"],
    "assessments": ["batch_id", "hospital_id", "agreement_year"],
    "batches": ["batch_id"],
    "fund": ["hospital_id", "batch_id", "generic", "agreement_year", "fund"],
    "settlements": ["hospital_id", "supplier", "invoice_id"],
    "stock": ["hospital_id", "month", "product_id"],
    "batch_usage": ["hospital_id", "batch_id", "period_start"],
}
TYPES = {
    "amount_yuan": pa.decimal128(18, 2),
    "selected_price_yuan": pa.decimal128(18, 6),
    "pre_price_yuan_per_unit": pa.decimal128(18, 6),
    "agreed_quantity_units": pa.decimal128(18, 4),
    "closing_units": pa.decimal128(18, 4),
    "fund_ratio": pa.decimal128(12, 8),
    "score": pa.decimal128(9, 4),
    "month": pa.date32(),
    "originator": pa.bool_(),
    "units_per_pack": pa.int64(),
    "agreement_year": pa.int64(),
}


@pytest.mark.parametrize("name", sorted(KEYS))
def test_keys_are_unique_and_tables_not_empty(made: Simulation, name: str) -> None:
    frame = made.frame(name)
    assert len(frame)
    assert not frame.duplicated(KEYS[name]).any()


def test_there_is_no_table_without_a_key_here(made: Simulation) -> None:
    assert set(made.tables) == set(KEYS)


def test_columns_have_the_canonical_types(made: Simulation) -> None:
    seen = Counter()
    for table in made.tables.values():
        for field in table.schema:
            if field.name in TYPES:
                assert field.type == TYPES[field.name], field
                seen[field.name] += 1
    assert set(seen) == set(TYPES)


@pytest.mark.parametrize(
    "column,home",
    [("hospital_id", "hospitals"), ("product_id", "products"), ("batch_id", "varieties"), ("generic", "products")],
)
def test_every_reference_is_known(made: Simulation, column: str, home: str) -> None:
    known = pc.unique(made.tables[home][column])
    checked = 0
    for name, table in made.tables.items():
        if name != home and column in table.column_names:
            values = table[column].drop_null()
            assert pc.all(pc.is_in(values, known)).as_py() in (True, None), name
            checked += 1
    assert checked >= 2


def test_amounts_are_packs_times_the_price_that_held(made: Simulation) -> None:
    usage = made.frame("usage")
    usage = usage.astype({"quantity_packs": float, "amount_yuan": float})
    awards = made.frame("awards").astype({"selected_price_yuan": float})
    won = awards[awards["supply_role"] != "elsewhere"]
    merged = usage.merge(won, on="product_id")
    inside = merged[(merged["month"] >= merged["start_date"]) & (merged["month"] <= merged["end_date"])]
    assert len(inside) > 5_000
    over = inside["amount_yuan"] - inside["quantity_packs"] * inside["selected_price_yuan"]
    wrong = inside[over.abs() > 0.005]
    noted = {(row["hospital_id"], row["product_id"], row["month"]) for row in made.ledger.disturbances["overpaid"]}
    assert len(noted) == 1
    assert {(row.hospital_id, row.product_id, f"{row.month:%Y-%m}") for row in wrong.itertuples()} == noted


def test_the_start_month_of_the_mid_month_round_mixes_both_prices(made: Simulation) -> None:
    world = made.world
    plan = next(plan for plan in world.rounds if plan.start.day > 1)
    at = world.calendar.index(plan.start)
    mixed = 0
    for award in (one for one in world.awards if one.batch_id == plan.batch_id and one.role == "main"):
        packs, fen = made.ledger.packs[:, award.product, at], made.ledger.fen[:, award.product, at]
        assert (fen >= packs * award.selected_fen).all() and (fen <= packs * award.pre_fen).all()
        mixed += int(((fen > packs * award.selected_fen) & (fen < packs * award.pre_fen)).sum())
    assert mixed > 10


def test_the_usage_table_holds_the_ledgers_totals(made: Simulation) -> None:
    usage = made.tables["usage"]
    assert usage.num_rows == made.truth["totals"]["rows"]
    assert pc.sum(usage["amount_yuan"]).as_py() == Decimal(made.truth["totals"]["amount_fen"]) / 100
    assert int(pc.sum(usage["quantity_packs"]).as_py()) == made.truth["totals"]["packs"]


def test_stock_adds_up_and_agrees_with_purchases(made: Simulation) -> None:
    stock = made.frame("stock")
    units = stock[["opening_units", "in_units", "out_units", "closing_units"]].astype(float)
    assert len(stock) > 1_000
    assert (units["opening_units"] + units["in_units"] - units["out_units"] == units["closing_units"]).all()
    assert (units >= 0).all().all()
    ordered = stock.assign(**units).sort_values(["hospital_id", "product_id", "month"])
    following = ordered.groupby(["hospital_id", "product_id"])["opening_units"].shift(-1)
    assert (following.dropna() == ordered.loc[following.notna(), "closing_units"]).all()
    usage = made.frame("usage").merge(made.frame("products")[["product_id", "units_per_pack"]], on="product_id")
    usage["units"] = usage["quantity_packs"].astype(float) * usage["units_per_pack"]
    both = ordered.merge(
        usage[["hospital_id", "month", "product_id", "units"]], how="left", on=["hospital_id", "month", "product_id"]
    )
    assert (both["in_units"] == both["units"].fillna(0)).all()


def test_agreed_volumes_are_the_share_by_number_of_winners(made: Simulation) -> None:
    frame = made.frame("agreements").merge(made.frame("varieties")[["batch_id", "generic", "winners"]])
    share = frame["agreed_quantity_units"].astype(float) / frame["base_quantity_units"].astype(float)
    wanted = frame["winners"].map({1: 0.5, 2: 0.6, 3: 0.7, 4: 0.8})
    assert set(frame["winners"]) == {1, 2, 3, 4}
    np.testing.assert_allclose(share, wanted, atol=1e-12)


def test_the_number_of_winners_is_that_of_the_main_awards(made: Simulation) -> None:
    main = made.frame("awards").query("supply_role == 'main'").merge(made.frame("products"), on="product_id")
    counted = main.groupby(["batch_id", "generic"]).size()
    stated = made.frame("varieties").set_index(["batch_id", "generic"])["winners"]
    pd.testing.assert_series_equal(counted.sort_index(), stated.sort_index(), check_names=False, check_dtype=False)


def test_agreement_years_follow_one_another_inside_the_cycle(made: Simulation) -> None:
    frame = made.frame("agreements")
    single = frame.drop_duplicates(["batch_id", "agreement_year"]).sort_values(["batch_id", "agreement_year"])
    for batch, rows in single.groupby("batch_id"):
        ends, starts = rows["end_date"].to_numpy()[:-1], rows["start_date"].to_numpy()[1:]
        assert (starts - ends == np.timedelta64(1, "D")).all(), batch
    assert single["agreement_year"].max() == 3


def test_every_pair_of_fund_rows_shares_at_most_the_whole(made: Simulation) -> None:
    fund = made.frame("fund").astype({"insured_share": float})
    pairs = fund.fillna({"hospital_id": ""}).groupby("hospital_id")
    assert len(pairs) >= 2
    assert {tuple(sorted(names)) for _, names in pairs["fund"]} == {("employee", "resident")}
    assert (pairs["insured_share"].sum() <= 1).all()


def test_amounts_by_round_come_from_the_ledger(made: Simulation) -> None:
    amounts = made.frame("batch_usage")
    assert set(amounts["amount_basis"]) == {"before", "after"}
    generics = made.frame("varieties").query("batch_id == 'DEMO-N1'")["generic"]
    usage = made.frame("usage").merge(made.frame("products")[["product_id", "generic"]], on="product_id")
    own = usage[usage["generic"].isin(generics) & (usage["month"].dt.year == 2020)]
    plain = own.groupby("hospital_id")["amount_yuan"].sum()
    said = amounts.query("batch_id == 'DEMO-N1' and amount_basis == 'before'").set_index("hospital_id")["amount_yuan"]
    assert len(said) == 12
    assert plain.to_dict() == said.to_dict()


def test_batches_state_the_mean_cut_of_their_awards(made: Simulation) -> None:
    awards = made.frame("awards").query("supply_role == 'main'")
    cut = 100 * (1 - awards["selected_price_yuan"].astype(float) / awards["price_cap_yuan"].astype(float))
    plain = cut.groupby(awards["batch_id"]).mean()
    said = made.frame("batches").set_index("batch_id")["average_cut_percent"].astype(float)
    assert len(said) == 7
    np.testing.assert_allclose(said.sort_index(), plain.sort_index(), atol=0.0051)


def test_invoices_hold_what_was_bought_of_the_winners(made: Simulation) -> None:
    invoices = made.frame("settlements")
    assert (invoices["amount_yuan"] > 0).all()
    paid = invoices.dropna(subset="paid_date")
    assert (paid["paid_date"] > paid["invoice_date"]).all() and len(paid) < len(invoices)
    within = ((paid["paid_date"] - paid["invoice_date"]).dt.days <= 30).mean()
    assert within == pytest.approx(made.truth["settlements"]["paid_within_30_days_share_of_paid"], abs=1e-6)
    assert 0.3 < within < 0.98 and invoices["direct"].any()


@pytest.mark.parametrize("hospitals,months", [(9, 24), (10, 36), (33, 47), (12, 84)])
def test_other_sizes_hold_together_too(hospitals: int, months: int) -> None:
    made = simulate(11, hospitals, months)
    assert made.truth["made_with"]["months"] == months
    assert made.tables["hospitals"].num_rows == hospitals
    assert len(set(made.frame("hospitals")["name"])) == hospitals
    assert made.frame("usage")["month"].nunique() == months
    for name, key in KEYS.items():
        assert not made.frame(name).duplicated(key).any(), name
