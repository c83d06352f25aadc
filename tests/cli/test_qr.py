"""
Tests of L{cardgw.cli.qr}.
"""

from __future__ import annotations

import sys
from pathlib import Path

import zxingcpp
from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from cardgw.cli.errors import QrCodeError
from cardgw.cli.qr import read_activation_code

CODE = "LPA:1$smdp.example.com$ABC-123"


class QrTests(SynchronousTestCase):
    """
    L{read_activation_code}.
    """

    def picture(self, *texts: str, kind: str = "png") -> Path:
        """
        A picture with these codes side by side.
        """
        codes = [_code(text) for text in texts]
        width = sum(each.width + 40 for each in codes) or 100
        whole = Image.new("L", (width, max([each.height for each in codes] or [100]) + 40), 255)
        left = 20
        for each in codes:
            whole.paste(each, (left, 20))
            left += each.width + 40
        path = Path(f"{self.mktemp()}.{kind}")
        path.parent.mkdir(parents=True, exist_ok=True)
        whole.save(path)
        return path

    def refused(self, path: Path) -> str:
        """
        Why.
        """
        return str(self.assertRaises(QrCodeError, read_activation_code, path))

    def test_read(self) -> None:
        """
        The activation code in a picture is read, also beside other codes, and if it is there twice.
        """
        self.assertEqual(read_activation_code(self.picture(CODE)), CODE)
        self.assertEqual(read_activation_code(self.picture("https://www.example.com", CODE, kind="jpg")), CODE)
        self.assertEqual(read_activation_code(self.picture(CODE, CODE)), CODE)

    def test_none(self) -> None:
        """
        It is said what is in the picture instead.
        """
        self.assertIn("there is no QR code in it. A sharp picture", self.refused(self.picture()))
        self.assertIn("its QR code is no activation code", self.refused(self.picture("hello")))
        self.assertIn("its 2 QR codes are no activation code", self.refused(self.picture("hello", "world")))

    def test_several(self) -> None:
        """
        Of two activation codes none is taken.
        """
        self.assertIn("there are 2 activation codes in it. Cut out", self.refused(self.picture(CODE, CODE + "4")))

    def test_noPicture(self) -> None:
        """
        What is no picture, or not there, is said to be so.
        """
        path = Path(self.mktemp())
        self.assertIn("No such file", self.refused(path))
        path.write_bytes(b"hello")
        self.assertIn("this is no picture", self.refused(path))

    def test_notInstalled(self) -> None:
        """
        Without the libraries one line says what to install.
        """
        self.addCleanup(sys.modules.__setitem__, "zxingcpp", zxingcpp)
        sys.modules["zxingcpp"] = None  # type: ignore[assignment]
        self.assertIn("pip install 'cardgw[qr]'", self.refused(Path("x")))


def _code(text: str) -> Image.Image:
    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    return Image.fromarray(made.to_image(scale=4, add_quiet_zones=True))
