"""The one text of the queries, run as it stands by DuckDB and by Spark.

Views: `usage` (the ledger), `product`, `hospital`, `day`, `look` (see `vbp.ledger.lookup`), `coded` (the rows as
codes).
Sums of BIGINT are cast back to BIGINT: DuckDB widens them to HUGEINT, which Parquet would hold as DOUBLE.
Rounding is by `round`, half away from zero in both engines; a cast alone would round in one and cut in the other. DuckDB
adds the coded rows up in arrays where these are small (`vbp.ledger.dense`), else by `PANELS`; Spark always by `PANELS`.
"""

from __future__ import annotations

from collections.abc import Mapping

ROWS = """
SELECT {also}h, l,
       slot + CASE WHEN cap > 0 AND abs(CAST(spent AS DOUBLE)) < cap * abs(CAST(bought AS DOUBLE)) THEN 1 ELSE 0 END AS s,
       bit, pm,
       CASE WHEN milli = floor(milli) AND abs(milli) < 1e15 THEN CAST(milli AS BIGINT)
            WHEN abs(milli - round(milli)) + 4e-15 * abs(milli) < 5e-1 THEN CAST(round(milli) AS BIGINT)
            ELSE CAST(round(bought * CAST(factor AS DECIMAL(19, 5)), 0) AS BIGINT) END AS q,
       {fen} AS a
FROM (SELECT {also_first}h, p + d AS l, factor, {quantity} AS bought, amount_yuan AS spent,
             CAST({quantity} AS DOUBLE) * factor AS milli
      FROM usage
      JOIN product ON usage.product_id = product.product_id
      JOIN hospital ON usage.hospital_id = hospital.hospital_id
      JOIN day ON {day} = day.day) AS joined
JOIN look USING (l)
"""
"""Rows as codes: hospital, look-up row, slot, month bit, batch-month, quantity in thousandths, amount in fen.

The quantity is the exact product of a decimal and `factor`, which holds five decimals, rounded half away from zero. A
double is near enough unless it falls beside a half; there, and where it is too large to tell, decimals decide.
"""

SUMS = "CAST(sum(q) AS BIGINT) AS q, CAST(sum(a) AS BIGINT) AS a"
PANELS = {
    "a": f"SELECT l, {SUMS}, count(*) AS n FROM coded GROUP BY l",
    "b": f"SELECT h, s, {SUMS}, bit_or(bit) AS bits FROM coded GROUP BY h, s",
    "c": f"SELECT h, pm, {SUMS} FROM coded WHERE pm >= 0 GROUP BY h, pm",
}
"""Product × month, hospital × slot, hospital × batch-month."""
MERGED = {
    "a": f"SELECT l, {SUMS}, CAST(sum(n) AS BIGINT) AS n FROM part GROUP BY l",
    "b": f"SELECT h, s, {SUMS}, bit_or(bits) AS bits FROM part GROUP BY h, s",
    "c": f"SELECT h, pm, {SUMS} FROM part GROUP BY h, pm",
}
"""The same over parts of a panel: chunks of a large city, or what was kept and a new month."""

COUNTS = """
SELECT count(*) AS n, count(product_id) AS product_id, count(hospital_id) AS hospital_id, count({day}) AS day,
       count(amount_yuan) AS amount_yuan, count({quantity}) AS quantity
FROM usage
"""
"""How many values each column has: anything short of the number of rows is a gap (answered from Parquet's own
statistics).
"""
SPAN = "SELECT min({day}) AS first, max({day}) AS last FROM usage"
TOTAL = "SELECT CAST({fen} AS BIGINT) AS fen FROM usage"
"""The ledger's own total, taken without any join, against which the panels are held."""


def rows(day: str, quantity: str, fen: str, also: Mapping[str, str] | None = None) -> str:
    """Return the row query for a ledger.

    Parameters
    ----------
    day, quantity, fen
        SQL of the purchase's day, of its quantity as a decimal, of its amount (`spent`) in whole fen.
    also
        Further columns to carry along: their SQL by name.
    """
    return ROWS.format(
        day=day,
        quantity=quantity,
        fen=fen,
        also="".join(f"{name}, " for name in also or {}),
        also_first="".join(f"{text} AS {name}, " for name, text in (also or {}).items()),
    )


def totals(day: str, quantity: str, amount_is_double: bool) -> tuple[str, str, str]:
    """Return the queries for the ledger's own counts, span and total; doubles are rounded to the fen row by row,
    decimals are exact.
    """
    fen = "sum(CAST(round(amount_yuan * 100) AS BIGINT))" if amount_is_double else "sum(amount_yuan) * 100"
    return COUNTS.format(day=day, quantity=quantity), SPAN.format(day=day), TOTAL.format(fen=fen)
