"""The validation notebook's proofs: known answers in `data/reference/` beside what the library says, row by row."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from vbp import paths
from vbp.sections.html import Cell, Html, table
from vbp.words import say

if TYPE_CHECKING:
    import pandas as pd

    from vbp.decomposition import Bennet, LogMean

# what every settlement vector shares; a vector of two items has two non-selected amounts
ITEM = {
    "hospital_id": "H1",
    "batch_id": "B1",
    "agreement_year": 1,
    "base_quantity_units": "100000",
    "pre_price_yuan": "5.00",
    "agreed_quantity_units": "70000",
    "selected_price_yuan": "1.20",
    "fund_ratio": "0.70",
    "insured_share": "0.90",
}


def _rows(name: str) -> list[dict[str, str]]:
    with (paths.data() / "reference" / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def index_reference(lang: str) -> Html:
    """Return the PPI Manual's printed indices beside our own, to four decimals."""
    found = _artificial()
    rows = []
    for row in _rows("index_printed.csv"):
        name = row.pop("index")
        ours = found.match["value_ratio"] if name == "value_ratio" else found.prices[name]
        got = {period: f"{ours[period]:.4f}" for period in row}
        rows.append((name, " ".join(row.values()), " ".join(got.values()), _holds(row == got, lang)))
    return _table(("index", "printed", "recomputed"), rows, lang, "index-reference")


def _artificial() -> Any:
    import pandas as pd

    from vbp.indices import index_series

    folder = paths.data() / "reference"
    price, quantity = (pd.read_csv(folder / f"index_{name}6.csv", index_col=0) for name in ("price", "quantity"))
    rows = [(t, str(i), price.at[i, t], quantity.at[i, t]) for t in price.columns for i in price.index]
    return index_series(pd.DataFrame(rows, columns=["period", "product_id", "price", "quantity"]))


def surplus_vectors(lang: str) -> Html:
    """Return the worked vectors of the settlement formula (C1–C9): net surplus and payout, printed and recomputed."""
    rows = []
    for row in _rows("surplus_vectors.csv"):
        got = _settled(row)
        net = not row["net_yuan"] or got["net_yuan"] == Decimal(row["net_yuan"])
        same = net and got["retained_yuan"] == Decimal(row["retained_yuan"])
        ours = f"{got['net_yuan']:,} → {got['retained_yuan']:,}"
        given = "；" if lang == "zh" else "; "
        conditions = given.join(
            filter(
                None,
                (
                    row["profile"],
                    row["switches"],
                    f"Qa={row['actual_quantity_units']}",
                    f"N={row['nonselected_amount_yuan']}",
                    f"{row['score']}",
                ),
            )
        )
        rows.append(
            (row["vector"], conditions, f"{row['net_yuan'] or '—'} → {row['retained_yuan']}", ours, _holds(same, lang))
        )
    return _table(("vector", "given", "printed", "recomputed"), rows, lang, "surplus-vectors")


def _settled(row: Mapping[str, str]) -> Any:
    import pandas as pd

    from vbp.rules import load_profile
    from vbp.surplus import settle

    profile = load_profile(row["profile"]).with_switches(
        **dict(pair.split("=") for pair in row["switches"].split() if pair)
    )
    items = [
        {
            **ITEM,
            "generic": f"g{number}",
            "actual_quantity_units": row["actual_quantity_units"],
            "nonselected_amount_yuan": amount,
            "score": row["score"],
        }
        for number, amount in enumerate(row["nonselected_amount_yuan"].split("+"))
    ]
    return settle(pd.DataFrame(items), profile).table.iloc[0]


