# -*- test-case-name: tests.test_config_files -*-
"""
Reading the settings file and the files of C{conf.d} beside it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cardgw.errors import SettingsError

FOLDER = "conf.d"
"""The folder beside the settings file; its C{*.toml} files are read after it, in the order of their names."""


def read_files(path: Path) -> dict[Path, dict[str, Any]]:
    """
    What each file has, in the order of reading.

    @raise SettingsError: one cannot be read, or is not TOML; the text has the line.
    """
    return {each: _read(each) for each in (path, *sorted((path.parent / FOLDER).glob("*.toml")))}


def merged(contents: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """
    One content from several: tables are merged key by key, of all else (lists too) the last one counts.
    """
    whole: dict[str, Any] = {}
    for content in contents:
        for key, value in content.items():
            before = whole.get(key)
            whole[key] = merged((before, value)) if isinstance(before, dict) and isinstance(value, dict) else value
    return whole


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as problem:
        hint = "`cardgw init` prints one with every setting." if isinstance(problem, FileNotFoundError) else ""
        raise SettingsError(f"{path}: {(problem.strerror or 'cannot be read').lower()}", hint=hint) from None
    except UnicodeDecodeError as problem:
        raise SettingsError(f"{path}: expected UTF-8, got the byte {problem.object[problem.start]:#04x}") from None
    except tomllib.TOMLDecodeError as problem:
        raise SettingsError(f"{path}: this is not TOML: {problem}") from None
