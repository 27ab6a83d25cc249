"""The command `vbp`: one thin module per verb, imported without anything heavy.

A verb module defines `run`, a typer command function, and imports pandas and the like inside it.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from vbp.errors import InputError, UsageError

VERBS: tuple[str, ...] = (
    "facts",
    "estimate",
    "check",
    "template",
    "import_",
    "demo",
    "panel",
    "savings",
    "completion",
    "surplus",
    "rules",
    "statement",
    "explain",
    "project",
    "index",
    "its",
    "did",
    "scan",
    "report",
    "rerun",
)
"""Verbs in the order in which help lists them; the module is `vbp.cli.<verb>` (`import_` for `import`)."""

_STOPPED, _STOPPED_WORDS = 130, "stopped; nothing half-written was left behind"


def build() -> Any:
    """Return the typer application with every verb."""
    app = typer.Typer(
        name="vbp",
        help=__doc__ and "集采节约与结余留用分析 · savings and retained surplus of volume-based procurement",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog="--debug anywhere shows where a defect lies · 出现程序错误时加 --debug 可查看位置",
    )
    app.callback()(_common)
    for verb in VERBS:
        module = importlib.import_module(f"vbp.cli.{verb}")
        short = (module.__doc__ or "").partition("\n")[0]  # whole: click would cut it in the list of commands
        app.command(name=verb.rstrip("_"), help=module.__doc__, short_help=short)(module.run)
    return app


def _version(asked: bool) -> None:
    if asked:
        from vbp import __version__

        print(f"vbp {__version__}")
        raise typer.Exit


def _common(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """Answer what is asked of the command as a whole."""


def guarded(action: Callable[[], Any], debug: bool) -> int:
    """Run `action` and turn what goes wrong into lines on standard error and an exit status (0, 1 or 2)."""
    try:
        action()
    except SystemExit as stop:
        if stop.code == _STOPPED:  # typer makes this of Ctrl-C
            print(_STOPPED_WORDS, file=sys.stderr)
        return stop.code if isinstance(stop.code, int) else 0 if stop.code is None else 1
    except InputError as error:
        print(error, file=sys.stderr)
        return 1
    except UsageError as error:
        print(f"usage: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except OSError as error:
        if debug:
            raise
        place = f"{error.filename}: " if error.filename else ""
        reason = f"cannot be read or written: {error.strerror or error}; free space or rights may be needed"
        print(f"error: {place}{reason} (unwritable)", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(_STOPPED_WORDS, file=sys.stderr)
        return _STOPPED
    except Exception as error:
        if debug:
            raise
        print(f"error: {type(error).__name__}: {error} (a defect in vbp; --debug shows where)", file=sys.stderr)
        return 1
    return 0


def main(argv: list[str] | None = None) -> None:
    """Run the command line; `--debug` anywhere lets tracebacks through."""
    from vbp.cli.terminal import visible_streams

    # Arrow's own pool keeps what is freed: 30 MB more at the peak of `vbp panel`, and nothing quicker
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    words = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in words
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    if not debug:  # what a library leaves half-written is torn down after the error was told; no second word about it
        sys.unraisablehook = lambda _: None
    with visible_streams():
        status = guarded(lambda: build()(args=[w for w in words if w != "--debug"], prog_name="vbp"), debug)
    sys.exit(status)
