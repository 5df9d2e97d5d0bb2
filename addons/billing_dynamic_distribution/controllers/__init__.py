from . import email_seen
from . import portal
from . import provider_report
from . import sms_report
from . import sms_status
