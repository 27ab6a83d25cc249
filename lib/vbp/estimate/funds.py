"""r·s of one hospital and round from the `fund` table: of each fund the row with most filled keys; both funds added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from vbp.errors import InputError, Problem

_KEYS = ("hospital_id", "batch_id")


def fund_share_of(fund: Iterable[Mapping[Any, Any]], hospital: str, batch: str) -> Decimal:
    """Return Σ over funds of fund_ratio × insured_share × (1 − excluded_share) for a hospital and round.

    Parameters
    ----------
    fund
        The rows of the `fund` table; those for one generic or agreement year do not apply to amounts by round.

    Raises
    ------
    InputError
        Where no row applies, or two rows of one fund apply equally.
    """
    best: dict[str, tuple[int, list[Decimal]]] = {}
    for row in fund:
        if any(_text(row.get(name)) for name in ("generic", "agreement_year")):
            continue
        if any(_text(row.get(name)) not in ("", wanted) for name, wanted in zip(_KEYS, (hospital, batch), strict=True)):
            continue
        filled = sum(bool(_text(row.get(name))) for name in _KEYS)
        share = _number(row, "fund_ratio") * _number(row, "insured_share") * (1 - _number(row, "excluded_share"))
        kind = _text(row.get("fund"))
        if kind not in best or filled > best[kind][0]:
            best[kind] = (filled, [share])
        elif filled == best[kind][0]:
            best[kind][1].append(share)
    best = _apart(best)
    _refuse(best, hospital, batch)
    return sum((shares[0] for _, shares in best.values()), Decimal(0))


def _apart(best: dict[str, tuple[int, list[Decimal]]]) -> dict[str, tuple[int, list[Decimal]]]:
    """Return the named funds, or the unnamed row alone where it is fuller than all: it stands for all funds together."""
    named = {kind: row for kind, row in best.items() if kind}
    if "" not in best or (named and max(filled for filled, _ in named.values()) >= best[""][0]):
        return named
    return {"": best[""]}


def _refuse(best: dict[str, tuple[int, list[Decimal]]], hospital: str, batch: str) -> None:
    where = f"hospital {hospital}, batch {batch}"
    if not best:
        raise InputError(
            Problem(
                f"no row gives fund_ratio and insured_share for {where}; add a row with empty keys for all",
                "fund_missing",
                table="fund",
            )
        )
    tied = [kind or "(all)" for kind, (_, shares) in best.items() if len(shares) > 1]
    if tied:
        raise InputError(
            Problem(
                f"several rows of fund {', '.join(tied)} apply equally to {where}; fill more keys",
                "fund_tie",
                table="fund",
            )
        )


def _text(value: object) -> str:
    return "" if value is None or value != value else str(value).strip()


def _number(row: Mapping[Any, Any], name: str) -> Decimal:
    return Decimal(_text(row.get(name)) or "0")
