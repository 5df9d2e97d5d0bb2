"""Run the scheduled work of the billing addons from the command line."""

import sys
from datetime import date

import psycopg2

from odoo import SUPERUSER_ID
from odoo.api import Environment
from odoo.cli.command import Command
from odoo.modules.registry import Registry
from odoo.tools import config


class BillingRun(Command):
    """Run all scheduled billing work once, as on a given day."""

    name = "billing_run"

    def __init__(self):
        super().__init__()
        self.parser.add_argument("-c", "--config", help="configuration file")
        self.parser.add_argument("-d", "--database", required=True)
        self.parser.add_argument(
            "--date",
            type=date.fromisoformat,
            metavar="YYYY-MM-DD",
            help="the day to act on, instead of today",
        )

    def run(self, cmdargs):
        arguments = self.parser.parse_args(cmdargs)
        options = ["--no-http", "-d", arguments.database]
        if arguments.config:
            options += ["-c", arguments.config]
        config.parse_config(options, setup_logging=True)
        try:
            registry = Registry(arguments.database)
        except psycopg2.OperationalError as error:
            sys.exit(f"Database {arguments.database} cannot be opened: {error}")
        with registry.cursor() as cr:
            env = Environment(cr, SUPERUSER_ID, {})
            failed = env["ir.cron"]._billing_run(
                arguments.date, lambda line: sys.stdout.write(f"{line}\n")
            )
        sys.exit(1 if failed else 0)
