# -*- test-case-name: tests.functional.test_pcscd -*-
"""
A program that makes calls of the PC/SC library: each line that it reads is a JSON list of a function's name and its arguments,
and each that it writes one of what the function gives, the result first.  It is run by its path, apart from the tests.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

scard: Any = importlib.import_module("smartcard.scard")
_BITS = 0xFFFFFFFF


def main() -> None:
    """
    Make calls until there are no more.
    """
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        found = getattr(scard, name)(*[_known(each) for each in arguments])
        result, *values = found if isinstance(found, (list, tuple)) else [found]
        print(json.dumps([result & _BITS, *values]), flush=True)


def _known(argument: Any) -> Any:
    """
    Numbers by their names, and tuples, for which JSON has lists.
    """
    if isinstance(argument, str) and argument.startswith("SCARD_"):
        return getattr(scard, argument)
    return [tuple(each) if isinstance(each, list) else each for each in argument] if isinstance(argument, list) else argument


if __name__ == "__main__":
    main()
