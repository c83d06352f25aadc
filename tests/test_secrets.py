"""
Tests of L{cardgw.secrets}.
"""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import SecretError
from cardgw.secrets import Secrets, Source, parse_source, read_secrets


class SourceTests(SynchronousTestCase):
    """
    L{parse_source}.
    """

    def test_kinds(self) -> None:
        """
        A source is a kind and a place, separated by the first colon.
        """
        self.assertEqual(parse_source("file:/etc/key"), Source("file", "/etc/key"))
        self.assertEqual(parse_source("command: pass show a:b"), Source("command", "pass show a:b"))
        self.assertEqual(str(Source("env", "KEY")), "env:KEY")

    def test_noSource(self) -> None:
        """
        The text of a mistake does not repeat what was written: it may be the secret itself.
        """
        for text in ("hunter2", "hunter2:hunter2", "file:", "env: ", ""):
            error = self.assertRaises(ValueError, parse_source, text)
            if text == "hunter2":
                self.assertNotIn("hunter2", str(error))

    def test_misplaced(self) -> None:
        """
        What may be a key that was written in the place of its file or variable is not told.
        """
        key = "404142434445464748494A4B4C4D4E4F"
        for text in (f"file:{key}", f"env:{key}", f"credential:{key}"):
            environ = {"CREDENTIALS_DIRECTORY": "/nowhere"}
            told = str(self.assertRaises(SecretError, read_secrets, {"key": parse_source(text)}, environ))
            self.assertNotIn(key, told + str(parse_source(text)))
            self.assertIn("***", told)


class ReadTests(SynchronousTestCase):
    """
    L{read_secrets}.
    """

    def read(self, source: str, **environ: str) -> bytes:
        """
        The secret in a source.
        """
        return read_secrets({"key": parse_source(source)}, environ)("key")

    def refuse(self, source: str, **environ: str) -> str:
        """
        Why a source is refused.
        """
        return str(self.assertRaises(SecretError, self.read, source, **environ))

    def file(self, content: bytes, mode: int = 0o600) -> Path:
        """
        A file with a secret in it.
        """
        path = Path(self.mktemp())
        path.write_bytes(content)
        path.chmod(mode)
        return path

    def test_file(self) -> None:
        """
        A file holds the secret; one line break at its end does not count.
        """
        self.assertEqual(self.read(f"file:{self.file(b'hunter2' + bytes([10]))}"), b"hunter2")
        self.assertEqual(self.read(f"file:{self.file(b'a b  ')}"), b"a b  ")

    def test_fileMode(self) -> None:
        """
        A file that others may read is refused, with the command that mends it.
        """
        for mode in (0o640, 0o604, 0o620, 0o644):
            path = self.file(b"hunter2", mode)
            told = self.refuse(f"file:{path}")
            self.assertIn(f"others may read {path} (mode {mode:04o})", told)
            self.assertIn(f"chmod 600 {path}", told)

    def test_noFile(self) -> None:
        """
        A file that is not there is told with its path.
        """
        self.assertIn("[secrets] key: /no/such/file: No such file or directory", self.refuse("file:/no/such/file"))

    def test_empty(self) -> None:
        """
        An empty secret is a mistake.
        """
        self.assertIn("is empty", self.refuse(f"file:{self.file(b'')}"))
        self.assertIn("env:KEY is empty", self.refuse("env:KEY", KEY=""))

    def test_environment(self) -> None:
        """
        An environment variable holds the secret, or is not set.
        """
        self.assertEqual(self.read("env:KEY", KEY="hunter2"), b"hunter2")
        self.assertIn("the environment variable KEY is not set", self.refuse("env:KEY"))

    def test_credential(self) -> None:
        """
        Systemd puts credentials into a directory that it names.
        """
        directory = Path(self.mktemp())
        directory.mkdir()
        (directory / "key").write_bytes(b"hunter2\n")
        self.assertEqual(self.read("credential:key", CREDENTIALS_DIRECTORY=str(directory)), b"hunter2")
        self.assertIn("credential other: No such file", self.refuse("credential:other", CREDENTIALS_DIRECTORY=str(directory)))
        self.assertIn("no slashes", self.refuse("credential:../key", CREDENTIALS_DIRECTORY=str(directory)))

    def test_noSystemd(self) -> None:
        """
        Without systemd the text says what to put into the unit.
        """
        self.assertIn("LoadCredential=key:", self.refuse("credential:key"))

    def test_command(self) -> None:
        """
        A command prints the secret; it is not run by a shell.
        """
        self.assertEqual(self.read("command:/bin/echo 'hunter 2' $HOME"), b"hunter 2 $HOME")

    def test_commandFails(self) -> None:
        """
        A command that fails, or is not there, is told, without what it printed.
        """
        self.assertIn("the command ended with status 1", self.refuse("command:/bin/false"))
        self.assertIn("could not be run: No such file or directory", self.refuse("command:/no/such/command"))
        self.assertIn("could not be run", self.refuse("command:'"))


class SecretsTests(SynchronousTestCase):
    """
    L{Secrets}.
    """

    def test_unknown(self) -> None:
        """
        A name that is not set is told, with the nearest one.
        """
        secrets = Secrets({"admin-key": b"hunter2"})
        error = self.assertRaises(SecretError, secrets, "admin-kee")
        self.assertIn('admin-kee: it is not set. Did you mean "admin-key"?', str(error))
        self.assertIn("[secrets] of cardgw.toml", str(self.assertRaises(SecretError, secrets, "zzz")))

    def test_notShown(self) -> None:
        """
        C{repr} shows no secret.
        """
        self.assertNotIn("hunter2", repr(Secrets({"key": b"hunter2"})))
