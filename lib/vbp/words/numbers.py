"""Numbers as people read them: 11.24亿元, 1.124 bn yuan; percent; counts. Rounded half up, as offices do."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

MISSING = "—"
_STEPS = {
    "zh": ((Decimal(10) ** 8, "亿"), (Decimal(10) ** 4, "万"), (Decimal(1), "")),
    "en": ((Decimal(10) ** 9, " bn"), (Decimal(10) ** 6, " m"), (Decimal(10) ** 3, " k"), (Decimal(1), "")),
}
Number = Decimal | float | int


def _decimal(value: Number) -> Decimal | None:
    number = Decimal(str(value))
    return number if number.is_finite() else None


def _digits(number: Decimal, places: int, keep: bool) -> str:
    # adding zero takes the sign from what rounds to nothing
    text = f"{number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) + 0:,f}"
    return text if keep or "." not in text else text.rstrip("0").rstrip(".")


def _scaled(value: Number | None, lang: str, places: int) -> str:
    number = None if value is None else _decimal(value)
    if number is None:
        return MISSING
    steps = [
        step for step in _STEPS[lang] if step[1] != " k" or abs(number) >= 100_000
    ]  # 4,000 yuan reads better than 4 k
    for (size, name), (lower, _) in zip(steps, [*steps[1:], steps[-1]], strict=True):
        # a unit is taken once the next smaller one, rounded, is full: 999,999.6 is 1 m and not 1,000 k, 9,950 is not yet 1万
        full = (number / lower).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) * lower
        if abs(full) >= size or size == 1:
            return _digits(number / size, places, keep=False).replace("-", "−") + name
    raise AssertionError("unreachable: the last step is 1")


def money(yuan: Number | None, lang: str, places: int = 2) -> str:
    """Return an amount in yuan with 万/亿 or k/m/bn: `money(1124000000, "zh")` is 11.24亿元; None is —."""
    text = _scaled(yuan, lang, places + 1 if lang == "en" else places)
    return text if text == MISSING else text + ("元" if lang == "zh" else " yuan")


def count(value: Number | None, lang: str, places: int = 2) -> str:
    """Return a count: plain with separators below 100,000, then with 万/亿 or m/bn."""
    number = None if value is None else _decimal(value)
    if number is None:
        return MISSING
    if abs(number) >= 100_000:
        return _scaled(number, lang, places + 1 if lang == "en" else places)
    return _digits(number, places, keep=False).replace("-", "−")


def percent(value: Number | None, places: int | None = None) -> str:
    """Return a percentage given on the 0–100 scale: `percent(65.57)` is 65.57%, as published, `percent(87, 1)` is 87.0%.

    With `places` a computed figure shows so many digits whatever they are: 87.0% stands beside 91.7%.
    """
    number = None if value is None else _decimal(value)
    shown = "" if number is None else _digits(number, 2 if places is None else places, keep=places is not None)
    return MISSING if number is None else shown.replace("-", "−") + "%"


def ratio(value: Number | None, places: int = 1) -> str:
    """Return a share given on the 0–1 scale as a percentage."""
    return MISSING if value is None else percent(Decimal(str(value)) * 100, places)
