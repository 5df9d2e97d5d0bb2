"""E-mail keeps to what every channel keeps to."""

from contextlib import contextmanager

from .channel_contract import ChannelContract
from .email_common import KARI, EmailCase


class TestEmailContract(ChannelContract, EmailCase):
    """The contract, at a real mail server."""

    channel_code = "email"

    def contract_invoice(self):
        move = self.create_invoice()
        move.action_post()
        return move

    @contextmanager
    def provider(self, behaviour):
        self.mailbox.forget()
        if behaviour == "refuse":
            self.mailbox.answer(KARI, "550 5.1.1 no such user")
        elif behaviour == "silent":
            self.mailbox.drop_after_data(KARI)
        elif behaviour == "down":
            self.mailbox.stop()
        try:
            yield
        finally:
            self.mailbox.start_again()
