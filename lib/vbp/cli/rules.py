"""结余留用规则：列出、查看、核对、新建 · rule profiles of retained surplus: list, show, check one of your own, or start one.

Without a name all shipped profiles are listed. A name, or a file of your own (rules.yaml), is shown with every switch;
a file with mistakes is refused with all of them. --new writes a file to fill in.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vbp.rules import Profile


def run(
    profile: Annotated[
        str | None, typer.Argument(metavar="[PROFILE]", help="a name, or a .yaml file of your own")
    ] = None,
    new: Annotated[
        Path | None,
        typer.Option(help="write a file to start from, like PROFILE (default national-2020)", metavar="FILE.yaml"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="one JSON document on standard output")] = False,
    lang: Annotated[str, typer.Option(help="zh or en")] = "zh",
) -> None:
    """List, show or start rule profiles."""
    from vbp.cli.language import language
    from vbp.cli.output import print_json
    from vbp.rules import load_profile, profile_names

    lang = language(lang)
    if new is not None:
        _start(profile, new, lang)
    elif profile is not None:
        found = load_profile(profile)
        print_json(found.model_dump(by_alias=True, mode="json")) if json else print("\n".join(_shown(found, lang)))
    else:
        found_all = [load_profile(name) for name in profile_names()]
        if json:
            print_json([one.model_dump(by_alias=True, mode="json") for one in found_all])
        else:
            _list(found_all, lang)


def _list(profiles: list[Profile], lang: str) -> None:
    from vbp.words import say

    for one in profiles:
        print(
            f"{one.name:<24}{one.title.say(lang)}（{one.source.document}）"
            if lang == "zh"
            else f"{one.name:<24}{one.title.say(lang)}"
        )
    print(say("rules.next", lang))


def _shown(profile: Profile, lang: str) -> list[str]:
    """Return a profile in words: title, document, every switch, bands, and what stands on no primary text."""
    from vbp.surplus.explain import profile_lines
    from vbp.surplus.show import switch_text
    from vbp.words import say

    first, *rest = profile_lines(profile, lang)
    said = {line.split(":")[0] for line in rest}
    more = [
        f"{say('rules.' + name.split('.')[1], lang)}: {switch_text(value, lang)}"
        for name, value in profile.parameters()
    ]
    return [f"{profile.name}  {first}", *rest, *(line for line in more if line.split(":")[0] not in said)]


def _start(parent: str | None, out: Path, lang: str) -> None:
    from vbp.errors import InputError, Problem, UsageError
    from vbp.rules import load_profile
    from vbp.rules.starter import starter
    from vbp.words import say

    if out.suffix not in (".yaml", ".yml"):
        raise UsageError(f"--new writes a rule profile: name it .yaml, not {out.name}")
    if out.exists():
        raise InputError(Problem("a file of this name stands there: choose another", "exists", file=str(out)))
    stem = out.resolve().parent.name if out.stem == "rules" else out.stem
    name = (
        "".join(letter for letter in stem.lower() if letter.isascii() and (letter.isalnum() or letter in "-_"))
        or "mine"
    )
    text = starter(load_profile(parent), name, str(out))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    print(say("rules.started", lang, path=out))
