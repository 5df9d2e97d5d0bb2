from . import billing_channel_letter
from . import res_company
from . import res_partner
from . import snailmail_letter
