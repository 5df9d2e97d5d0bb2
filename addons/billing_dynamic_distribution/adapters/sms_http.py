"""A call to an SMS gateway over HTTP, and what is known of it afterwards."""

import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import requests
import urllib3

from ..core import sms_gateway, sms_text

#: As much of an answer as anybody needs.
ANSWER_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Settings:
    """How a company's gateway is spoken to.

    :param url: where messages are handed over
    :param method: ``get`` or ``post``
    :param parameters: template, see ``core.sms_gateway``
    :param accepted: regular expression of an answer that means «accepted»
    :param sender: name or number the messages come from
    :param timeout: seconds to wait for the connection, and then for the answer
    :param connections: messages handed over at the same time
    """

    url: str
    method: str
    parameters: str
    accepted: str
    username: str
    password: str = field(repr=False)
    sender: str
    timeout: float
    connections: int


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one number.

    :param key: idempotency key
    :param to: number in E.164
    :param report_url: where the gateway tells what became of it
    """

    key: str
    to: str
    text: str
    report_url: str = field(repr=False)


class HttpGateway:
    """A gateway of a company; a context manager that keeps its connections open.

    It knows nothing of Odoo, so that several threads may use it at once.
    """

    def __init__(self, settings: Settings):
        self._settings = settings
        self._session = requests.Session()
        # Never twice by itself: the first try may have got through.
        adapter = requests.adapters.HTTPAdapter(
            pool_maxsize=settings.connections, max_retries=0
        )
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self._session.close()

    def send(self, message: Message) -> sms_gateway.Answer:
        """Hand one message over; never raises for what the network does.

        Until the connection stands nothing has been handed over (``failed_soft``);
        from then on a silence leaves it open (``uncertain``).
        """
        settings = self._settings
        filled = sms_gateway.fill(
            settings.parameters,
            {
                "username": settings.username,
                "password": settings.password,
                "sender": settings.sender,
                "to": message.to,
                "text": message.text,
                "coding": sms_gateway.CODING[sms_text.alphabet(message.text)],
                "key": message.key,
                "report_url": message.report_url,
            },
        )
        url, body = sms_gateway.request_of(settings.method, settings.url, filled)
        headers = {}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            with self._session.request(
                settings.method.upper(),
                url,
                data=body,
                headers=headers,
                timeout=settings.timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                raw = next(response.iter_content(ANSWER_BYTES), b"")
        except requests.RequestException as error:
            return self._answer_of_error(error)
        answer = sms_gateway.read_answer(
            response.status_code, raw.decode("utf-8", "replace"), settings.accepted
        )
        return sms_gateway.Answer(
            answer.event, answer.code, self._clean(answer.reason), answer.reference
        )

    def each(self, messages: list[Message], hand_over: Callable):
        """Hand messages over, as many at once as there are connections.

        :param hand_over: takes a message, calls :meth:`send`, and returns what is made
            of its answer; runs in several threads
        :return: iterator of pairs of message and what ``hand_over`` returned, in the
            order of the messages
        """
        if len(messages) < 2 or self._settings.connections < 2:
            for message in messages:
                yield message, hand_over(message)
            return
        with ThreadPoolExecutor(self._settings.connections) as threads:
            yield from zip(messages, threads.map(hand_over, messages), strict=True)

    def _answer_of_error(self, error: requests.RequestException) -> sms_gateway.Answer:
        # The exception names the address, and that the password.
        words = type(error).__name__
        if before_handing_over(error):
            return sms_gateway.Answer("failed_soft", "gateway_unreachable", words)
        if isinstance(error, requests.Timeout):
            return sms_gateway.Answer("uncertain", "gateway_timeout", words)
        return sms_gateway.Answer("uncertain", "gateway_broken", words)

    def _clean(self, text: str) -> str:
        return sms_gateway.without_secrets(text, [self._settings.password])


def before_handing_over(error: requests.RequestException) -> bool:
    """Whether the call failed before a byte of the message left."""
    if isinstance(
        error,
        requests.exceptions.ConnectTimeout
        | requests.exceptions.InvalidURL
        | requests.exceptions.InvalidSchema
        | requests.exceptions.MissingSchema
        | requests.exceptions.ProxyError,
    ):
        return True
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        return True
    if isinstance(reason, urllib3.exceptions.SSLError):
        cause = reason.args[0] if reason.args else None
        return isinstance(cause, ssl.SSLCertVerificationError)
    return False
