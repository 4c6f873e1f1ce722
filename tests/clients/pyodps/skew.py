"""One signed call by a client whose clock is wrong, which is run under libfaketime.

From the environment: ENDPOINT, ACCESS_ID, ACCESS_KEY, PROJECT; REGION to sign in version 4.
"""

import os
import time

from odps import ODPS, options

import report

endpoint = os.environ["ENDPOINT"]
# Else the constructor would make calls of its own.
options.logview_host = endpoint
options.use_legacy_logview = True
odps = ODPS(
    os.environ["ACCESS_ID"],
    os.environ["ACCESS_KEY"],
    os.environ["PROJECT"],
    endpoint=endpoint,
    region_name=os.environ.get("REGION") or None,
)

# A request is dated in whole seconds. Early in a second, what the server sees is the offset and not its neighbour.
while time.time() % 1 >= 0.3:
    time.sleep(0.01)
signed_at = time.time()
outcome = report.step(lambda: odps.exist_project(os.environ["PROJECT"]))
report.write({"signed_at": signed_at, **outcome})
