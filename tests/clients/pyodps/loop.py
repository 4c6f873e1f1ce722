"""Calls without a pause while somebody rotates the AccessKey beneath, and reports every call.

From the environment: ENDPOINT and PROJECT; CONFIG, a file like odps_config.ini that is read anew before each call for
`access_id` and `access_key`; STOP, a file whose appearance ends the loop; DURATION, the seconds after which it ends by
itself (60); CALLS, how many calls are made at least, unless DURATION is over (1).
"""

import os
import time

from odps import ODPS, options

import report

endpoint = os.environ["ENDPOINT"]
project = os.environ["PROJECT"]
config = os.environ["CONFIG"]
stop = os.environ["STOP"]
duration = float(os.environ.get("DURATION", "60"))
at_least = int(os.environ.get("CALLS", "1"))

# Else each new client would first ask the server for these.
options.logview_host = endpoint
options.use_legacy_logview = True


def read_config():
    """Simple `key=value` lines are all that this reads. Whoever replaces the file renames another onto it."""
    values = {}
    with open(config, encoding="latin-1") as lines:
        for line in lines:
            key, separator, value = line.partition("=")
            if separator and not line.lstrip().startswith(("#", "!")):
                values[key.strip()] = value.strip()
    return values["access_id"], values["access_key"]


def client(access_id, access_key):
    return ODPS(access_id, access_key, project, endpoint=endpoint, overwrite_global=False)


def call(pair):
    """One call, in a client kept as long as the pair stays the same, as a program with a pool would."""
    global odps, current
    if pair != current:
        odps, current = client(*pair), pair
    return odps.exist_project(project)


odps = current = None
calls = []
began = time.monotonic()
while time.monotonic() - began < duration and (len(calls) < at_least or not os.path.exists(stop)):
    pair = read_config()
    entry = {"access_id": pair[0], "start": time.monotonic() - began, "start_wall": time.time()}
    outcome = report.step(lambda: call(pair))
    entry.update(end=time.monotonic() - began, end_wall=time.time(), **outcome)
    calls.append(entry)

report.write(
    {
        "calls": calls,
        "count": len(calls),
        "failed": sum("error" in entry for entry in calls),
        "access_ids": sorted({entry["access_id"] for entry in calls}),
        "seconds": time.monotonic() - began,
        "stopped": os.path.exists(stop),
    }
)
