from . import direct_debit
