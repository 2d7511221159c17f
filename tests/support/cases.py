"""Cases that lie beside what they are of: `cases/*.toml` in the folder of each provider and source."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.support.system import ROOT


def folders(room: str) -> list[Path]:
    return sorted(path.parent for path in (ROOT / "apps" / room).glob("*/settings.py"))


def cases(room: str, what: str) -> list[Any]:
    """All cases of a kind as parameters: the plugin's kind and the case."""
    return [
        pytest.param(path.parents[1].name, case, id=f"{path.parents[1].name}: {case['name']}")
        for path in sorted((ROOT / "apps" / room).glob("*/cases/*.toml"))
        for case in tomllib.loads(path.read_text()).get(what, [])
    ]
