"""The one text of the queries, run as it stands by DuckDB and by Spark.

Views: `usage` (the ledger), `product`, `hospital`, `day`, `look` (see `vbp.ledger.lookup`), `coded` (the rows as
codes).
Sums of BIGINT are cast back to BIGINT: DuckDB widens them to HUGEINT, which Parquet would hold as DOUBLE.
Rounding is by `round`, half away from zero in both engines; a cast alone would round in one and cut in the other.
"""

from __future__ import annotations

ROWS = """
SELECT h, l, slot + CAST(abs(spent) < cap * abs(bought) AS INT) AS s, bit, pm,
       CAST(round(bought * factor) AS BIGINT) AS q, CAST(round(spent * 100) AS BIGINT) AS a
FROM (SELECT h, p + d AS l, factor, {quantity} AS bought, CAST(amount_yuan AS DOUBLE) AS spent
      FROM usage
      JOIN product ON usage.product_id = product.product_id
      JOIN hospital ON usage.hospital_id = hospital.hospital_id
      JOIN day ON {day} = day.day) AS joined
JOIN look USING (l)
"""
"""Rows as codes: hospital, look-up row, slot, month bit, batch-month, quantity in thousandths, amount in fen."""

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


def rows(day: str, quantity: str) -> str:
    """Return the row query for a ledger whose day stands in column `day` and quantity in column `quantity`."""
    return ROWS.format(day=f"usage.{day}", quantity=f"CAST({quantity} AS DOUBLE)")


def totals(day: str, quantity: str, amount_is_double: bool) -> tuple[str, str, str]:
    """Return the queries for the ledger's own counts, span and total; doubles are rounded to the fen row by row,
    decimals are exact.
    """
    fen = "sum(CAST(round(amount_yuan * 100) AS BIGINT))" if amount_is_double else "sum(amount_yuan) * 100"
    return COUNTS.format(day=day, quantity=quantity), SPAN.format(day=day), TOTAL.format(fen=fen)
