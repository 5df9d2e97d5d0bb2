"""A worker is killed while it sends SMS through a real Kannel.

Counted at the SMS centre: nobody gets one twice, nobody is left out, and what nobody
knew is settled by the gateway's own reports.
"""

import json
import time
from collections import Counter
from urllib.parse import parse_qs, urlsplit

import pytest

from ..sms_rig import SmsRig
from . import sending
from .processes import query

CUSTOMERS = 80

REPORT = """
import json
for key, status in json.loads(%r):
    env["billing.sms.report"]._receive(key, status)
env.cr.commit()
"""


@pytest.fixture
def rig():
    rig = SmsRig().start()
    yield rig
    rig.stop()


def receivers(rig):
    """How many messages each number got: the first parts of them."""
    return Counter(
        part.receiver
        for part in rig.kannel.received()
        if not part.header or part.header[5] == 1
    )


@pytest.mark.nightly
def test_a_worker_is_killed_in_the_middle_of_a_batch(database, rig):
    sending.prepare(
        database,
        "sms",
        [
            {"name": f"Customer {number}", "phone": f"+4799300{number:03d}"}
            for number in range(CUSTOMERS)
        ],
        billing_sms_http_connections=2,
        billing_sms_provider="http",
        billing_sms_http_url=rig.kannel.url,
        billing_sms_http_username=rig.kannel.username,
        billing_sms_http_password=rig.kannel.password,
        billing_sms_report_base_url=rig.box.url,
    )
    sending.send_and_kill(
        database, "sms", lambda: len(receivers(rig)) >= CUSTOMERS // 8
    )
    arrived = len(receivers(rig))
    assert 0 < arrived < CUSTOMERS, "the worker was to be killed in the middle"
    sending.go_on(database, "sms")
    before = sending.states(database, "+4799300%")
    # No more than were in the air: one for each connection.
    assert before.get("uncertain", 0) <= 2, before
    assert before["sent"] == CUSTOMERS - before.get("uncertain", 0)

    # Kannel reports on all it took, on the uncertain ones too, and more than once.
    keys = [
        key
        for (key,) in query(
            database,
            "SELECT key FROM billing_distribution_attempt"
            " WHERE state IN ('sent', 'uncertain') AND address LIKE '+4799300%%'",
        )
    ]
    deadline = time.monotonic() + 20
    while sum(receivers(rig).values()) < CUSTOMERS and time.monotonic() < deadline:
        time.sleep(0.1)
    reports = [
        (urlsplit(path).path.rpartition("/")[2], status)
        for path in list(rig.box.reports)
        for status in parse_qs(urlsplit(path).query)["status"]
    ]
    assert {key for key, _status in reports} <= set(keys)
    sending.script(database, REPORT % json.dumps(reports[::-1] + reports))
    per_customer = receivers(rig)
    after = sending.states(database, "+4799300%")
    print(json.dumps({"arrived before": arrived, "before": before, "after": after}))
    assert set(per_customer.values()) == {1}
    reached = {key for key, status in reports if status == "1"}
    assert after["delivered"] == len(reached) == len(per_customer)
    # One that was in the air when the worker died may not have reached the gateway.
    assert len(per_customer) >= CUSTOMERS - before.get("uncertain", 0)
