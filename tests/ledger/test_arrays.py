"""Arrays made through their buffers are those that pyarrow makes itself."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vbp.ledger.arrays import codes, column, filled, numbers, whole, words

WHOLE = st.lists(st.one_of(st.none(), st.integers(-(2**31), 2**31 - 1)), max_size=70)
TEXTS = st.lists(st.one_of(st.none(), st.text(max_size=6)), max_size=70)


@given(WHOLE, st.sampled_from([pa.int32(), pa.int64()]))
@settings(deadline=None)
def test_whole_numbers_with_gaps_are_those_of_pyarrow(values: list[int | None], kind: pa.DataType) -> None:
    made = whole(values, kind)
    made.validate(full=True)
    assert made.equals(pa.array(values, kind))


@given(st.lists(st.integers(-20_000, 20_000), max_size=70))
@settings(deadline=None)
def test_days_are_those_of_pyarrow(days: list[int]) -> None:
    dates = [dt.date(1970, 1, 1) + dt.timedelta(days=day) for day in days]
    made = column(np.array(days, dtype=np.int64), pa.date32())
    assert made.equals(pa.array(dates, pa.date32())) and numbers(made).tolist() == days


@given(TEXTS)
@settings(deadline=None)
def test_texts_with_gaps_are_those_of_pyarrow(values: list[str | None]) -> None:
    made = words(values)
    made.validate(full=True)
    assert made.equals(pa.array(values, pa.string()))


@given(st.lists(st.booleans(), max_size=70), st.integers(0, 9))
@settings(deadline=None)
def test_flags_go_there_and_back(flags: list[bool], start: int) -> None:
    made = column(np.array(flags, dtype=bool))
    made.validate(full=True)
    assert made.equals(pa.array(flags, pa.bool_())) and numbers(made.slice(start)).tolist() == flags[start:]


@given(st.lists(WHOLE, max_size=4), st.integers(-5, 5))
@settings(deadline=None)
def test_gaps_are_filled_in_chunks_too(parts: list[list[int | None]], value: int) -> None:
    chunked = pa.chunked_array([pa.array(part, pa.int64()) for part in parts], pa.int64())
    wanted = [value if one is None else one for part in parts for one in part]
    assert filled(chunked, value).tolist() == wanted and filled(chunked, value).dtype == np.int64
    assert filled(chunked.cast(pa.float64()), value).tolist() == wanted


def test_numbers_with_gaps_are_refused_not_made_up() -> None:
    with pytest.raises(ValueError, match="gaps"):
        numbers(pa.array([1, None]))


@given(st.lists(st.one_of(st.none(), st.sampled_from("abcd")), max_size=40), st.permutations("abc"))
@settings(deadline=None)
def test_codes_of_names_are_missing_where_the_text_is_and_none_where_a_text_is_strange(
    values: list[str | None], names: list[str]
) -> None:
    for column_ in (pa.array(values, pa.string()), pa.chunked_array([pa.array(values, pa.string())] * 2)):
        found, given_ = codes(column_, names), column_.to_pylist()
        if "d" in values:
            assert found is None
        else:
            assert found is not None and found.tolist() == [names.index(one) if one else -1 for one in given_]
