"""
The tests.  None of them, nor any process of theirs, sees a reader of this machine: the card in it may be dear to somebody.  None
of them fails because it is slow.
"""

import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings

PCSCD = Path(tempfile.gettempdir(), f"cardgw-tests-{os.getpid()}")
"""The directory of the private pcscd, if there is one (L{tests.functional.pcscd}).  The PC/SC library reads its name but once."""
os.environ["PCSCLITE_CSOCK_NAME"] = str(PCSCD / "run" / "pcscd.comm")

settings.register_profile("cardgw", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("cardgw")
