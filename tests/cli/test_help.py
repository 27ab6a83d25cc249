"""`--help` of every verb: each option with a sentence, Chinese set as Chinese, and nothing that does not exist."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
import typer.main

from tests.conftest import ROOT
from vbp.cli import VERBS, build

NAMES = tuple(verb.rstrip("_") for verb in VERBS)
CONTRACT = {
    "facts": ("--json", "--csv"),
    "estimate": ("--include-doubtful", "--json"),
    "check": ("--annotate", "--json"),
    "import": ("--profile", "--out"),
    "demo": ("--like", "--seed", "--hospitals", "--months"),
    "panel": ("--out", "--engine", "--master"),
    "savings": ("--by", "--json", "--csv"),
    "completion": ("--as-of", "--json", "--csv"),
    "surplus": ("--items", "--profile", "--as-of", "--json", "--csv"),
    "statement": ("--out", "--profile"),
    "explain": ("--hospital", "--batch", "--year", "--generic"),
    "project": ("--json",),
    "index": ("--base", "--json"),
    "its": (
        "--outcome", "--time", "--date", "--family", "--offset", "--effect", "--harmonics", "--period", "--inference", "--json",
    ),
    "did": ("--outcome", "--unit", "--time", "--treated", "--date", "--json"),
    "scan": ("--json", "--csv"),
    "report": ("--all", "--inputs", "--lang", "--out", "--jobs", "--force", "--standalone", "--pdf"),
}  # fmt: skip


@pytest.fixture(scope="module")
def commands() -> dict:
    return dict(typer.main.get_command(build()).commands)


def test_every_verb_of_the_contract_has_every_option_of_the_contract(commands):
    assert set(CONTRACT) < set(commands) == set(NAMES)
    for verb, options in CONTRACT.items():
        there = {name for option in commands[verb].params for name in option.opts}
        assert set(options) <= there, verb


def test_the_version_is_told_and_help_has_a_short_name(call):
    from vbp import __version__

    assert call("--version") == (0, f"vbp {__version__}\n", "")
    assert call("-h") == call("--help") and call("surplus", "-h") == call("surplus", "--help")
    assert "--debug" in call("--help")[1]


@pytest.mark.parametrize("verb", NAMES)
def test_help_states_every_option_with_a_sentence(call, commands, verb, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    code, out, err = call(verb, "--help")
    assert (code, err) == (0, "")
    flat = " ".join(out.split())
    for option in commands[verb].params:
        if option.param_type_name == "option":
            assert option.opts[0] in flat, option.name
        assert option.help and len(option.help) >= 5, f"{verb}: {option.name} says nothing"
        assert " ".join(option.help.split()) in flat, option.name
        assert not option.help.rstrip().endswith("…"), f"{verb}: {option.name} leaves values out"


@pytest.mark.parametrize("verb", VERBS)
def test_chinese_sentences_in_help_are_set_in_full_width_punctuation(commands, verb):
    command = commands[verb.rstrip("_")]
    texts = [
        importlib.import_module(f"vbp.cli.{verb}").__doc__ or "",
        *(option.help or "" for option in command.params),
    ]
    assert re.search(r"[A-Za-z\u4e00-\u9fff]", texts[0])
    assert [text for text in texts if re.search(r"[\u4e00-\u9fff][,:;?][\u4e00-\u9fff]", text)] == []


def test_a_verb_is_found_from_the_list_of_verbs_and_each_has_a_line(call, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    code, out, _ = call("--help")
    assert code == 0
    lines = {
        line.split()[0]: line.split(maxsplit=1)[1]
        for line in out.splitlines()
        if line[:2] == "  " and len(line.split()) > 3
    }
    assert set(NAMES) <= set(lines)
    assert all(len(lines[verb]) > 20 for verb in NAMES)


def test_the_bare_command_shows_its_verbs_and_is_wrong_use(call):
    code, out, err = call()
    assert code == 2
    assert "surplus" in out + err


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_the_first_pages_name_only_options_that_exist(commands, page):
    text = Path(ROOT / page).read_text(encoding="utf-8")
    used = re.findall(r"(?:^|`|bin/)vbp (\w+)([^`\n#]*)", text, flags=re.M)
    known = [(verb, rest) for verb, rest in used if verb in commands]
    assert len(known) > 3
    for verb, rest in known:
        there = {name for option in commands[verb].params for name in (*option.opts, *option.secondary_opts)}
        assert set(re.findall(r"--[a-z][a-z-]+", rest)) <= there | {"--help", "--debug"}, (verb, rest)
