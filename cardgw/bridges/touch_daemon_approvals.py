# -*- test-case-name: tests.bridges.test_touch_daemon_approvals -*-
"""
Which servers may use a card here, and for whose pages: addresses, one per line, as the daemon of the OpenCard Framework keeps
them in C{~/.card-update-servers}.

    # a comment, also behind an address
    https://cards.example                               all addresses there, for pages of the same host
    https://cards.example:8443/rt/hsm                   this address and those below it
    https://cards.example https://shop.example          for pages of this origin
    http://127.0.0.1:8080 *                             for all pages

Scheme, host and port count, exactly.  An address with a question mark is approved as it is, and no other with it.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from attrs import define, frozen
from twisted.logger import Logger

from cardgw.bridges.touch_daemon_request import HIDDEN, PROGRAM, origin_of, split_url

FILE = ".card-update-servers"
"""In the home directory."""
ANY_PAGE = "*"
_COMMENT = re.compile(r"(?:^|\s)#.*")
_MODE = 0o600
_MOST = 1024 * 1024
"""Bytes of such a file that are read."""
_log = Logger()


@frozen
class Approval:
    """
    A line.

    @ivar url: of the server, or where its addresses begin.
    @ivar pages: the origin of the pages; L{ANY_PAGE}; or empty: those of the same host, and programs that name no page.
    """

    url: str
    pages: str = ""

    @classmethod
    def parse(cls, line: str) -> Approval:
        """
        @raise ValueError: it is none.
        """
        url, *more = line.split()
        if len(more) > 1:
            raise ValueError("there is more in it than an address and the origin of pages")
        split_url(url)
        pages = more[0] if more else ""
        return cls(url, pages if pages in ("", ANY_PAGE) else origin_of(pages))

    def __str__(self) -> str:
        return f"{self.url} {self.pages}" if self.pages else self.url

    def covers(self, url: str, page: str) -> bool:
        """
        Whether a page may use the card with a server.

        @param page: see L{cardgw.bridges.touch_daemon_request.Wanted}.
        """
        return self.reaches(url) and self._for(page)

    def reaches(self, url: str) -> bool:
        """
        Whether it is for this address.
        """
        ours, theirs = split_url(self.url), split_url(url)
        if origin_of(self.url) != origin_of(url):
            return False
        if ours.query:
            return (ours.path, ours.query) == (theirs.path, theirs.query)
        base = ours.path.rstrip("/")
        return theirs.path in (ours.path, base) or theirs.path.startswith(f"{base}/")

    def _for(self, page: str) -> bool:
        if self.pages:
            return self.pages in (ANY_PAGE, page)
        return page == PROGRAM or at_home(self.url, page)


def at_home(url: str, page: str) -> bool:
    """
    Whether a page is of the host of the server, and came as safely as the server is reached.
    """
    if page in (PROGRAM, HIDDEN):
        return False
    server, other = split_url(url), split_url(page)
    return server.hostname == other.hostname and other.scheme in (server.scheme, "https")


def approval_for(url: str, page: str) -> Approval | None:
    """
    What is to be approved for good, so that a page is not asked about any more: the whole server for this page's origin.

    @return: C{None} for a page that hides where it is from: everybody can say that.
    """
    if page == HIDDEN:
        return None
    return Approval(origin_of(url), "" if page == PROGRAM or at_home(url, page) else page)


@define
class Approvals:
    """
    What has been approved: when the daemon was started, and in the file.

    @ivar given: what counts besides the file.
    @ivar file: read anew each time; it need not be there.
    """

    given: Sequence[Approval]
    file: Path

    def cover(self, url: str, page: str) -> bool:
        """
        See L{Approval.covers}.
        """
        return any(each.covers(url, page) for each in (*self.given, *self._lines()))

    def add(self, approval: Approval) -> None:
        """
        Write a line at the end of the file.  All that is there stays as it is; who reads it meanwhile sees the one or the other.

        @raise OSError: it cannot be written; or what is in it is not believed, and would be if it were ours.
        """
        path = Path(os.path.realpath(self.file))
        before = self._before(path)
        gap = b"\n" if before and not before.endswith(b"\n") else b""
        descriptor, temporary = tempfile.mkstemp(prefix=path.name, dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as out:
                os.fchmod(out.fileno(), _MODE)
                out.write(before + gap + str(approval).encode() + b"\n")
                out.flush()
                os.fsync(out.fileno())
            Path(temporary).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(temporary).unlink()
            raise

    def _before(self, path: Path) -> bytes:
        try:
            with path.open("rb") as source:
                if not _is_ours(source.fileno()):
                    raise PermissionError(errno.EPERM, "others may have written it")
                return source.read()
        except FileNotFoundError:
            return b""

    def _lines(self) -> Iterator[Approval]:
        for number, line in enumerate(self._read().splitlines(), 1):
            text = _COMMENT.sub("", line.decode("utf-8", "replace")).strip()
            if text:
                try:
                    yield Approval.parse(text)
                except ValueError as problem:
                    fmt = "{file}, line {number} is left out: {reason}"
                    _log.warn(fmt, event="approval-skipped", file=str(self.file), number=number, reason=str(problem))

    def _read(self) -> bytes:
        try:
            with self.file.open("rb") as source:
                if not _is_ours(source.fileno()):
                    fmt = "{file} is not read: others may have written it"
                    _log.warn(fmt, event="approvals-refused", file=str(self.file))
                    return b""
                return source.read(_MOST)
        except FileNotFoundError:
            return b""
        except OSError as problem:
            _log.warn("{file}: {reason}", event="approvals-unread", file=str(self.file), reason=problem.strerror)
            return b""


def _is_ours(descriptor: int) -> bool:
    """
    Whether nobody else can have written a file.
    """
    status = os.fstat(descriptor)
    return not status.st_mode & stat.S_IWOTH and status.st_uid in (0, os.geteuid())
