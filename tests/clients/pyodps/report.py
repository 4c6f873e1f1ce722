"""How the scripts here tell what PyODPS did: one JSON object on standard output."""

import json
import sys


def error(exception):
    """What a program can see of an exception: its class, and for an answer of the server its code, text and status."""
    return {
        "class": type(exception).__name__,
        "code": getattr(exception, "code", None),
        # str() would put code, request id and endpoint before it.
        "message": str(exception.args[0]) if exception.args else str(exception),
        "status": getattr(exception, "status_code", None),
        "request_id": getattr(exception, "request_id", None),
    }


def step(call):
    """Calls, and gives {"result": …} or {"error": …}."""
    try:
        return {"result": call()}
    except Exception as exception:
        return {"error": error(exception)}


def write(report):
    json.dump(report, sys.stdout, default=str)
    sys.stdout.write("\n")
