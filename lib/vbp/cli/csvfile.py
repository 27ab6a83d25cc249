"""Read one CSV of the user's own for the verbs that take a file: UTF-8 (with BOM), GB18030 or GBK."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vbp.errors import InputError, Problem

if TYPE_CHECKING:
    import pandas as pd


def read_csv(path: Path) -> pd.DataFrame:
    """Return a CSV as text columns with stripped headers; empty cells are missing.

    Raises
    ------
    InputError
        A file that is not there, is no CSV, has no rows, or has two columns of one name.
    """
    if not path.is_file():
        raise InputError(Problem("no such file", rule="file", file=str(path)))
    frame = _decoded(path)
    # read without a header, so that pandas does not rename the second of two equal names
    frame = frame.iloc[1:].set_axis([str(name).strip() for name in frame.iloc[0]], axis=1).reset_index(drop=True)
    twice = sorted({name for name in frame.columns if list(frame.columns).count(name) > 1})
    if twice:
        raise InputError(Problem(f"column {', '.join(twice)} stands twice", rule="header", file=str(path), row=1))
    if frame.empty:
        raise InputError(Problem("the file has a header but no rows", rule="empty", file=str(path)))
    return frame


def _decoded(path: Path) -> pd.DataFrame:
    import pandas as pd

    reason = ""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return pd.read_csv(path, dtype=str, encoding=encoding, skipinitialspace=True, header=None)
        except UnicodeDecodeError as error:
            reason = str(error)
        except pd.errors.EmptyDataError:
            raise InputError(Problem("not a CSV: the file is empty", rule="csv", file=str(path))) from None
        except pd.errors.ParserError as error:
            raise InputError(Problem(f"not a CSV: {error}", rule="csv", file=str(path))) from error
    what = f"neither UTF-8 nor GB18030 text, so no csv; a workbook is saved as csv first ({reason})"
    raise InputError(Problem(what, rule="encoding", file=str(path)))
