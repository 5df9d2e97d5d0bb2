from . import res_company
from . import res_config_settings

# The ladder and what climbs it.
from . import billing_dunning_step
from . import billing_dunning_policy
from . import billing_dunning_policy_shipped
from . import billing_reminder
from . import billing_reminder_line
from . import billing_event_reminder
