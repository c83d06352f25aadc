# -*- test-case-name: tests.test_fields -*-
"""
Tests for L{cardgw.fields}.
"""

from __future__ import annotations

from typing import Any

from attrs import NOTHING, Factory, field, frozen
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError, SettingsError
from cardgw.fields import (
    anything,
    boolean,
    build,
    checked,
    choice,
    each_of,
    integer,
    mapping,
    octets,
    option,
    options,
    seconds,
    table,
    tables,
    text,
)

WHERE = "cardgw.toml: [transports.estk]"


def _even(value: str) -> int:
    if int(value) % 2:
        raise ValueError(f"{value} is odd")
    return int(value)


@frozen
class Inner:
    """
    A table in a table.
    """

    port: int = option(integer(1, 65535), "the port", default=443)


@frozen
class Settings:
    """
    One option of every kind.
    """

    name: str = option(text, "what it is called")
    idle_timeout: float = option(seconds, "how long to wait", default=60.0)
    count: int = option(integer(1, 9), "how many", default=1)
    polite: bool = option(boolean, "whether to greet", default=True)
    colour: str = option(choice("red", "green"), "which colour", default="red")
    aid: bytes = option(octets, "which application", default=b"")
    even: int = option(checked("an even number", _even), "a number", default=0)
    ports: tuple[int, ...] = option(each_of(integer(1, 65535, "a port")), "which ports", default=(443,))
    routes: dict[str, str] = option(mapping(text), "where to", default=Factory(dict))
    pin: bytes = option(octets, "the PIN", default=b"", secret=True)
    inner: Inner = option(table(Inner), "a table", default=Factory(Inner))
    hosts: dict[str, Inner] = option(tables(Inner), "tables", default=Factory(dict))
    undeclared: int = field(default=7, kw_only=True)


class OptionTests(SynchronousTestCase):
    """
    L{option} and L{options}.
    """

    def test_order(self) -> None:
        """
        Options are listed in the order in which they were declared; other fields are none.
        """
        names = [each.name for each in options(Settings)]
        self.assertEqual(names[:3], ["name", "idle_timeout", "count"])
        self.assertNotIn("undeclared", names)

    def test_described(self) -> None:
        """
        Each knows its kind, help, default and marks.
        """
        found = {each.name: each for each in options(Settings)}
        self.assertIs(found["name"].default, NOTHING)
        self.assertEqual((found["idle_timeout"].default, found["idle_timeout"].help), (60.0, "how long to wait"))
        self.assertEqual(found["count"].kind.expected, "a whole number from 1 to 9")
        self.assertEqual((found["pin"].secret, found["name"].secret), (True, False))

    def test_factories(self) -> None:
        """
        A factory is shown as what it makes, anew each time; one that needs the instance is refused where it is declared.
        """
        first, second = ({each.name: each.default for each in options(Settings)} for _ in range(2))
        self.assertEqual((first["routes"], first["inner"]), ({}, Inner()))
        self.assertIsNot(first["routes"], second["routes"])
        self.assertRaises(TypeError, option, text, "help", default=Factory(repr, takes_self=True))

    def test_secretNotShown(self) -> None:
        """
        A secret is not in the C{repr} of the settings.
        """
        self.assertNotIn("1234", repr(build(Settings, {"name": "x", "pin": "31323334"}, WHERE)))

    def test_fromRequest(self) -> None:
        """
        A field may be marked as the one that the card's side fills.
        """

        @frozen
        class Parameters:
            code: str = option(text, "the code", from_request=True)

        self.assertTrue(options(Parameters)[0].from_request)


