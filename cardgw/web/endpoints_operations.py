# -*- test-case-name: tests.web.test_endpoints_operations -*-
"""
What can be done to cards.
"""

from __future__ import annotations

from typing import Any

from cardgw.gateway.records import Role
from cardgw.interfaces import IOperation
from cardgw.schema import json_schema
from cardgw.web.answer import Answer
from cardgw.web.endpoint import Call, Endpoint, Reply
from cardgw.web.paging import whole
from cardgw.web.schemas import page as page_of
from cardgw.web.schemas import reference


def operation_json(operation: IOperation) -> dict[str, Any]:
    """
    An operation in a list.
    """
    return {
        "name": operation.name,
        "summary": operation.summary,
        "application": operation.application.hex().upper() if operation.application is not None else None,
        "requires": sorted(each.value for each in operation.requires),
        "destructive": operation.destructive,
        "repeatable": operation.repeatable,
    }


def described_json(operation: IOperation) -> dict[str, Any]:
    """
    All about an operation.
    """
    return {
        **operation_json(operation),
        "help": operation.help,
        "parameters": json_schema(operation.parameters),
        "settings": json_schema(operation.settings),
        "source": getattr(operation, "target", None),
    }


async def list_operations(call: Call) -> Answer:
    """
    All operations.
    """
    return whole([operation_json(each) for each in call.control.operations()])


async def get_operation(call: Call) -> Answer:
    """
    One operation.
    """
    return Answer(content=described_json(call.control.operation(call.names["operation"])))


ENDPOINTS = (
    Endpoint(
        "GET",
        "/api/v1/operations",
        Role.VIEWER,
        list_operations,
        "List what can be done to cards",
        {200: Reply("by name", page_of("Operation"))},
    ),
    Endpoint(
        "GET",
        "/api/v1/operations/{operation}",
        Role.VIEWER,
        get_operation,
        "Describe an operation",
        {200: Reply("with JSON Schemas of its parameters and settings", reference("DescribedOperation"))},
    ),
)
