"""Databases of their own for tests that run Odoo in processes of its own."""

import ast

import pytest

from ..mail_server import MailServer
from .processes import ROOT, cloned, odoo


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


@pytest.fixture(scope="session")
def _accounting():
    """A database with the addons of Odoo's own that the base of ours names.

    Installing them takes longer than all of ours together, so it is done once.
    """
    manifest = ROOT / "addons" / "billing_base" / "__manifest__.py"
    depends = ast.literal_eval(manifest.read_text(encoding="utf-8"))["depends"]
    with cloned("KVITT_BARE_DATABASE", "accounting") as name:
        odoo("-d", name, "-i", ",".join(depends), "--stop-after-init", "--no-http")
        yield name


@pytest.fixture
def accounting_database(_accounting):
    """A copy of the database with what our base needs of Odoo, and nothing of ours."""
    with cloned("KVITT_BARE_DATABASE", "alone", template=_accounting) as name:
        yield name


@pytest.fixture
def mail_server():
    """A mail server of this machine that keeps what it gets."""
    with MailServer() as server:
        yield server


@pytest.fixture(scope="module")
def live_database():
    """A copy like ``database``, one for all tests of open pages."""
    with cloned("KVITT_TEMPLATE_DATABASE", "live") as name:
        yield name
