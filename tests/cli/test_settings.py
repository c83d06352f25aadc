"""
Tests of L{cardgw.cli.settings}.
"""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.cli.errors import ClientFileError
from cardgw.cli.settings import (
    DEFAULT_URL,
    MOST_CLAIMS,
    Access,
    Claim,
    ClientFile,
    clean_token,
    clean_url,
    client_path,
    find_access,
    is_local,
    read_client,
    write_client,
)
from cardgw.errors import ParameterError

KEPT = ClientFile("https://cards.example.com", "kept-token", {"a1b2c3d4": Claim("http://10.0.0.1:1889", "cards-token")})
TOKENS = st.text("ABCxyz019._~+/=-", min_size=1, max_size=40)


class ClientFileTests(SynchronousTestCase):
    """
    The file in which tokens are kept.
    """

    def setUp(self) -> None:
        """
        There is none yet.
        """
        self.path = Path(self.mktemp()) / "cardgw" / "client.toml"

    def test_path(self) -> None:
        """
        It is where the user's settings are.
        """
        self.assertEqual(client_path({"XDG_CONFIG_HOME": "/x"}), Path("/x/cardgw/client.toml"))
        self.assertEqual(client_path({"HOME": "/home/u"}), Path("/home/u/.config/cardgw/client.toml"))

    @given(TOKENS, st.dictionaries(st.text("0123456789abcdef", min_size=1), TOKENS, max_size=4))
    def test_roundTrip(self, token: str, claims: dict[str, str]) -> None:
        """
        What is written is read again.
        """
        content = ClientFile("unix:/run/x.sock", token, {card: Claim("http://h", each) for card, each in claims.items()})
        write_client(self.path, content)
        self.assertEqual(read_client(self.path), content)

    def test_private(self) -> None:
        """
        Nobody else can read it; one that others may read is refused, with what to do.
        """
        write_client(self.path, KEPT)
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)
        self.assertEqual([each.name for each in self.path.parent.iterdir()], ["client.toml"])
        self.path.chmod(0o640)
        self.assertIn("chmod 600", str(self.assertRaises(ClientFileError, read_client, self.path)))

    def test_missing(self) -> None:
        """
        Where there is none, nothing is kept.
        """
        self.assertEqual(read_client(self.path), ClientFile())

    def test_damaged(self) -> None:
        """
        One that is no TOML, or something else, is refused in a sentence.
        """
        write_client(self.path, KEPT)
        for octets in (b"url = ", b"claims = 3", b"[claims.x]\nurl = 1", b"\xff"):
            self.path.write_bytes(octets)
            self.assertRaises(ClientFileError, read_client, self.path)

    def test_unwritable(self) -> None:
        """
        One that cannot be written is an error too.
        """
        self.path.parent.mkdir(parents=True)
        self.path.mkdir()
        self.assertRaises(ClientFileError, write_client, self.path, KEPT)

    def test_claims(self) -> None:
        """
        The latest claims are kept.
        """
        content = ClientFile()
        for number in range(MOST_CLAIMS + 2):
            content = content.with_claim(f"{number:08x}", Claim("http://h", "t"))
        self.assertEqual(len(content.claims), MOST_CLAIMS)
        self.assertNotIn("00000001", content.claims)


class AccessTests(SynchronousTestCase):
    """
    L{find_access}.
    """

    def find(self, url: str = "", card: str = "", kept: ClientFile = KEPT, **environ: str) -> tuple[str, str]:
        """
        Which gateway, and which token.
        """
        found = find_access(url, None, environ, kept, card)
        return found.url, found.token

    def test_order(self) -> None:
        """
        The command line goes before the environment, that before what is kept, that before the default.
        """
        self.assertEqual(self.find(), ("https://cards.example.com", "kept-token"))
        self.assertEqual(self.find(kept=ClientFile()), (DEFAULT_URL, ""))
        self.assertEqual(self.find(CARDGW_URL="http://h", CARDGW_TOKEN=" t\n"), ("http://h", "t"))
        self.assertEqual(self.find("http://i", CARDGW_URL="http://h")[0], "http://i")

    def test_tokenFile(self) -> None:
        """
        A file may have the token.
        """
        path = Path(self.mktemp())
        path.write_text("from-file\n")
        self.assertEqual(find_access("", path, {"CARDGW_TOKEN": "t"}, KEPT).token, "from-file")
        self.assertRaises(ParameterError, find_access, "", path.with_name("none"), {}, KEPT)

    def test_elsewhere(self) -> None:
        """
        A token that was kept for one gateway is not sent to another.
        """
        self.assertEqual(self.find("https://evil.example.com"), ("https://evil.example.com", ""))
        self.assertEqual(self.find(CARDGW_URL="https://cards.example.com.evil"), ("https://cards.example.com.evil", ""))

    def test_claim(self) -> None:
        """
        A card that was claimed is managed with its own token, at its own gateway; so is anything there if there is no other.
        """
        self.assertEqual(self.find(card="a1b2c3d4"), ("http://10.0.0.1:1889", "cards-token"))
        self.assertEqual(self.find("https://h", card="a1b2c3d4"), ("https://h", ""))
        self.assertEqual(self.find("http://10.0.0.1:1889"), ("http://10.0.0.1:1889", "cards-token"))

    def test_urls(self) -> None:
        """
        URLs of gateways are HTTP, HTTPS or a Unix socket, without user, query and the path of the API.
        """
        for text, url in (
            (" http://127.0.0.1:1889/ ", "http://127.0.0.1:1889"),
            ("https://h/api/v1/", "https://h"),
            ("https://h/cards", "https://h/cards"),
            ("unix:/run/cardgw/web.sock", "unix:/run/cardgw/web.sock"),
        ):
            self.assertEqual(clean_url(text), url)
        for text in ("", "127.0.0.1:1889", "ftp://h", "http://u:p@h", "http://h?x=1", "unix:web.sock", "http://"):
            self.assertRaises(ParameterError, clean_url, text)

    def test_tokens(self) -> None:
        """
        What could not be in a header is no token, and is not repeated.
        """
        for text in ("", "a b", "a\nb", "ä", "x" * 600):
            self.assertNotIn("a b", str(self.assertRaises(ParameterError, clean_token, text)))

    def test_local(self) -> None:
        """
        Loopback and sockets are local.
        """
        for url, expected in (
            ("http://127.0.0.1:1", True),
            ("http://[::1]:1", True),
            ("unix:/x", True),
            ("http://localhost", True),
        ):
            self.assertEqual(is_local(url), expected)
        for url in ("http://192.0.2.1", "https://localhost.example.com"):
            self.assertFalse(is_local(url))

    def test_repr(self) -> None:
        """
        No token is in what is logged.
        """
        self.assertNotIn("token", repr((KEPT.url, Claim("u", "a-token"), Access("u", "b-token"))).replace("token=", ""))
        self.assertNotIn("kept-token", repr(KEPT))
