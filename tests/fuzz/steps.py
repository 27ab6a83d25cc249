"""The steps that spoil a folder, by what must come of them: the same totals, other totals, a refusal, or either.

A *spelling* leaves the meaning as it is. A *change* alters the meaning, which the truth is then computed from.
*Nonsense* puts a cell that means nothing: it must be refused with file, row and column. *Damage* spoils bytes. A step that
stands twice in a list comes twice as often.
"""

from __future__ import annotations

from tests.fuzz.case import Case, Skipped, Step
from tests.fuzz.changes import (
    amounts,
    dates,
    funds,
    huge,
    profile,
    rows_gone,
    rows_twice,
    small_tables,
    table_gone,
    text_changes,
)
from tests.fuzz.damage import book_damaged, called_xls, columns_crossed, cut, cut_near_end, doubled, emptied, flip
from tests.fuzz.nonsense import city_broken, excel_faults, hidden_sheet, merged, nonsense, other_files, strange_id
from tests.fuzz.spellings import (
    as_parquet,
    as_xlsx,
    chinese_headers,
    chinese_names,
    city_spelt,
    encodings,
    exported,
    frames,
    in_parts,
    in_units,
    more_columns,
    order,
    own_rules,
    rows_shuffled,
    separators,
    spelt,
    wan,
    workbook,
    year_and_month,
)

CHANGES: tuple[Step, ...] = (
    amounts,
    amounts,
    huge,
    small_tables,
    small_tables,
    text_changes,
    text_changes,
    dates,
    rows_gone,
    rows_twice,
    profile,
    table_gone,
    funds,
)
SPELLINGS: tuple[Step, ...] = (
    workbook,
    as_xlsx,
    as_parquet,
    chinese_headers,
    chinese_names,
    in_units,
    wan,
    year_and_month,
    spelt,
    spelt,
    order,
    rows_shuffled,
    more_columns,
    frames,
    in_parts,
    separators,
    encodings,
    city_spelt,
    own_rules,
    exported,
)
NONSENSE: tuple[Step, ...] = (
    nonsense,
    nonsense,
    nonsense,
    nonsense,
    strange_id,
    excel_faults,
    merged,
    hidden_sheet,
    city_broken,
    other_files,
)
DAMAGE: tuple[Step, ...] = (
    cut,
    cut_near_end,
    flip,
    flip,
    flip,
    emptied,
    doubled,
    columns_crossed,
    book_damaged,
    called_xls,
    called_xls,
)

__all__ = ["CHANGES", "DAMAGE", "NONSENSE", "SPELLINGS", "Case", "Skipped", "Step"]
