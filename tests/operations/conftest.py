"""Databases of their own for tests that run Odoo in processes of its own."""

import pytest

from ..mail_server import MailServer
from .processes import cloned


@pytest.fixture
def database():
    """A copy of the database with all addons and the demo companies."""
    with cloned("KVITT_TEMPLATE_DATABASE", "process") as name:
        yield name


@pytest.fixture
def bare_database():
    """A copy of the database with the `base` addon only."""
    with cloned("KVITT_BARE_DATABASE", "bare") as name:
        yield name


@pytest.fixture
def mail_server():
    """A mail server of this machine that keeps what it gets."""
    with MailServer() as server:
        yield server
