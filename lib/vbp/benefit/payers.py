"""Fund and patient: who pays purchases under the payment standard, and whose the saving is."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from vbp.benefit.standard import StandardRule, purchase_share
from vbp.errors import InputError, Problem
from vbp.exact import DEEP, half_up, share_out
from vbp.words import money, say
from vbp.words.said import Said


@dataclass(frozen=True)
class PayerSplit:
    """A saving by who gets it, to the fen: fund and patients add up to the saving."""

    saving_yuan: Decimal
    fund_yuan: Decimal
    patient_yuan: Decimal
    assumptions: tuple[Said, ...]

    @property
    def table(self) -> pd.DataFrame:
        """Return the two payers as rows."""
        return pd.DataFrame({"payer": ["fund", "patient"], "saving_yuan": [self.fund_yuan, self.patient_yuan]})

    def text(self, lang: str) -> str:
        """Return the split in one sentence."""
        return say(
            "benefit.split",
            lang,
            saving=money(self.saving_yuan, lang),
            fund=money(self.fund_yuan, lang),
            patient=money(self.patient_yuan, lang),
        )


def saving_by_payer(saving_yuan: Decimal, fund_ratio: Decimal, insured_share: Decimal = Decimal(1)) -> PayerSplit:
    """Return a saving split by who gets it: fund = saving · ratio · insured share, patients the rest."""
    for name, value in (("fund_ratio", fund_ratio), ("insured_share", insured_share)):
        if not 0 <= value <= 1:
            raise InputError(Problem(f"{name} lies between 0 and 1", rule="share", column=name, value=str(value)))
    exact = DEEP.multiply(DEEP.multiply(saving_yuan, fund_ratio), insured_share)
    fund = half_up(exact)
    total = half_up(saving_yuan)
    said = Said("benefit.assume_split", {"ratio": f"{fund_ratio:.2%}", "share": f"{insured_share:.2%}"})
    return PayerSplit(total, fund, total - fund, (said,))


def purchase_shares(frame: pd.DataFrame, rule: StandardRule | None = None) -> pd.DataFrame:
    """Return purchases with their payment standard and who pays, to the fen.

    Parameters
    ----------
    frame
        `price_yuan, selected_price_yuan` (per unit), `quantity_units`, `fund_ratio`; more columns pass through.

    Returns
    -------
    pandas.DataFrame
        The rows with `case, standard_yuan, amount_yuan, fund_yuan, patient_yuan`; the amounts of each row add up, and
        the columns add up to their rounded totals.
    """
    shares = [
        purchase_share(Decimal(price), Decimal(selected), Decimal(ratio), rule)
        for price, selected, ratio in zip(
            frame["price_yuan"], frame["selected_price_yuan"], frame["fund_ratio"], strict=True
        )
    ]
    units = [Decimal(value) for value in frame["quantity_units"]]
    amount = share_out([DEEP.multiply(s.price_yuan, q) for s, q in zip(shares, units, strict=True)])
    fund = _within(amount, [DEEP.multiply(s.fund_yuan, q) for s, q in zip(shares, units, strict=True)])
    columns: dict[str, Any] = {
        "case": [s.case for s in shares],
        "standard_yuan": [s.standard_yuan for s in shares],
        "amount_yuan": amount,
        "fund_yuan": fund,
        "patient_yuan": [a - f for a, f in zip(amount, fund, strict=True)],
    }
    return frame.assign(**columns)


def _within(amount: list[Decimal], exact: list[Decimal]) -> list[Decimal]:
    """Return the fund's parts to the fen, none above its row's amount: a fen too many goes to the row cut down most."""
    fund = share_out(exact)
    for place in [place for place, part in enumerate(fund) if part > amount[place] >= 0]:
        free = [other for other, part in enumerate(fund) if part < amount[other]]
        other = max(free, key=lambda row: exact[row] - fund[row])
        excess = fund[place] - amount[place]
        fund[place], fund[other] = fund[place] - excess, fund[other] + excess
    return fund
