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
    text = f"{number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):,f}"
    return text if keep or "." not in text else text.rstrip("0").rstrip(".")


def _scaled(value: Number | None, lang: str, places: int) -> str:
    number = None if value is None else _decimal(value)
    if number is None:
        return MISSING
    for size, name in _STEPS[lang]:
        if name == " k" and abs(number) < 100_000:
            continue  # 4,000 yuan reads better than 4 k
        shown = number / size
        # the step is chosen after rounding, so that 999,999.6 does not read "1,000 k"
        if abs(shown.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)) >= 1 or size == 1:
            return _digits(shown, places, keep=False).replace("-", "−") + name
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
        return _scaled(number, lang, places)
    return _digits(number, places, keep=False).replace("-", "−")


def percent(value: Number | None, places: int = 2) -> str:
    """Return a percentage given on the 0–100 scale: `percent(65.57)` is 65.57%."""
    number = None if value is None else _decimal(value)
    return MISSING if number is None else _digits(number, places, keep=False).replace("-", "−") + "%"


def ratio(value: Number | None, places: int = 1) -> str:
    """Return a share given on the 0–1 scale as a percentage."""
    return MISSING if value is None else percent(Decimal(str(value)) * 100, places)
