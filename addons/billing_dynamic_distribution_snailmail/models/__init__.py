from . import billing_channel_letter
from . import res_company
from . import snailmail_letter
