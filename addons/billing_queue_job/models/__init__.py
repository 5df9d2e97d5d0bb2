from . import billing_distribution_planner
from . import billing_distribution_sender
from . import queue_job
