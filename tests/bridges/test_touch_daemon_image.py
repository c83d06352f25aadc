"""
Tests for L{cardgw.bridges.touch_daemon_image}.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from cardgw.bridges.touch_daemon_image import CROSS, GREEN, RED, SIZE, failed, passed


class ImageTests(SynchronousTestCase):
    """
    L{passed} and L{failed}.
    """

    def look(self, octets: bytes, colour: tuple[int, int, int]) -> Any:
        """
        It is an image of the right size, with this colour and with white in it, and transparent corners.
        """
        image: Any = Image.open(BytesIO(octets))
        image.load()
        self.assertEqual((image.format, image.size, image.mode), ("PNG", (SIZE, SIZE), "RGBA"))
        colours = {image.getpixel((x, y)) for x in range(SIZE) for y in range(SIZE)}
        self.assertIn((*colour, 255), colours)
        self.assertEqual({image.getpixel((x, y))[3] for x in (0, SIZE - 1) for y in (0, SIZE - 1)}, {0})
        return image

    def test_passed(self) -> None:
        """
        Green.
        """
        self.look(passed(), GREEN)

    def test_failed(self) -> None:
        """
        Red, with white where the strokes of the cross meet.
        """
        image = self.look(failed(), RED)
        self.assertEqual(len(CROSS), 2)
        self.assertEqual(image.getpixel((SIZE // 2, SIZE // 2)), (255, 255, 255, 255))

    def test_small(self) -> None:
        """
        Both are small, and made once.
        """
        self.assertLess(max(len(passed()), len(failed())), 512)
        self.assertIs(passed(), passed())