class BuildTests(SynchronousTestCase):
    """
    L{build}.
    """

    def built(self, **values: Any) -> Settings:
        """
        Settings with these values.
        """
        return build(Settings, {"name": "x", **values}, WHERE)

    def refused(self, **values: Any) -> str:
        """
        What the error says of these values.
        """
        return str(self.assertRaises(SettingsError, self.built, **values).detail)

    def test_defaults(self) -> None:
        """
        What is not given has its default.
        """
        settings = self.built()
        self.assertEqual((settings.name, settings.idle_timeout, settings.inner, settings.undeclared), ("x", 60.0, Inner(), 7))

    def test_values(self) -> None:
        """
        Each kind makes of a TOML value what programs use.
        """
        settings = self.built(
            idle_timeout=5,
            polite=False,
            colour="green",
            aid="A0 00",
            even="4",
            ports=[80, 443],
            routes={"download": "profile.download"},
            inner={"port": 1},
            hosts={"a.example": {"port": 2}},
        )
        self.assertEqual((settings.idle_timeout, type(settings.idle_timeout)), (5.0, float))
        self.assertEqual((settings.polite, settings.colour, settings.aid, settings.even), (False, "green", b"\xa0\x00", 4))
        self.assertEqual((settings.ports, settings.routes), ((80, 443), {"download": "profile.download"}))
        self.assertEqual((settings.inner, settings.hosts), (Inner(port=1), {"a.example": Inner(port=2)}))

    def test_texts(self) -> None:
        """
        Where everything is text (a command line), numbers and truth values may be text too.
        """
        settings = self.built(idle_timeout="2.5", count="3", polite="No", ports="80")
        self.assertEqual((settings.idle_timeout, settings.count, settings.polite, settings.ports), (2.5, 3, False, (80,)))

    def test_dashes(self) -> None:
        """
        A dash in a key is as good as an underscore, but not both at once.
        """
        self.assertEqual(build(Settings, {"name": "x", "idle-timeout": 5}, WHERE).idle_timeout, 5)
        error = self.assertRaises(SettingsError, build, Settings, {"name": "x", "idle-timeout": 5, "idle_timeout": 6}, WHERE)
        self.assertEqual(error.detail, f"{WHERE} idle_timeout: given twice")

    def test_wrong(self) -> None:
        """
        An error names file, table, key, what was expected and what was found.
        """
        for values, expected in (
            ({"idle_timeout": "x"}, 'idle_timeout: expected seconds, got "x"'),
            ({"idle_timeout": 0}, "idle_timeout: expected seconds, got 0"),
            ({"idle_timeout": True}, "idle_timeout: expected seconds, got true"),
            ({"idle_timeout": "nan"}, 'idle_timeout: expected seconds, got "nan"'),
            ({"count": 10}, "count: expected a whole number from 1 to 9, got 10"),
            ({"count": "many"}, 'count: expected a whole number from 1 to 9, got "many"'),
            ({"count": 1.5}, "count: expected a whole number from 1 to 9, got 1.5"),
            ({"count": True}, "count: expected a whole number from 1 to 9, got true"),
            ({"polite": "maybe"}, 'polite: expected true or false, got "maybe"'),
            ({"polite": 1}, "polite: expected true or false, got 1"),
            ({"colour": "blue"}, 'colour: expected one of "red", "green", got "blue"'),
            ({"colour": ["red"]}, 'colour: expected one of "red", "green", got ["red"]'),
            ({"aid": "A0 0"}, 'aid: expected bytes in hexadecimal, got "A0 0"'),
            ({"aid": 160}, "aid: expected bytes in hexadecimal, got 160"),
            ({"even": "3"}, 'even: expected an even number, got "3" (3 is odd)'),
            ({"ports": [80, "x"]}, 'ports: expected a list, each a port from 1 to 65535, got [80, "x"] ("x")'),
            ({"ports": 0}, "ports: expected a list, each a port from 1 to 65535, got 0"),
            ({"routes": {"a": 1}}, 'routes: expected a table, each value text, got {"a": 1} (1)'),
            ({"routes": "x"}, 'routes: expected a table, each value text, got "x"'),
            ({"name": 5}, "name: expected text, got 5"),
            ({"name": "x", "inner": 5}, "inner: expected a table, got 5"),
            ({"hosts": []}, "hosts: expected a table of tables, got []"),
        ):
            self.assertEqual(self.refused(**values), f"{WHERE} {expected}")
        self.assertEqual(
            str(self.assertRaises(SettingsError, self.built, count=0)),
            f"A setting is wrong: {WHERE} count: expected a whole number from 1 to 9, got 0",
        )

    def test_secret(self) -> None:
        """
        A secret that is wrong is not shown, nor why.
        """
        self.assertEqual(self.refused(pin="12x4"), f"{WHERE} pin: expected bytes in hexadecimal")

    def test_long(self) -> None:
        """
        A long value is cut, a line break is escaped: an error is one line.
        """
        self.assertTrue(self.refused(colour="x" * 500).endswith('got "' + "x" * 56 + "..."))
        self.assertTrue(self.refused(colour="a\nb").endswith(r'got "a\nb"'))
        self.assertTrue(self.refused(**{"x" * 500: 1}).endswith(' "' + "x" * 56 + "...: unknown key"))
        self.assertTrue(self.refused(**{"a\x85\u2028\u202eb": 1}).endswith(r' "a\u0085\u2028\u202eb": unknown key'))

    def test_free(self) -> None:
        """
        Of a table whose values may be anything there is no more to say.
        """
        self.assertEqual(mapping(anything).expected, "a table")

    def test_missing(self) -> None:
        """
        What must be given and is not is named with what it should be.
        """
        error = self.assertRaises(SettingsError, build, Settings, {}, WHERE)
        self.assertEqual(error.detail, f"{WHERE} name: missing, expected text")

    def test_unknown(self) -> None:
        """
        An unknown key is named with the nearest known one, or all of them.
        """
        error = self.assertRaises(SettingsError, self.built, idel_timeout=5)
        self.assertEqual(str(error), f'A setting is wrong: {WHERE} idel_timeout: unknown key. Did you mean "idle_timeout"?')
        error = self.assertRaises(SettingsError, build, Inner, {"zzz": 1}, WHERE)
        self.assertEqual(error.hint, "Known keys: port.")
        error = self.assertRaises(SettingsError, build, frozen(type("Empty", (), {})), {"zzz": 1}, WHERE)
        self.assertEqual(error.hint, "Known keys: none.")
        self.assertRaises(SettingsError, self.built, undeclared=1)

    def test_nested(self) -> None:
        """
        An error in a table in a table names both, as TOML heads them.
        """
        self.assertEqual(
            self.refused(inner={"port": 0}),
            "cardgw.toml: [transports.estk.inner] port: expected a whole number from 1 to 65535, got 0",
        )
        self.assertEqual(self.refused(inner={"prot": 1}), "cardgw.toml: [transports.estk.inner] prot: unknown key")
        for key, head in (("home", "home"), ("a.example", '"a.example"')):
            self.assertEqual(
                self.refused(hosts={key: {"prot": 1}}), f"cardgw.toml: [transports.estk.hosts.{head}] prot: unknown key"
            )
            self.assertEqual(
                self.refused(hosts={key: 1}), f"cardgw.toml: [transports.estk.hosts] {head}: expected a table, got 1"
            )

    def test_headings(self) -> None:
        """
        So it is at the top of a file, in an array of tables, and where there is no file.
        """
        for where, expected in (
            ("cardgw.toml:", "cardgw.toml: [inner] port: "),
            ("cardgw.toml: [[quirks]]", "cardgw.toml: [[quirks.inner]] port: "),
            ("profile.download", "profile.download [inner] port: "),
        ):
            error = self.assertRaises(SettingsError, build, Settings, {"name": "x", "inner": {"port": 0}}, where)
            self.assertTrue(error.detail.startswith(expected), error.detail)

    def test_otherError(self) -> None:
        """
        Parameters of a request fail with their own error, at any depth.
        """
        for values in ({}, {"name": 1}, {"name": "x", "inner": {"x": 1}}, {"name": "x", "hosts": {"a": 1}}):
            self.assertRaises(ParameterError, build, Settings, values, "card.greet", ParameterError)

    def test_instances(self) -> None:
        """
        A table that has been built already is taken as it is.
        """
        inner = Inner(port=9)
        settings = self.built(inner=inner, hosts={"a": inner})
        self.assertIs(settings.inner, inner)
        self.assertIs(settings.hosts["a"], inner)

    @given(
        st.dictionaries(
            st.sampled_from([each.name for each in options(Settings)]),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates(),
                lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
                max_leaves=4,
            ),
        )
    )
    def test_anything(self, values: dict[str, Any]) -> None:
        """
        Whatever a TOML file says, it is settings or a L{SettingsError} in one line.
        """
        try:
            build(Settings, values, WHERE)
        except SettingsError as error:
            self.assertEqual(len(str(error).splitlines()), 1)
