# -*- test-case-name: tests.cli.test_qr -*-
"""
Activation codes from pictures of QR codes.  The libraries for it come with C{cardgw[qr]}.
"""

from __future__ import annotations

from pathlib import Path

from cardgw.cli.errors import QrCodeError
from cardgw.lpa.activation import ActivationCodeError, parse_activation_code


def read_activation_code(path: Path) -> str:
    """
    @param path: of a picture: PNG, JPEG and what else Pillow reads.
    @raise QrCodeError: there is no activation code in it, or more than one.
    """
    texts = _texts(path)
    if not texts:
        raise QrCodeError(f"{path}: there is no QR code in it", hint="A sharp picture with white space around the code helps.")
    found = [text for text in texts if _is_activation_code(text)]
    if not found:
        what = "its QR code is" if len(texts) == 1 else f"its {len(texts)} QR codes are"
        raise QrCodeError(f"{path}: {what} no activation code")
    if len(found) > 1:
        raise QrCodeError(f"{path}: there are {len(found)} activation codes in it", hint="Cut out the one that is meant.")
    return found[0]


def _texts(path: Path) -> list[str]:
    """
    What the QR codes in a picture say, each text once.
    """
    try:
        import zxingcpp
        from PIL import Image
    except ImportError:
        hint = "Install them: pip install 'cardgw[qr]'"
        raise QrCodeError("the libraries that read QR codes are not installed", hint=hint) from None
    try:
        with Image.open(path) as picture:
            codes = zxingcpp.read_barcodes(picture.convert("L"), formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as problem:
        raise QrCodeError(f"{path}: {getattr(problem, 'strerror', None) or 'this is no picture'}") from None
    return list(dict.fromkeys(code.text for code in codes))


def _is_activation_code(text: str) -> bool:
    try:
        parse_activation_code(text)
    except ActivationCodeError:
        return False
    return True
