"""Import bank files from the command line."""

import json
import sys
from pathlib import Path

import psycopg2

from odoo import SUPERUSER_ID
from odoo.api import Environment
from odoo.cli.command import Command
from odoo.modules.registry import Registry
from odoo.tools import config


class BillingImport(Command):
    """Read bank files, import their payments and match them with invoices."""

    name = "billing_import"

    def __init__(self):
        super().__init__()
        self.parser.add_argument("-c", "--config", help="configuration file")
        self.parser.add_argument("-d", "--database", required=True)
        self.parser.add_argument(
            "--journal", metavar="CODE", help="the only bank journal to import into"
        )
        self.parser.add_argument(
            "--json",
            action="store_true",
            help="one JSON object for each payment on standard output, then a summary",
        )
        self.parser.add_argument("files", nargs="+", metavar="FILE", type=Path)

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
            if "billing.bank.file" not in env:
                sys.exit(
                    f"Database {arguments.database} has no Kvitt bank files: "
                    "install the addon billing_bank_file in it first."
                )
            refused = env["billing.import.command"]._run(
                arguments.files,
                journal_code=arguments.journal,
                write=_write_json if arguments.json else _write_text,
                write_error=_write_error,
            )
        sys.exit(2 if refused else 0)


def _write_json(record):
    sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")


def _write_text(record):
    summary = record.get("summary")
    if summary:
        line = ", ".join(f"{count} {name}" for name, count in summary.items())
    else:
        line = (
            f"{record['file']} {record['position']}: {record['amount']:.2f} "
            f"{record['currency']} {record['payer_name'] or record['reference'] or ''}"
            f": {record['outcome']}"
        )
        if record["reasons"]:
            line += f" ({', '.join(record['reasons'])})"
    sys.stdout.write(line + "\n")


def _write_error(message):
    sys.stderr.write(f"{message}\n")
