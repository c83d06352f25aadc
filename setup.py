# -*- test-case-name: tests.functional.test_packaging -*-
"""
Which packages are installed, and where from.  All else is in setup.cfg.
"""

from setuptools import find_packages, setup

setup(
    packages=[
        *find_packages(include=["cardgw", "cardgw.*"]),
        "cardgw.dropins",
        "twisted.plugins",  # never a package of ours: it must not have an __init__.py, so nothing can find it by itself
    ],
    package_dir={"cardgw.dropins": "plugins"},
    package_data={"cardgw": ["py.typed"], "cardgw.web": ["page/*"], "cardgw.texts": ["languages/*.toml"]},
)
