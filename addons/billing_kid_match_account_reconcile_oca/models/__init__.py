from . import (
    account_bank_statement_line,
    billing_booking,
    billing_payment,
    billing_payment_candidate,
)