def price_ratio_vectors(lang: str) -> Html:
    """Return the worked conversions of the price-ratio rules, printed and recomputed."""
    from vbp.prices.ratio_rules import Spec, convert

    rows = []
    for row in _rows("price_ratio_vectors.csv"):
        found = convert(
            Decimal(row["price_yuan"]),
            Spec.of(row["strength"], row["pieces"]),
            Spec.of(row["to_strength"], row["to_pieces"]),
        )
        given = f"{row['strength']} × {row['pieces']} ({row['price_yuan']}) → {row['to_strength']} × {row['to_pieces']}"
        rows.append(
            (
                given,
                row["printed_yuan"],
                str(found.price_yuan),
                _holds(found.price_yuan == Decimal(row["printed_yuan"]), lang),
            )
        )
    return _table(("given", "printed", "recomputed"), rows, lang, "price-ratio-vectors")


def reimbursement_case(lang: str) -> str:
    """Return the published reimbursement case (6,000 yuan, fund 3,741, patient 2,259) as recomputed, in one sentence."""
    from vbp.benefit.profile import benefit_profile
    from vbp.benefit.reimbursement import Case, reimburse

    scheme = benefit_profile("beijing-2024").schemes["employee_active_inpatient_level2"]
    found = reimburse(scheme, Case(Decimal(6000), Decimal(5600)))
    same = (found.fund_yuan, found.patient_yuan) == (Decimal(3741), Decimal(2259))
    return f"{found.text(lang)} {_holds(same, lang)}"


def prescribing_change() -> tuple[Bennet, LogMean]:
    """Return both decompositions of the change in cost between the two months of English prescribing (NIC, pounds)."""
    import pandas as pd

    from vbp.decomposition import bennet, changes, log_mean_parts

    folder, sides = paths.data() / "reference" / "nhs", []
    for month in ("201709", "201710"):
        frame = pd.read_csv(
            folder / f"epd_{month}_sample.csv.gz", usecols=["BNF_CODE", "TOTAL_QUANTITY", "NIC"], dtype=str
        )
        sides.append(_products(frame))
    both = [side.groupby("product_id")[["quantity", "value"]].sum() for side in sides]
    # a product with cost and no quantity has no price: by name, not by a rule in the library
    odd = {name for side in both for name in side.index[(side["quantity"] == 0) != (side["value"] == 0)]}
    before, after = (side[~side["product_id"].isin(odd)] for side in sides)
    table_ = changes(before, after, ("substance",))
    return bennet(table_, ("substance",)), log_mean_parts(table_, ("substance",))


def _products(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(
        product_id=frame["BNF_CODE"],
        substance=frame["BNF_CODE"].str[:9],
        quantity=frame["TOTAL_QUANTITY"].map(Decimal),
        value=frame["NIC"].map(Decimal),
    )[["product_id", "substance", "quantity", "value"]]


def prescribing(lang: str) -> Html:
    """Return the parts of the change between two months of English prescribing, in pounds, and that nothing is left over."""
    additive, factors = prescribing_change()
    rows: list[tuple[str, Cell | str]] = [
        (
            say(f"play_proof.{part}", lang) if not part.startswith("structure") else say("play_proof.structure", lang),
            Cell(f"{amount:,.2f}", amount),
        )
        for part, amount in additive.parts.items()
    ]
    whole = sum(additive.parts.values(), Decimal(0)) == additive.change_yuan
    product = 1.0
    for ratio in factors.factors.values():
        product *= ratio
    exact = abs(product / factors.value_ratio - 1) < 1e-12
    rows.append((say("play_proof.change", lang), Cell(f"{additive.change_yuan:,.2f}", additive.change_yuan)))
    rows.append((say("play_proof.adds_up", lang), _holds(whole, lang)))
    rows.append((say("play_proof.multiplies", lang), _holds(exact, lang)))
    return table([say("play_field.part", lang), say("play_proof.pounds", lang)], rows, name="prescribing")


def _holds(same: bool, lang: str) -> str:
    return say("validation.holds" if same else "validation.does_not", lang)


def _table(columns: tuple[str, ...], rows: list[tuple[Any, ...]], lang: str, name: str) -> Html:
    return table(
        [*(say(f"play_field.{column}", lang) for column in columns), say("column.holds", lang)], rows, name=name
    )
