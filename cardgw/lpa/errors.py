# -*- test-case-name: tests.lpa.test_errors -*-
"""
Refusals of an eUICC, with what its codes mean.  Beside them stand

  1. L{cardgw.lpa.download_errors}: why a download ended;
  2. L{cardgw.lpa.server_errors}: what can go wrong with a server;
  3. C{ActivationCodeError} and C{PackageError}, in the modules that find these mistakes.
"""

from __future__ import annotations

from cardgw.errors import CardError
from cardgw.lpa.download_errors import InstallationFailed
from cardgw.lpa.reasons import Reason, es10_reason, install_reason, install_step

ICCID_ALREADY_EXISTS = 9
"""ErrorReason (SGP.22 annex H)."""


class _Explained(CardError):
    """
    An error that speaks with the words of its reason.
    """

    reason: Reason

    @property
    def sentence(self) -> str:
        """
        See L{cardgw.errors.CardGatewayError.sentence}.
        """
        return self.reason.what

    @property
    def brief(self) -> str:
        """
        See L{cardgw.errors.CardGatewayError.brief}.
        """
        return self.reason.brief


class Es10Error(_Explained):
    """
    The eUICC refused.

    @ivar function: of ES10, for example C{"AuthenticateServer"}.
    @ivar result: its code (SGP.22 5.7, annex H).
    @ivar reason: what that means.
    """

    def __init__(self, function: str, result: int) -> None:
        self.reason = es10_reason(function, result)
        super().__init__(f"{function} {_named(result, self.reason.name)}", hint=self.reason.todo)
        self.function, self.result = function, result


class ProfileNotInstalled(_Explained, InstallationFailed):
    """
    The eUICC says that it did not install the profile.

    @ivar step: bppCommandId: what it was doing.
    @ivar result: errorReason: what went wrong (both SGP.22 2.5.6).
    @ivar reason: what that means.
    """

    def __init__(self, step: int, result: int) -> None:
        self.reason = install_reason(result)
        super().__init__(f"{install_step(step)} {_named(result, self.reason.name)}", hint=self.reason.todo)
        self.step, self.result = step, result


class AlreadyInstalled(ProfileNotInstalled):
    """
    The profile is already on the eUICC.
    """


def installation_failure(step: int, result: int) -> ProfileNotInstalled:
    """
    The error for a result that says that nothing was installed.

    @param step: bppCommandId.
    @param result: errorReason (both SGP.22 2.5.6, annex H).
    """
    return (AlreadyInstalled if result == ICCID_ALREADY_EXISTS else ProfileNotInstalled)(step, result)


def _named(result: int, name: str) -> str:
    return f"{result} ({name})" if name else str(result)
