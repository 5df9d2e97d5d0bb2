from . import billing_channel_sms
from . import billing_sms_report
