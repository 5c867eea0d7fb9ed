"""Sends notifications as Debian's Python monitors do. Arguments: the file with the jobs, the file for what came of them.

Jobs: a JSON list of {"config": path of a masakarimonitors.conf, "notification": the member of the body}.
Results: a JSON list with null for what was delivered, or the exception's text.
"""

import json
import sys

from masakarimonitors.ha import masakari
import masakarimonitors.conf

CONF = masakarimonitors.conf.CONF


def deliver(job):
    CONF(["--config-file", job["config"]], project="masakarimonitors")
    try:
        # What send_notification does in each of its attempts.
        masakari.SendNotification().masakari_client.create_notification(**job["notification"])
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:500]
    return None


with open(sys.argv[1]) as jobs:
    results = [deliver(job) for job in json.load(jobs)]
with open(sys.argv[2], "w") as output:
    json.dump(results, output)
