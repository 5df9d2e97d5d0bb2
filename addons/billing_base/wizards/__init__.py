from . import base_partner_merge
from . import billing_contact_fix_wizard
from . import billing_hold_wizard
