from . import (
    account_bank_statement_line,
    account_journal,
    account_move_line,
    account_partial_reconcile,
    billing_bank_file,
    billing_booking,
    billing_event,
    billing_import_command,
    billing_payment,
)
