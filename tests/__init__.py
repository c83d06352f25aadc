"""
The tests.  None of them, nor any process of theirs, sees a reader of this machine: the card in it may be dear to somebody.
"""

import os
import tempfile
from pathlib import Path

PCSCD = Path(tempfile.gettempdir(), f"cardgw-tests-{os.getpid()}")
"""The directory of the private pcscd, if there is one (L{tests.functional.pcscd}).  The PC/SC library reads its name but once."""
os.environ["PCSCLITE_CSOCK_NAME"] = str(PCSCD / "run" / "pcscd.comm")
