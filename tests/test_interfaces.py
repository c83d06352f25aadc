# -*- test-case-name: tests.test_interfaces -*-
"""
Tests for L{cardgw.interfaces}: that they say what their readers need.
"""

from __future__ import annotations

import inspect

from twisted.trial.unittest import SynchronousTestCase
from zope.interface import Interface
from zope.interface.interface import Attribute, InterfaceClass, Method

from cardgw import interfaces

FOUND = [each for each in vars(interfaces).values() if isinstance(each, InterfaceClass) and each is not Interface]


class InterfacesTests(SynchronousTestCase):
    """
    All interfaces.
    """

    def test_names(self) -> None:
        """
        Interfaces begin with I, and belong to this module.
        """
        for each in FOUND:
            self.assertRegex(each.__name__, "^I[A-Z]")
            self.assertEqual(each.__module__, "cardgw.interfaces")

    def test_documented(self) -> None:
        """
        Each interface, attribute and method says what it is; methods describe their parameters or refer to who does.
        """
        for each in FOUND:
            self.assertTrue((each.__doc__ or "").strip(), each)
            for name in each.names():
                what = each[name]
                self.assertTrue(what.getDoc().strip(), f"{each.__name__}.{name}")
                self.assertEqual(what.getName(), name, "an Attribute takes a text without spaces for its name")

    def test_typed(self) -> None:
        """
        Every attribute has a type, every method a type for what it returns.
        """
        for each in FOUND:
            # zope.interface keeps neither, so the source is asked
            source = inspect.getsource(interfaces)
            begin = source.index(f"class {each.__name__}(")
            body = source[begin:].split("\n\n\n", 1)[0]
            for name in each.names():
                what = each[name]
                if isinstance(what, Method):
                    self.assertRegex(body, rf"def {name}\([^)]*(\([^)]*\)[^)]*)*\) -> ", f"{each.__name__}.{name}")
                elif isinstance(what, Attribute):
                    self.assertRegex(body, rf"\n    {name}: [^=]+ = Attribute\(", f"{each.__name__}.{name}")

    def test_deferreds(self) -> None:
        """
        A Deferred that is returned says what of.
        """
        self.assertNotRegex(inspect.getsource(interfaces), r"-> Deferred:")
