"""What a provider of eFaktura or of a digital mailbox has to be able to do.

An operator's own messages are known only to those who have an agreement with it. An
addon for one writes a class of this kind and adds it to
``billing.channel.<code>._providers``; what our side expects of it stands here, and
``FakeProvider`` does it without anybody outside. See ``docs/adapters.md``.
"""

import contextlib
import hashlib
import hmac
import json
import os
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from ..core import state
from ..core.channel import Outcome

#: What an operator may say of a message later on → event of the attempt.
STATUSES = {
    "accepted": state.SENT,
    "delivered": state.DELIVERED,
    "opened": state.OPENED,
    "returned": state.FAILED_HARD,
    "failed": state.FAILED_SOFT,
}


class ProviderDown(Exception):
    """Nothing was handed over: the provider could not be reached, or was busy."""


class ProviderSilent(Exception):
    """Something was handed over, and then there was no answer."""


class ProviderRefused(Exception):
    """The provider does not take the message.

    :param code: of the provider
    :param reason: in words, for staff
    :param address_fault: the receiver is to blame: not known there, or does not want it
    """

    def __init__(self, code, reason, address_fault=True):
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.address_fault = address_fault


@dataclass(frozen=True, slots=True)
class Receiver:
    """A customer, as far as an operator needs to know one to find him.

    :param address: the address the customer gave for the channel, empty = not known
    :param country: code
    """

    name: str
    address: str = ""
    email: str = ""
    phone: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Bill:
    """One invoice of a message.

    :param pdf: the invoice's own PDF
    :param url: the customer's page of it
    :param due: ISO date
    """

    number: str
    reference: str
    amount: float
    currency: str
    due: str
    pdf: bytes
    url: str


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One message.

    :param key: idempotency key: the same key is the same message
    :param address: where to, as :meth:`DeliveryProvider.find` or the customer gave it
    :param subject: in the customer's language
    """

    key: str
    address: str
    receiver: Receiver
    subject: str
    bills: tuple[Bill, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What an operator says of a message later on.

    :param status: one of :data:`STATUSES`
    :param at: when (UTC, naive), None = not said
    """

    key: str
    status: str
    at: datetime | None = None
    code: str = ""
    reason: str = ""


class ReportError(ValueError):
    """A report is not authentic (``status`` 403) or cannot be read (400)."""

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status = status


class DeliveryProvider:
    """Base of all providers: the contract, and reports as they come by default.

    :param settings: dict of what the company has set up, secrets included
    :param secret: shared with the operator, for its reports
    """

    #: Code and name, as settings show them.
    code = ""
    label = ""
    #: Names of settings without which nothing can be sent.
    needed = ()
    #: Messages can be asked for by key.
    can_look_up = False

    def __init__(self, settings, secret=""):
        self.settings = settings
        self.secret = secret

    def find(self, receiver):
        """Look a receiver up.

        :param receiver: :class:`Receiver`
        :return: the address messages go to, None = not to be reached here
        :raises ProviderDown: nobody answers
        """
        raise NotImplementedError

    def send(self, dispatch):
        """Hand a message over, with ``dispatch.key`` as idempotency key.

        :param dispatch: :class:`Dispatch`
        :return: the operator's reference of it, and whether it is delivered already
        :rtype: tuple[str, bool]
        :raises ProviderDown: nothing was handed over
        :raises ProviderRefused: it is not taken
        :raises ProviderSilent: something was handed over, and no answer came
        """
        raise NotImplementedError

    def look_up(self, key):
        """Ask what became of a message.

        :param str key: of the message
        :return: :class:`Report`; None = the operator has never got it
        :raises ProviderDown: nobody answers
        """
        raise NotImplementedError

    def read_reports(self, body, headers):
        """Return the reports in a request of the operator.

        By default JSON: a list of objects with ``id``, ``status`` and, optionally,
        ``at``, ``code`` and ``reason``, signed with HMAC-SHA256 in ``X-Signature``.

        :param bytes body: of the request
        :param headers: mapping, whatever the letters' case
        :rtype: list[Report]
        :raises ReportError: it is not authentic, or cannot be read
        """
        signature = headers.get("X-Signature") or ""
        good = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        if not self.secret or not hmac.compare_digest(
            good.encode(), signature.encode()
        ):
            raise ReportError(403, "the signature is wrong")
        try:
            rows = json.loads(body)
            return [self._read_report(row) for row in rows]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ReportError(400, f"{type(error).__name__}: {error}") from error

    @staticmethod
    def _read_report(row):
        if row["status"] not in STATUSES:
            raise ValueError(f"unknown status {row['status']!r}")
        at = None
        if row.get("at"):
            at = datetime.fromisoformat(row["at"].replace("Z", "+00:00"))
            if at.tzinfo:
                at = at.astimezone(timezone.utc).replace(tzinfo=None)
        return Report(
            key=str(row["id"]),
            status=row["status"],
            at=at,
            code=str(row.get("code") or ""),
            reason=str(row.get("reason") or ""),
        )


def outcome_of(report, reference=None):
    """Return a report as the outcome of a call.

    :param report: :class:`Report`
    :param str reference: of the message
    :rtype: core.channel.Outcome
    """
    event = STATUSES[report.status]
    if event == state.OPENED:
        event = state.DELIVERED
    return Outcome(
        event,
        reference=reference,
        code=report.code or None,
        reason=report.reason or None,
        address_fault=event == state.FAILED_HARD,
    )


class FakeProvider(DeliveryProvider):
    """Sends nothing: keeps messages as files, for trying out and for tests.

    An address says how it behaves: one with «refuse» in it is refused, with «down» it
    is not reached, with «silent» it never answers.
    """

    code = "fake"
    label = "Try-out (sends nothing)"
    needed = ("folder",)
    can_look_up = True

    @property
    def _folder(self):
        return Path(self.settings["folder"])

    def find(self, receiver):
        """Everybody with an address or an e-mail is there."""
        return receiver.address or receiver.email or None

    def send(self, dispatch):
        """Keep the message; the same key keeps it once."""
        if "down" in dispatch.address:
            raise ProviderDown("try-out: nobody answers")
        if "refuse" in dispatch.address:
            raise ProviderRefused("unknown", "try-out: the receiver is not known")
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._folder / f"{dispatch.key}.json"
        content = {
            "id": dispatch.key,
            "address": dispatch.address,
            "subject": dispatch.subject,
            "bills": [bill.number for bill in dispatch.bills],
        }
        # A message that is there is not sent again.
        with contextlib.suppress(FileExistsError), open(file, "x") as out:
            json.dump(content, out)
            out.flush()
            os.fsync(out.fileno())
        if "silent" in dispatch.address:
            raise ProviderSilent("try-out: no answer")
        return f"fake-{dispatch.key[:8]}", False

    def look_up(self, key):
        """Look whether the message was kept."""
        if (self._folder / f"{key}.json").exists():
            return Report(key=key, status="accepted")
        return None
