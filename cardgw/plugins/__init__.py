# -*- test-case-name: tests.test_plugin_path -*-
"""
Where operations and transports are found: no code, only a path.  See L{cardgw.plugin_path} for what is on it, and
C{plugins/README.md} for how to write a plugin.
"""

from cardgw.plugin_path import plugin_path

__path__ = [str(each) for each in plugin_path(__path__).accepted]
