# -*- test-case-name: tests.gateway.test_registry -*-
"""
Operations on the notifications that an eUICC keeps for the providers of its profiles.
"""

from cardgw.lazy import LazyOperation

show = LazyOperation(
    "notifications.list", "list the notifications on an eUICC", "cardgw.operations.notifications.ListNotifications"
)
send = LazyOperation(
    "notifications.send", "send notifications, again where need be", "cardgw.operations.notifications.SendNotifications"
)
send_all = LazyOperation(
    "notifications.send-all",
    "send all notifications that were not sent yet",
    "cardgw.operations.notifications.SendAllNotifications",
)
remove = LazyOperation(
    "notifications.remove", "remove notifications from an eUICC", "cardgw.operations.notifications.RemoveNotifications"
)
