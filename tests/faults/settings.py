"""Settings of the processes that a fault test starts: as in production, and able to die at a named place."""

from fynoflow.settings import *  # noqa: F403
from fynoflow.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.apps.FaultsConfig"]
