"""
Tests for L{cardgw.virtual.smdp_command}.
"""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from cardgw.virtual.pki import load_pki
from cardgw.virtual.profile_package import make_iccid, make_package
from cardgw.virtual.smdp_command import main, make_orders, make_smdp, parse


class OrderTests(SynchronousTestCase):
    """
    Orders from the command line.
    """

    def setUp(self) -> None:
        self.directory = Path(self.mktemp())
        self.directory.mkdir()

    def test_generated(self) -> None:
        """
        Without a file one is generated.
        """
        (order,) = make_orders(parse(["--size", "1234", "--confirmation-code", "1", "--policy-rule", "ppr1", "--uses", "2"]))
        self.assertEqual((order.matching_id, len(order.package), order.iccid), ("PROFILE-1", 1234, make_iccid(1)))
        self.assertEqual((order.confirmation_code, order.policy_rules, order.uses), ("1", {"ppr1"}, 2))

    def test_file(self) -> None:
        """
        A file's name is the MatchingID, unless another is given.
        """
        path = self.directory / "TS48-A.der"
        path.write_bytes(make_package(make_iccid(5), 700))
        (order,) = make_orders(parse(["--profile", str(path)]))
        self.assertEqual((order.matching_id, order.name, order.iccid), ("TS48-A", "TS48-A", make_iccid(5)))
        (order,) = make_orders(parse(["--profile", str(path), "--matching-id", "X"]))
        self.assertEqual(order.matching_id, "X")

    def test_directory(self) -> None:
        """
        All packages of a directory.
        """
        for number in (1, 2):
            (self.directory / f"P{number}.der").write_bytes(make_package(make_iccid(number), 700))
        found = [order.matching_id for order in make_orders(parse(["--profile", str(self.directory)]))]
        self.assertEqual(found, ["P1", "P2"])

    def test_wrongFile(self) -> None:
        """
        Something else is refused with a line and exit status 1.
        """
        path = self.directory / "x.der"
        path.write_bytes(b"hello")
        self.assertRaises(ValueError, make_orders, parse(["--profile", str(path)]))
        self.assertEqual(main(["--profile", str(path)]), 1)
        self.assertEqual(main(["--profile", str(self.directory / "none")]), 1)


class PkiTests(SynchronousTestCase):
    """
    The PKI of the command line.
    """

    def test_madeAndLoaded(self) -> None:
        """
        It is made where there is none, and the same one used from then on.
        """
        directory = self.mktemp()
        first = make_smdp(parse(["--pki", directory, "--host", "a.test"]))
        second = make_smdp(parse(["--pki", directory]))
        self.assertEqual((first.host, second.host), ("a.test", "a.test"))
        self.assertEqual(first.hierarchies[0].ci_id, second.hierarchies[0].ci_id)
        self.assertEqual(load_pki(Path(directory)).ci_id, first.hierarchies[0].ci_id)

    def test_brainpool(self) -> None:
        """
        A new one can be on Brainpool.
        """
        pki = make_smdp(parse(["--curve", "brainpool"])).hierarchies[0]
        self.assertEqual(pki.ci.key.curve.name, "brainpoolP256r1")
