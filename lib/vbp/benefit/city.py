"""A city's realised saving by who gets it: each fund and the patients, from the table `fund`."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vbp.exact import DEEP, share_out
from vbp.words import money, say
from vbp.words.said import Said

if TYPE_CHECKING:
    from vbp.fine import Fine
    from vbp.ledger import Panels


@dataclass(frozen=True)
class CityBenefit:
    """The realised saving by payer, to the fen; `table` has `payer` (a fund's name, "" unnamed, "patient"), `saving_yuan`.

    The rows add up to `saving_yuan`, which is the realised saving of `vbp savings`.
    """

    saving_yuan: Decimal
    table: pd.DataFrame
    assumptions: tuple[Said, ...]

    @property
    def fund_yuan(self) -> Decimal:
        """What all funds keep."""
        return self.saving_yuan - self.patient_yuan

    @property
    def patient_yuan(self) -> Decimal:
        """What patients keep."""
        rows = self.table.set_index("payer")["saving_yuan"]
        return Decimal(rows["patient"])

    def text(self, lang: str) -> str:
        """Return the split in one sentence."""
        return say(
            "benefit.split",
            lang,
            saving=money(self.saving_yuan, lang),
            fund=money(self.fund_yuan, lang),
            patient=money(self.patient_yuan, lang),
        )


def city_benefit(panels: Panels, fund: pd.DataFrame, share_basis: str = "volume") -> CityBenefit:
    """Return the realised saving of a city split by fund: Σ saving · fund ratio · insured share, patients the rest.

    Parameters
    ----------
    fund
        The inputs' table `fund`; the row with most filled keys holds for a purchase (contract §3).
    share_basis
        Which rows count where the table has several: volume or visits.

    Raises
    ------
    InputError
        Where a purchase has no row, or two that fit equally well.
    """
    from vbp.funds import match
    from vbp.savings.keys import Keys
    from vbp.savings.parts import realised

    keys = Keys.of(panels)
    part = realised(panels, keys)
    assert part.hospital is not None and part.year is not None
    items = pd.DataFrame(
        {
            "hospital_id": keys.hospitals.to_numpy()[part.hospital],
            "batch_id": keys.batches.to_numpy()[keys.batch_of(part.variety)],
            "generic": keys.generics.to_numpy()[keys.generic_of(part.variety)],
            # purchases outside every agreement year follow the first year's row
            "agreement_year": np.maximum(part.year, 1),
        }
    )
    found = match(items, fund, share_basis)
    rows = fund.reset_index(drop=True)
    saved: dict[str, Decimal] = {}
    for place in np.unique(found.row):
        own = found.item[found.row == place]
        row = rows.iloc[place]
        mask = np.zeros(len(items), dtype=bool)
        mask[own] = True
        share = DEEP.multiply(Decimal(row["fund_ratio"]), Decimal(row["insured_share"]))
        name = "" if pd.isna(row.get("fund")) else str(row["fund"])
        own_saving = DEEP.multiply(_yuan(part.amounts.where(mask)), share)
        saved[name] = DEEP.add(saved.get(name, Decimal(0)), own_saving)
    rest = _yuan(part.amounts)
    for amount in saved.values():
        rest = DEEP.subtract(rest, amount)
    amounts = share_out([*(saved[name] for name in sorted(saved)), rest])
    table = pd.DataFrame({"payer": [*sorted(saved), "patient"], "saving_yuan": amounts})
    return CityBenefit(part.amounts.total_yuan(), table, (Said("benefit.assume_city"),))


def _yuan(amounts: Fine) -> Decimal:
    return DEEP.scaleb(Decimal(amounts.total()), -13)
