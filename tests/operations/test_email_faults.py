"""A worker is killed while it sends e-mails: nobody gets one twice, nobody is lost."""

import json

import pytest

from . import sending

CUSTOMERS = 40


@pytest.mark.nightly
def test_a_worker_is_killed_in_the_middle_of_a_batch(database, mail_server):
    sending.prepare(
        database,
        "email",
        [
            {"name": f"Customer {number}", "email": f"c{number}@kunde.example"}
            for number in range(CUSTOMERS)
        ],
        smtp_port=mail_server.port,
        email="faktura@fjordlys.example",
    )
    mail_server.delay = 0.1
    sending.send_and_kill(
        database, "email", lambda: len(mail_server.received) >= CUSTOMERS // 3
    )
    arrived = len(mail_server.received)
    assert 0 < arrived < CUSTOMERS, "the worker was to be killed in the middle"
    mail_server.delay = 0

    sending.go_on(database, "email")
    per_customer = mail_server.counts()
    states = sending.states(database, "c%@kunde.example")
    print(json.dumps({"arrived before": arrived, **states}))
    # Nobody twice; and all but perhaps the one in the middle are known for sure.
    assert set(per_customer.values()) == {1}
    assert states.get("uncertain", 0) <= 1
    assert states["sent"] == CUSTOMERS - states.get("uncertain", 0)
    assert len(per_customer) >= states["sent"]
    assert "calling" not in states and "planned" not in states
