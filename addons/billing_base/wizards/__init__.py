from . import base_partner_merge
from . import billing_hold_wizard
