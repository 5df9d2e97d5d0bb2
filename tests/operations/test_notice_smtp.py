"""A customer hears of a repaired reference: from bank file to a real SMTP server."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from .processes import a_payment, odoo, open_invoices, query, write_camt

ADDRESS = "kari.nordmann@kunde.example"

PREPARE = """
company = env["res.company"].search([("name", "=", "Fjordlys AS")])
company.write({
    "email": "faktura@fjordlys.example",
    "billing_match_repair": True,
    "billing_match_tell_repaired": True,
})
env["res.lang"]._activate_lang("nb_NO")
move = env["account.move"].browse(%(move)s)
move.partner_id.write({"email": %(address)r, "lang": "nb_NO"})
env["ir.mail_server"].search([]).active = False
env["ir.mail_server"].create({
    "name": "Test",
    "smtp_host": "127.0.0.1",
    "smtp_port": %(port)s,
    "smtp_encryption": "none",
})
env.cr.commit()
"""
TELL = """
env["billing.payment.notice"]._cron_send()
env.cr.commit()
"""
SEND = """
env["ir.cron"]._billing_run(None, print)
env["mail.mail"].process_email_queue()
env.cr.commit()
"""


def bank_file(path, reference, amount):
    """A file with one payment whose reference has a wrong digit."""
    damaged = reference[:5] + str((int(reference[5]) + 5) % 10) + reference[6:]
    with path.open("w", encoding="utf-8") as stream:
        write_camt(stream, "SMTP-1", [[a_payment(amount, damaged)]])
    return damaged


@pytest.mark.nightly
def test_a_repaired_reference_is_told_once(database, mail_server, tmp_path):
    [(move_id, name, reference, amount)] = open_invoices(database, 1)
    shell = ("shell", "-d", database, "--no-http")
    odoo(
        *shell,
        script=PREPARE
        % {"move": move_id, "address": ADDRESS, "port": mail_server.port},
    )
    path = tmp_path / "bank.xml"
    damaged = bank_file(path, reference, amount)
    odoo("billing_import", "-d", database, str(path))
    assert query(database, "SELECT state FROM billing_payment_notice") == [("waiting",)]
    assert mail_server.received == []

    # Two workers at once, and both jobs once more after that.
    with ThreadPoolExecutor() as workers:
        list(workers.map(lambda script: odoo(*shell, script=script), [TELL, TELL]))
    odoo(*shell, script=SEND)
    odoo(*shell, script=SEND)

    # Odoo's demo data has mail of its own waiting, for its users.
    [mail] = mail_server.to(ADDRESS)
    assert "faktura@fjordlys.example" in mail.message["From"]
    body = mail.body()
    assert 'lang="nb-NO"' in body
    for text in (name, reference, damaged, f"/my/invoices/{move_id}?access_token="):
        assert text in body
    assert query(
        database, "SELECT count(*) FROM billing_event WHERE kind = %s",
        "payment.told_repaired",
    ) == [(1,)]  # fmt: skip
