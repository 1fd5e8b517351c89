"""Calls to RabbitMQ's management HTTP API, and what their failures mean."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter

from eventbus_admin.broker.address import ManagementAddress
from eventbus_admin.broker.errors import (
    BrokerAbsent,
    BrokerConflict,
    BrokerError,
    BrokerFailed,
    BrokerRefused,
    BrokerUnavailable,
)

CONNECT_SECONDS = 2.0
READ_SECONDS = 10.0
BULK_SECONDS = 60.0
"""An answer to many creations comes when all are made."""
CONNECTIONS = 8

_WRONG_LOGIN = "not_authorized"  # while "not_authorised" means missing rights
_SETTING = "EVENTBUS_MANAGEMENT_URL"


def path(*parts: str) -> str:
    """Return a path of the API from names, each encoded whole."""
    return "/".join(quote(part, safe="") for part in parts)


@dataclass(frozen=True)
class Read:
    """Something to read: a path of the API, and its parameters."""

    where: str
    parameters: Mapping[str, str] = field(default_factory=dict)


class ManagementClient:
    """Asks the API and turns what goes wrong into errors of ours; usable from several threads."""

    def __init__(self, address: ManagementAddress) -> None:
        self._base_url = address.base_url
        self._session = requests.Session()
        self._session.auth = (address.username, address.password)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=CONNECTIONS, pool_block=True))

    def get(self, where: str, **parameters: str) -> Any:
        """Read something."""
        return self._call("GET", where, parameters=parameters)

    def find(self, where: str, **parameters: str) -> Any:
        """Read something; `None` when there is no such thing."""
        return self._call("GET", where, parameters=parameters, gone_is_fine=True)

    def get_together(self, reads: Mapping[str, Read]) -> dict[str, Any]:
        """Read several things at the same time; all of them, or an error."""
        return _together(self.get, reads)

    def find_together(self, reads: Mapping[str, Read]) -> dict[str, Any]:
        """Read several things at the same time; `None` for each that is not there."""
        return _together(self.find, reads)

    def put(self, where: str, body: Mapping[str, Any]) -> None:
        """Create or replace something."""
        self._call("PUT", where, body=body)

    def post(self, where: str, body: Mapping[str, Any], *, seconds: float | None = None) -> None:
        """Add something; `seconds` is how long the answer may take."""
        self._call("POST", where, body=body, seconds=seconds)

    def delete(self, where: str, *, reason: str = "") -> None:
        """Delete something; that it is gone already is as good."""
        self._call(
            "DELETE", where, headers={"X-Reason": reason} if reason else None, gone_is_fine=True
        )

    def _call(
        self,
        method: str,
        where: str,
        *,
        parameters: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        gone_is_fine: bool = False,
        seconds: float | None = None,
    ) -> Any:
        patience = seconds or READ_SECONDS
        try:
            answer = self._session.request(
                method,
                f"{self._base_url}/api/{where}",
                params=parameters,
                json=body,
                headers=headers,
                timeout=(CONNECT_SECONDS, patience),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise self._unreachable(error, patience) from error
        if 200 <= answer.status_code < 300:
            return self._content(answer)
        if gone_is_fine and answer.status_code == 404 and _said(answer)[0]:
            return None
        raise self._failure(answer)

    def _content(self, answer: requests.Response) -> Any:
        if not answer.content:
            return None
        try:
            return answer.json()
        except requests.JSONDecodeError as error:
            raise self._something_else() from error

    def _unreachable(self, error: requests.RequestException, patience: float) -> BrokerUnavailable:
        kind = BrokerUnavailable
        match error:
            case requests.exceptions.SSLError():
                what = "has a certificate that we do not trust; see REQUESTS_CA_BUNDLE"
            case requests.ConnectTimeout():
                what = f"did not take our call within {CONNECT_SECONDS:g} s"
            case requests.Timeout():
                what = f"did not answer within {patience:g} s"
            case requests.ConnectionError():
                what, kind = "cannot be reached", BrokerAbsent
            case _:
                what = f"could not be asked ({type(error).__name__})"
        return kind(
            f"RabbitMQ's management at {self._base_url} {what}. Start the broker with its "
            f"management plugin, or correct {_SETTING}."
        )

    def _failure(self, answer: requests.Response) -> BrokerError:
        kind, reason = _said(answer)
        match answer.status_code:
            case 401 if kind == _WRONG_LOGIN:
                return BrokerRefused(
                    f"RabbitMQ at {self._base_url} refused our login. Correct user and password in "
                    f"{_SETTING}."
                )
            case 401 | 403:
                return BrokerRefused(
                    f"RabbitMQ at {self._base_url} does not permit this: {reason}. Give the user "
                    f"in {_SETTING} the tags monitoring and policymaker, and all rights in the "
                    "virtual host."
                )
            case 400 | 404 | 405 | 409 if kind:
                return BrokerConflict(f"RabbitMQ refused the change: {reason}.")
            case status if status >= 500:
                return BrokerFailed(
                    f"RabbitMQ at {self._base_url} failed with status {status}: {reason}. "
                    "It may be starting or short of resources; its log says more."
                )
        return self._something_else()

    def _something_else(self) -> BrokerUnavailable:
        return BrokerUnavailable(
            f"What answers at {self._base_url} is not RabbitMQ's management. Correct {_SETTING}."
        )


def _together(read: Callable[..., Any], reads: Mapping[str, Read]) -> dict[str, Any]:
    with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="look") as pool:
        asked = {
            name: pool.submit(read, one.where, **one.parameters) for name, one in reads.items()
        }
    return {name: future.result() for name, future in asked.items()}


def _said(answer: requests.Response) -> tuple[str, str]:
    """Return the API's word for the error, empty when it is not the API's, and its reason."""
    try:
        document = answer.json()
        return str(document["error"]), _one_line(str(document["reason"]))
    except (requests.JSONDecodeError, KeyError, TypeError):
        return "", answer.reason or "no reason given"


def _one_line(text: str) -> str:
    return " ".join(text.split()).rstrip(".")
