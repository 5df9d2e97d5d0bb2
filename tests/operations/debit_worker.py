"""Run in Odoo's shell: have files go to the bank, and die where the order says.

``ORDER`` in the environment: ``kill`` is one of the points below, or empty; ``folder``
is the directory of the bank, ``set_up`` whether the files are to be approved first.
"""

import json
import os
import signal

from odoo.addons.billing_base.adapters import drop_box

order = json.loads(os.environ["ORDER"])
# In earnest, files are sealed and nobody is identified by the demo.
SWEDEN = {
    "seal_key_new": "1234567890ABCDEF1234567890ABCDEF",
    "identification": False,
}


def set_up():
    """Let the demo draw in earnest, and approve the files that wait."""
    agreements = env["billing.debit.agreement"].search([])  # noqa: F821
    for agreement in agreements:
        agreement.write(
            {
                "directory": os.path.join(order["folder"], agreement.scheme),
                **(SWEDEN if agreement.scheme == "autogiro" else {}),
            }
        )
    # What was signed for a test stays one; here it only has to look like earnest.
    env.flush_all()  # noqa: F821
    env.cr.execute("UPDATE billing_debit_agreement SET is_test = FALSE")  # noqa: F821
    env.invalidate_all()  # noqa: F821
    env["billing.debit.batch"].search([("state", "=", "draft")])._approve()  # noqa: F821
    env.cr.commit()  # noqa: F821


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def dying(cls, name, before=False):
    """Let the process die at the end of a method, or before it begins."""
    original = getattr(cls, name)

    def method(*args, **kwargs):
        if before:
            die()
        original(*args, **kwargs)
        die()

    setattr(cls, name, method)


batches = env.registry["billing.debit.batch"]  # noqa: F821
POINTS = {
    "frozen, not committed": (batches, "_freeze"),
    "frozen": (batches, "_raw", True),
    "in the making": (drop_box, "_sync"),
    "published, not noted": (drop_box.DropBox, "settle"),
    "noted, not committed": (batches, "_delivered"),
}

if order.get("set_up"):
    set_up()
if order["kill"]:
    dying(*POINTS[order["kill"]])
env["billing.debit.planner"]._cron_run()  # noqa: F821
env.cr.commit()  # noqa: F821
