"""Lets an SDK make one call after another, and reports what the program that uses it sees of each answer.

From the environment: ENDPOINT, `http://127.0.0.1:PORT`, behind which a recorder stands that is told when a step begins;
KEYS, an object of AccessKeys: `good`, `wrong` (its secret), `unknown` and `disabled`, each with `id` and `secret`, and
`rsa`, `ecdsa` and `ed25519`, whose secret is a private key, or null; CLOCK, not empty where this runs under libfaketime
and may change its clock.
"""

import http.client
import json
import os
import select
import sys
import time
from urllib.parse import urlsplit

endpoint = os.environ["ENDPOINT"]
address = urlsplit(endpoint).netloc
host, port = address.rsplit(":", 1)
port = int(port)
keys = json.loads(os.environ["KEYS"])
steps = {}


def step(name, call, *arguments):
    """Calls, and keeps what came of it under this name."""
    recorder = http.client.HTTPConnection(address)
    recorder.request("GET", "/-/step/" + name)
    recorder.getresponse().read()
    recorder.close()
    try:
        steps[name] = {"result": call(*arguments)}
    except Exception as exception:
        steps[name] = {"error": error(exception)}


def refusals(call):
    """Makes one call with each AccessKey that is refused, and with clocks that are too far off and nearly so."""
    for name in ("wrong", "unknown", "disabled"):
        step(name, call, keys[name])
    if os.environ.get("CLOCK"):
        for seconds in (899, -899, 901, -901):
            at(seconds, lambda: step(f"{seconds:+}s", call, keys["good"]))


def at(seconds, call):
    """Calls while the clock is off by so many seconds."""
    # A request is dated in whole seconds. Early in a second, what the server sees is the offset and not its neighbour.
    while time.time() % 1 >= 0.5:
        # libfaketime fakes what time.sleep() waits by.
        select.select([], [], [], 0.01)
    os.environ["FAKETIME"] = f"{seconds:+}s"
    try:
        call()
    finally:
        os.environ["FAKETIME"] = "+0s"


def first(exception, *names):
    """The first of these attributes that is there."""
    return next((getattr(exception, name) for name in names if getattr(exception, name, None) is not None), None)


def error(exception):
    """What a program can see of an exception, whichever SDK raised it."""
    # alibabacloud-oss-v2 and botocore put the answer into an exception of their own.
    cause = exception.unwrap() if hasattr(exception, "unwrap") else exception
    answer = getattr(exception, "response", None)
    said = answer.get("Error", {}) if isinstance(answer, dict) else {}
    return {
        "class": type(cause or exception).__name__,
        "code": said.get("Code") or first(cause, "error_code", "code"),
        "message": said.get("Message") or first(cause, "message") or str(exception),
        "status": first(cause, "http_status", "status_code", "statusCode", "status"),
        "text": str(exception),
    }


def write():
    """Ends the report."""
    json.dump(steps, sys.stdout, default=lambda value: value.decode() if isinstance(value, bytes) else str(value))
    sys.stdout.write("\n")
