"""docs/tutorial.md and tutorial.zh.md as they stand: every command runs, in order, and says what the page shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.conftest import ROOT
from tests.docs.tutorial import CHINESE, PAGE, Block, matches, parts, run, save, workplace

PARTS, PARTS_ZH = parts(), parts(CHINESE)
STATUS = re.compile(r"^# exit (\d)$", re.MULTILINE)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return workplace(tmp_path_factory.mktemp("clone"))


def steps(title: str, kinds: tuple[str, ...], chinese: bool = False) -> list[tuple[Block, str | None]]:
    """Return a part's blocks with the text shown after each command; `chinese`: those of the same part in Chinese."""
    blocks = list(PARTS_ZH.values())[list(PARTS).index(title)] if chinese else PARTS[title]
    after = [*blocks[1:], Block("", "", "")]
    return [
        (block, next_.text if next_.language == "text" else None)
        for block, next_ in zip(blocks, after, strict=True)
        if block.language != "text" and (block.language != "sh" or block.note in kinds)
    ]


def follow(title: str, clone: Path, kinds: tuple[str, ...]) -> int:
    """Run a part's commands and compare; return how many were run."""
    count = 0
    for (block, shown), (theirs, told) in zip(steps(title, kinds), steps(title, kinds, chinese=True), strict=True):
        if block.language != "sh":
            if block.note:
                save(block, clone)
            continue
        if block.text.startswith("make "):
            continue
        count += 1
        compare(block, shown, clone)
        if (theirs.text, told) != (block.text, shown):  # what the Chinese page asks in Chinese
            compare(theirs, told, clone)
    return count


def compare(block: Block, shown: str | None, clone: Path) -> None:
    """Run a block's commands; they must end as it says and say what is shown."""
    status, said = run(block.text, clone)
    wanted = STATUS.search(block.text)
    assert status == int(wanted[1] if wanted else 0), f"{block.text}\n{said}"
    assert shown is None or matches(shown, said), f"$ {block.text}\nshown:\n{shown}\nsaid:\n{said}"


@pytest.mark.parametrize("title", [title for title in PARTS if steps(title, ("",))])
def test_a_part_says_what_the_page_shows(title: str, clone: Path) -> None:
    follow(title, clone, ("",))


@pytest.mark.long
def test_the_whole_day_with_reports_and_paper(tmp_path: Path, chromium: str) -> None:
    place = workplace(tmp_path)
    assert sum(follow(title, place, ("", "long")) for title in PARTS) >= 20


def test_the_page_runs_enough_and_its_make_targets_exist() -> None:
    commands = [block.text for blocks in PARTS.values() for block in blocks if block.language == "sh"]
    assert len(commands) >= 20
    targets = {word for text in commands for word in re.findall(r"^make (\w+)", text, re.MULTILINE)}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert targets and all(re.search(rf"^{name}:", makefile, re.MULTILINE) for name in targets)


ENGLISH_ONLY = re.compile(r" --lang en| \\| sed -n '[^']*'")


def test_the_chinese_page_has_the_same_commands_and_files_in_the_same_order() -> None:
    for ours, theirs in zip(PARTS.values(), PARTS_ZH.values(), strict=True):
        assert [(one.language, one.note) for one in ours] == [(one.language, one.note) for one in theirs]
        for one, other in zip(ours, theirs, strict=True):
            if one.language != "text":
                assert ENGLISH_ONLY.sub("", one.text) == ENGLISH_ONLY.sub("", other.text)
    texts = [block.text for blocks in PARTS_ZH.values() for block in blocks]
    assert sum(text not in {block.text for blocks in PARTS.values() for block in blocks} for text in texts) == 5


def test_the_chinese_page_reads_as_chinese() -> None:
    """Full-width punctuation, no sentence of English, and a command or a remark in every part."""
    prose = re.sub(
        r"^(`{3,4}).*?^\1$|`[^`]*`|\]\([^)]*\)", "", CHINESE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    assert len(re.findall("[\u4e00-\u9fff]", prose)) > 1500
    assert re.findall(r"[\u4e00-\u9fff][,;:?!]|[,;:?!][\u4e00-\u9fff]", prose) == []
    assert re.findall(r"(?:\b[a-z]+ ){4,}", prose) == []
    assert all(len(re.findall("[\u4e00-\u9fff]", piece)) > 40 for piece in re.split(r"^## ", prose, flags=re.MULTILINE))


def test_a_difference_is_noticed_and_dots_are_narrow() -> None:
    assert matches("a … c\n", "a b c") and not matches("a … c\n", "a b d")
    assert matches("a\n…\nz\n", "a\nb\nz") and matches("a\n…\nz\n", "a\nz") and not matches("a\n…\nz", "a\nz\ny")
    assert not matches("a … c", "a\nb c")


def test_every_part_begins_with_a_chinese_summary() -> None:
    pieces = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    for piece in pieces:
        first = piece.split("\n\n")[1]
        assert first.startswith("> ") and len(re.findall("[\u4e00-\u9fff]", first)) > 15, piece[:60]
        assert not re.search("[\u4e00-\u9fff][,;:?]", first), first
