"""What a table of the notebooks needs: where a result cannot be computed, the table says what is missing and how to supply it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from vbp.city import City
from vbp.results.missing import Missing
from vbp.sections.html import Html
from vbp.sections.parts import lacking, sentence

P = ParamSpec("P")
T = TypeVar("T")


def needs(
    *names: str,
) -> Callable[[Callable[Concatenate[City, str, P], Html]], Callable[Concatenate[City, str, P], Html]]:
    """Return a decorator: the function runs where the place has these results, else the first that is missing answers."""

    def decorate(make: Callable[Concatenate[City, str, P], Html]) -> Callable[Concatenate[City, str, P], Html]:
        @wraps(make)
        def made(city: City, lang: str, *args: P.args, **kwargs: P.kwargs) -> Html:
            for name in names:
                found = getattr(city, name)
                if isinstance(found, Missing):
                    return lacking(found, lang)
            return make(city, lang, *args, **kwargs)

        return made

    return decorate


def there(found: T | Missing | None) -> T:
    """Return a result that `needs` has seen to be there."""
    assert found is not None and not isinstance(found, Missing)
    return found


def said(text: str) -> Html:
    """Return words as paragraphs, one a line."""
    return sentence(text)
