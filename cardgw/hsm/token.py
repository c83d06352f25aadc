# -*- test-case-name: tests.hsm.test_token -*-
"""
Tokens (PKCS#11), opened when a key of theirs is first used, and again when they had been away.  All of it may take its time, and
blocks.

A PIN is tried once: one that was refused is not tried again with this token, however settings name it, unless its source gives
another one by then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import blake2b
from secrets import token_bytes
from threading import Lock
from typing import Any, TypeVar

from cardgw.errors import SecretError
from cardgw.hsm.errors import TokenPinRefused, TokenUnusable
from cardgw.hsm.uri import TokenUri
from cardgw.scp.aside import Aside, at_once
from cardgw.secrets import Source, read_secret

GONE = frozenset(
    {
        "DeviceError",
        "DeviceRemoved",
        "KeyHandleInvalid",
        "ObjectHandleInvalid",
        "SessionClosed",
        "SessionHandleInvalid",
        "TokenNotPresent",
        "UserNotLoggedIn",
    }
)
"""What a library says of a token that had been away since it was opened."""
REFUSED = frozenset({"PinIncorrect", "PinInvalid", "PinLenRange", "PinLocked", "PinExpired"})
_WORDS: Mapping[str, str] = {
    "DeviceRemoved": "the token was removed",
    "TokenNotPresent": "the token is not there",
    "TokenNotRecognised": "the token is not recognised",
    "PinIncorrect": "the PIN is not right",
    "PinLocked": "the PIN is locked",
    "PinExpired": "the PIN has expired",
    "UserNotLoggedIn": "the token wants a PIN, and pin-source is missing",
    "MechanismInvalid": "the token cannot do what is asked for",
    "FunctionNotSupported": "the token cannot do what is asked for",
    "KeyTypeInconsistent": "the key is of another type",
    "AttributeSensitive": "the token keeps to itself what is asked for",
}
SALT, PERSON = blake2b.MAX_KEY_SIZE, blake2b.PERSON_SIZE
"""Bytes."""
_T = TypeVar("_T")


def load_library(path: str) -> Any:
    """
    A PKCS#11 library.

    @raise SecretError: C{python-pkcs11} is not installed.
    """
    require_library()
    import pkcs11

    return pkcs11.lib(path)


def require_library() -> None:
    """
    @raise SecretError: C{python-pkcs11} is not installed.
    """
    try:
        import pkcs11  # noqa: F401
    except ImportError:
        raise SecretError("keys in tokens need python-pkcs11", hint="Install it with: pip install 'cardgw[pkcs11]'") from None


class TokenPool:
    """
    All tokens of this process: a token is opened once, however many keys of it are used.

    @ivar aside: where they are asked.
    """

    def __init__(self, aside: Aside = at_once, load: Callable[[str], Any] = load_library) -> None:
        self.aside = aside
        self._load = load
        self._tokens: dict[Any, Token] = {}
        self._refused = RefusedPins()

    def token(self, uri: TokenUri, environ: Mapping[str, str] | None = None) -> Token:
        """
        The one that a key is in.

        @param environ: where the PIN may be.
        """
        place = (uri.module, uri.token, uri.pin)
        if place not in self._tokens:
            self._tokens[place] = Token(uri, self._load, environ, self._refused)
        return self._tokens[place]


class RefusedPins:
    """
    Which PINs tokens have refused.  They lock themselves after a few, whichever table of the settings they came from.
    """

    def __init__(self) -> None:
        self.lock = Lock()
        self._salt = token_bytes(SALT)
        self._known: set[bytes] = set()

    def has(self, token: Any, pin: bytes) -> bool:
        """
        Whether this token has refused this PIN.
        """
        return self._trace(token, pin) in self._known

    def add(self, token: Any, pin: bytes) -> None:
        """
        It has.
        """
        self._known.add(self._trace(token, pin))

    def _trace(self, token: Any, pin: bytes) -> bytes:
        """
        By its serial number and its label a token is known through whichever library, and in whichever slot.
        """
        name = repr((token.serial, token.label.strip())).encode()
        return blake2b(pin, key=self._salt, person=blake2b(name, digest_size=PERSON).digest()).digest()


class Token:
    """
    One token, used by one thread at a time.
    """

    def __init__(
        self,
        uri: TokenUri,
        load: Callable[[str], Any],
        environ: Mapping[str, str] | None = None,
        refused: RefusedPins | None = None,
    ) -> None:
        """
        @param refused: of all tokens of this process.
        """
        self._uri = uri
        self._load = load
        self._environ = environ
        self._lock = Lock()
        self._session: Any = None
        self._objects: dict[Any, Any] = {}
        self._refused = refused or RefusedPins()

    def use(self, where: str, work: Callable[[Any], _T]) -> _T:
        """
        Do something with a session of the token.

        @param where: what an error begins with: the place in the settings.
        @param work: is given a session of C{python-pkcs11}.  Where the token had been away, it is called again.
        @raise TokenUnusable: it could not be done; the text says why.
        """
        import pkcs11

        with self._lock:
            try:
                try:
                    return work(self._opened(where))
                except pkcs11.PKCS11Error as problem:
                    if type(problem).__name__ not in GONE:
                        raise
                    self._forget()
                    return work(self._opened(where))
            except pkcs11.PKCS11Error as problem:
                if type(problem).__name__ in GONE:
                    self._forget()
                raise TokenUnusable(f"{where}: {_words(problem)}") from None

    def with_key(self, where: str, uri: TokenUri, kind: int, work: Callable[[Any], _T]) -> _T:
        """
        Do something with one key.

        @param kind: its class (C{pkcs11.ObjectClass}).
        @raise TokenUnusable: it could not be done, or there is no such key, or more than one.
        """
        return self.use(where, lambda session: work(self._key(session, where, uri, kind)))

    def has(self, session: Any, mechanism: Any) -> bool:
        """
        Whether the token can do something.
        """
        return mechanism in session.token.slot.get_mechanisms()

    def _key(self, session: Any, where: str, uri: TokenUri, kind: int) -> Any:
        place = (kind, uri.label, uri.id)
        if place not in self._objects:
            found = find(session, uri, kind)
            if len(found) != 1:
                raise TokenUnusable(f"{where}: {'no' if not found else 'more than one'} key in the token is {uri}")
            self._objects[place] = found[0]
        return self._objects[place]

    def _opened(self, where: str) -> Any:
        if self._session is None:
            token = self._find(where)
            self._session = token.open() if self._uri.pin is None else self._login(token, self._uri.pin, where)
        return self._session

    def _find(self, where: str) -> Any:
        slots = self._load(self._uri.module).get_slots(token_present=True)
        tokens = [token for slot in slots if (token := _token_in(slot)) is not None and _fits(slot, token, self._uri.token)]
        if len(tokens) != 1:
            wanted = ", ".join(f'{name} "{value}"' for name, value in self._uri.token) or self._uri.module
            words = "the token is not there" if not tokens else "there is more than one such token"
            raise TokenUnusable(f"{where}: {words}: {wanted}")
        return tokens[0]

    def _login(self, token: Any, source: Source, where: str) -> Any:
        import pkcs11

        pin = read_secret(source, f"{where} pin-source", self._environ)
        with self._refused.lock:
            if self._refused.has(token, pin):
                raise TokenPinRefused(f"{where}: it was refused, and is still the same")
            try:
                return token.open(user_pin=pin.decode("utf-8", "replace"))
            except pkcs11.UserAlreadyLoggedIn:
                return token.open()
            except pkcs11.PKCS11Error as problem:
                if type(problem).__name__ in REFUSED:
                    self._refused.add(token, pin)
                    raise TokenPinRefused(f"{where}: {_words(problem)}") from None
                raise

    def _forget(self) -> None:
        import pkcs11

        session, self._session = self._session, None
        if session is not None:
            with suppress(pkcs11.PKCS11Error):
                session.close()
        self._objects.clear()


def find(session: Any, uri: TokenUri, kind: int) -> list[Any]:
    """
    The objects of a class that a URI means.
    """
    import pkcs11

    wanted: dict[Any, Any] = {pkcs11.Attribute.CLASS: kind}
    if uri.label:
        wanted[pkcs11.Attribute.LABEL] = uri.label
    if uri.id:
        wanted[pkcs11.Attribute.ID] = uri.id
    return list(session.get_objects(wanted))


def _token_in(slot: Any) -> Any:
    """
    C{None} where it was removed just now, or is not usable.
    """
    import pkcs11

    try:
        return slot.get_token()
    except pkcs11.PKCS11Error:
        return None


def _fits(slot: Any, token: Any, wanted: tuple[tuple[str, str], ...]) -> bool:
    told = {
        "token": token.label,
        "serial": token.serial.decode("ascii", "replace"),
        "manufacturer": token.manufacturer_id,
        "model": token.model,
        "slot-id": str(slot.slot_id),
    }
    return all(told[name].strip() == value.strip() for name, value in wanted)


def _words(problem: Exception) -> str:
    name = type(problem).__name__
    if name == "PKCS11Error":
        return "the library (module-path) could not be loaded, or fails"
    return _WORDS.get(name, f"the token says {name}")
