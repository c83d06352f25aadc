# -*- test-case-name: tests.gp.test_registry -*-
"""
Published exchanges with cards, where they lie beside this checkout.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "vectors"


def vectors(name: str) -> list[dict[str, Any]] | None:
    """
    What is in a file of vectors.

    @return: C{None} where it is not there.
    """
    path = FOLDER / name
    return json.loads(path.read_text("utf-8"))["vectors"] if path.exists() else None
