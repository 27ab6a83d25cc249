"""A decomposition on real data: two months of English prescribing must be split without a penny left over."""

from __future__ import annotations

from decimal import Decimal
from math import prod
from typing import TYPE_CHECKING

from vbp import paths
from vbp.sections.html import Cell
from vbp.sections.proofs.proof import Proof, proof
from vbp.words import say

if TYPE_CHECKING:
    import pandas as pd

    from vbp.decomposition import Bennet, LogMean


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


def prescribing(lang: str) -> Proof:
    """Return the parts of the change between two months of English prescribing, in pounds, and that nothing is left over."""
    additive, factors = prescribing_change()
    whole = sum(additive.parts.values(), Decimal(0)) == additive.change_yuan
    exact = abs(prod(factors.factors.values()) / factors.value_ratio - 1) < 1e-12
    rows: list[tuple[list[Cell | str], bool]] = []
    parts = say("section.separator", lang).join(
        f"{_part(name, lang)} {amount:,.2f}".replace("-", "−") for name, amount in additive.parts.items()
    )
    rows.append(([say("play_proof.adds_up", lang), parts, f"{additive.change_yuan:,.2f}"], whole))
    ratios = " × ".join(f"{_part(name, lang)} {ratio:.4f}" for name, ratio in factors.factors.items())
    rows.append(([say("play_proof.multiplies", lang), ratios, f"{factors.value_ratio:.4f}"], exact))
    return proof(("given", "part", "change"), rows, lang, "prescribing")


def _part(name: str, lang: str) -> str:
    return say(f"play_proof.{'structure' if name.startswith('structure') else name}", lang)
