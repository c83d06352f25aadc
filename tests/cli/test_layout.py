"""
Tests of L{cardgw.cli.layout}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text
from twisted.trial.unittest import SynchronousTestCase

from cardgw.cli.layout import Shape, folded, lay_out, narrowed

ID = "1a1fe44f3b40000bd0889"
WORDS = "The server cannot be reached: smdp.example.com port 443: connection refused"
SHAPES = (Shape(firm=True), Shape(), Shape(right=True), Shape(wide=True), Shape(remark=True))


def laid_out(room: int, *rows: tuple[str, ...]) -> list[str]:
    """
    A table with a title row as lines.
    """
    titles = [Text(each) for each in ("id", "operation", "n", "for", "reason")]
    found = lay_out(titles, [[Text(each) for each in row] for row in rows], SHAPES, room)
    return [each.plain for each in found]


class LayoutTests(SynchronousTestCase):
    """
    L{lay_out}.
    """

    def test_room(self) -> None:
        """
        Where there is room, each row is a line; no line ends with blanks.
        """
        found = laid_out(200, (ID, "lpa.info", "12", "example.com", "-"), ("b", "x", "1", "y", "z"))
        self.assertEqual(
            found,
            [
                "id                     operation   n  for          reason",
                f"{ID}  lpa.info   12  example.com  -",
                "b                      x           1  y            z",
            ],
        )

    def test_remark(self) -> None:
        """
        Where there is not, remarks go below their rows, and nothing where there is none.
        """
        found = laid_out(80, (ID, "notifications.send-all", "1", "example.com", WORDS), ("b", "x", "2", "y", "-"))
        self.assertEqual(len(found), 4)
        self.assertEqual(found[0].split(), ["id", "operation", "n", "for"])
        self.assertEqual(found[2], f"    {WORDS}")
        self.assertEqual(found[3].split(), ["b", "x", "2", "y"])

    def test_firm(self) -> None:
        """
        Ids are whole wherever there is room for them alone.
        """
        for room in range(40, 120):
            found = laid_out(room, (ID, "notifications.send-all", "1", "smdp.with-a-long-name.example.com", WORDS))
            self.assertIn(ID, "\n".join(found))
            self.assertTrue(all(len(line) <= room for line in found), room)

    def test_order(self) -> None:
        """
        Wide columns give way first, then all others but firm ones.
        """
        shapes = (Shape(firm=True), Shape(), Shape(wide=True))
        self.assertEqual(narrowed([20, 20, 20], shapes, 60), [20, 20, 16])
        self.assertEqual(narrowed([20, 20, 20], shapes, 50), [20, 16, 10])
        self.assertEqual(narrowed([20, 20, 20], shapes, 10), [20, 4, 4])

    @given(st.text(st.characters(exclude_categories=["C", "M", "Z"])), st.integers(2, 40))
    def test_whole(self, text: str, width: int) -> None:
        """
        Folding loses nothing, and no line is too wide.
        """
        lines = [each.plain for each in folded(Text(text), width)]
        self.assertEqual("".join(lines), text)
        self.assertTrue(all(cell_len(line) <= width for line in lines))

    def test_words(self) -> None:
        """
        Words stay whole where they can.
        """
        self.assertEqual([each.plain for each in folded(Text("one two three"), 8)], ["one two", "three"])
        self.assertEqual([each.plain for each in folded(Text("a 1234567890 b"), 4)], ["a", "1234", "5678", "90 b"])
