# -*- test-case-name: tests.web.test_openapi -*-
"""
Tests for L{cardgw.web.openapi}.
"""

from __future__ import annotations

import json
import re
from typing import Any

from jsonschema import Draft202012Validator
from twisted.trial.unittest import SynchronousTestCase

from cardgw.version import VERSION
from cardgw.web.endpoints import all_endpoints
from cardgw.web.openapi import openapi
from tests.web.samples import EID, Greet, Wipe

ENDPOINTS = all_endpoints(bytes, "", lambda: 0.0)


class OpenApiTests(SynchronousTestCase):
    """
    L{openapi}.
    """

    def setUp(self) -> None:
        self.document = openapi(ENDPOINTS, (Greet(), Wipe()))

    def described(self, path: str, method: str) -> dict[str, Any]:
        """
        What is said of an endpoint.
        """
        found: dict[str, Any] = self.document["paths"][path][method]
        return found

    def test_whole(self) -> None:
        """
        It is JSON, of this version, and every endpoint that is listed is in it.
        """
        json.dumps(self.document, allow_nan=False)
        self.assertEqual(self.document["info"]["version"], VERSION)
        listed = {(each.path, each.method.lower()) for each in ENDPOINTS if each.listed}
        self.assertEqual({(path, method) for path, all_ in self.document["paths"].items() for method in all_}, listed)

    def test_references(self) -> None:
        """
        Every reference leads somewhere.
        """
        names = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(self.document)))
        self.assertEqual(names - set(self.document["components"]["schemas"]), set())

    def test_schemas(self) -> None:
        """
        All schemas are schemas.
        """
        for schema in self.document["components"]["schemas"].values():
            Draft202012Validator.check_schema(schema)

    def test_parameters(self) -> None:
        """
        Names in the path, the query and headers are described.
        """
        found = {each["name"]: each for each in self.described("/api/v1/jobs", "get")["parameters"]}
        self.assertEqual(found["limit"]["schema"], {"type": "integer", "minimum": 1, "maximum": 500, "default": 50})
        self.assertNotIn("default", found["state"]["schema"])
        (job,) = self.described("/api/v1/jobs/{job}", "get")["parameters"]
        self.assertEqual((job["in"], job["required"]), ("path", True))
        (key,) = self.described("/api/v1/jobs", "post")["parameters"]
        self.assertEqual((key["name"], key["in"], key["required"]), ("Idempotency-Key", "header", False))

    def test_submission(self) -> None:
        """
        A job is described for each operation, with its parameters.
        """
        body = self.described("/api/v1/jobs", "post")["requestBody"]["content"]["application/json"]["schema"]
        validator = Draft202012Validator({**body, "components": self.document["components"]})
        greet = {"operation": "card.greet", "card": EID, "parameters": {"name": "Ada"}}
        for good in (greet, {"operation": "card.wipe", "card": "1", "confirm": True}):
            validator.validate(good)
        for bad in ({**greet, "parameters": {}}, {**greet, "operation": "card.wipe"}, {**greet, "x": 1}, {"operation": "x"}):
            self.assertFalse(validator.is_valid(bad), bad)

    def test_noOperations(self) -> None:
        """
        Without operations there is still a description.
        """
        body = openapi(ENDPOINTS, ())["paths"]["/api/v1/jobs"]["post"]["requestBody"]["content"]["application/json"]
        self.assertEqual(body["schema"]["type"], "object")

    def test_access(self) -> None:
        """
        What needs no token says so; what does says which role.
        """
        self.assertEqual(self.described("/api/v1/claims", "post")["security"], [])
        self.assertNotIn("security", self.described("/api/v1/tokens", "get"))
        self.assertIn("role admin", self.described("/api/v1/tokens", "get")["description"])

    def test_problems(self) -> None:
        """
        Each endpoint names the problems that it can have.
        """
        self.assertEqual(
            sorted(self.described("/api/v1/jobs", "post")["responses"]),
            ["200", "202", "400", "401", "403", "404", "406", "409", "413", "415", "421", "422", "500", "503"],
        )
        self.assertEqual(sorted(self.described("/livez", "get")["responses"]), ["200", "400", "406", "421", "500", "503"])
        self.assertIn("text/plain; charset=utf-8", self.described("/readyz", "get")["responses"]["503"]["content"])

    def test_lpac(self) -> None:
        """
        An answer in another form has another schema.
        """
        content = self.described("/api/v1/jobs/{job}", "get")["responses"]["200"]["content"]
        self.assertEqual(content["application/vnd.lpac+json"]["schema"], {"$ref": "#/components/schemas/LpacEnvelope"})
