from . import billing_hold_wizard
