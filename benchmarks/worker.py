"""Tasks that run inside Odoo, one process for each: ``worker ORDER ANSWER``.

A process of its own gives each way of booking the same start and its own peak of
memory.
"""

import json
import sys
from importlib import import_module
from pathlib import Path

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config

#: Module and function of each task; imported once Odoo knows the addons path.
TASKS = {
    "grow_book": ("book", "grow"),
    "write_payments": ("book", "write_payments"),
    "pay": ("ways", "run"),
    "quality": ("quality", "run"),
    "decide_fill": ("bench_decide", "fill"),
    "decide": ("bench_decide", "decide"),
    "evidence_prepare": ("bench_evidence", "prepare"),
    "evidence_decide": ("bench_evidence", "decide"),
    "evidence_best": ("evidence_peers", "best_matches"),
    "evidence_write": ("evidence_peers", "write_file"),
    "evidence_pay": ("evidence_peers", "pay"),
    "desk": ("bench_desk", "measure"),
    "desk_at_work": ("bench_desk", "answer"),
    "optimiser": ("optimiser_worlds", "measure"),
    "distribution_fill": ("bench_distribution", "fill"),
    "distribution_plan": ("bench_distribution", "plan_day"),
    "distribution_pay": ("bench_distribution", "pay"),
    "distribution_prepare": ("bench_distribution", "prepare_sending"),
    "distribution_send": ("bench_distribution", "send"),
    "debits_fill": ("bench_debits", "fill"),
    "debits_file": ("bench_debits", "claims_to_file"),
    "debits_odoo": ("bench_debits", "odoo_payments"),
    "debits_answers": ("bench_debits", "answers"),
    "debits_results": ("debit_results", "read"),
    "debits_results_fill": ("debit_results", "fill"),
    "fees_fill": ("bench_fees", "fill"),
    "fees_kvitt": ("bench_fees", "kvitt"),
    "fees_oca": ("bench_fees", "oca"),
    "live_fill": ("bench_live", "fill"),
    "live_uninstall": ("bench_live", "uninstall"),
    "live_change": ("bench_live", "change"),
    "live_change_all": ("bench_live", "change_all"),
}


def main(order_path, answer_path):
    """Do what the order says and write down the answer."""
    order = json.loads(Path(order_path).read_text())
    options = [
        "-d", order["database"], "--no-http", "--max-cron-threads=0",
        "--log-level=warn", f"--logfile={order['log']}",
    ]  # fmt: skip
    config.parse_config(options, setup_logging=True)
    paths = [*config["addons_path"], *filter(None, [order["addons"]])]
    config.parse_config([*options, f"--addons-path={','.join(paths)}"])
    if order["task"] == "install":
        Registry.new(
            order["database"],
            update_module=True,
            install_modules=order["values"]["modules"],
        )
        answer = {}
    elif order["task"] == "update":
        Registry.new(
            order["database"],
            update_module=True,
            upgrade_modules=order["values"]["modules"],
        )
        answer = {}
    else:
        with Registry(order["database"]).cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            module, function = TASKS[order["task"]]
            task = getattr(import_module(f"benchmarks.{module}"), function)
            answer = task(env, **order["values"])
    Path(answer_path).write_text(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
