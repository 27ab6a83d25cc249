"""Price indices beside the table that the PPI Manual prints."""

from __future__ import annotations

from typing import Any

from vbp import paths
from vbp.sections.html import Cell
from vbp.sections.proofs.proof import Proof, proof, read
from vbp.words import say


def index_reference(lang: str) -> Proof:
    """Return the printed indices beside our own, to four decimals, and that Vartia I splits the value ratio exactly."""
    found = _artificial()
    rows: list[tuple[list[Cell | str], bool]] = []
    for row in read("index_printed.csv"):
        name = row.pop("index")
        ours = found.match["value_ratio"] if name == "value_ratio" else found.prices[name]
        got = {period: f"{ours[period]:.4f}" for period in row}
        rows.append(([say(f"index_name.{name}", lang), "  ".join(row.values()), "  ".join(got.values())], row == got))
    product = [found.prices["vartia1"][t] * found.quantities["vartia1"][t] for t in found.match.index]
    ratio = list(found.match["value_ratio"])
    exact = all(abs(a / b - 1) < 1e-12 for a, b in zip(product, ratio, strict=True))
    words = [say("play_proof.vartia", lang), "  ".join(f"{value:.4f}" for value in ratio[1:])]
    rows.append(([*words, "  ".join(f"{value:.4f}" for value in product[1:])], exact))
    return proof(("index", "printed_periods", "recomputed"), rows, lang, "index-reference")


def _artificial() -> Any:
    import pandas as pd

    from vbp.indices import index_series

    folder = paths.data() / "reference"
    price, quantity = (pd.read_csv(folder / f"index_{name}6.csv", index_col=0) for name in ("price", "quantity"))
    rows = [(t, str(i), price.at[i, t], quantity.at[i, t]) for t in price.columns for i in price.index]
    return index_series(pd.DataFrame(rows, columns=["period", "product_id", "price", "quantity"]))
