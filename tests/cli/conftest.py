from __future__ import annotations

from collections.abc import Callable

import pytest

from vbp.cli import main

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(capsys) -> Call:
    """Call the command as a user does: exit status, standard output, standard error; never a traceback."""

    def called(*words: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main([str(word) for word in words])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        assert "a defect in vbp" not in err
        return int(stop.value.code or 0), out, err

    return called
