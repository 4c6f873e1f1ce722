"""Compares a client's report, on standard input, with what it should be: `accepted`, or refused with the Code given.

The report is one JSON object, `steps`: by name {"result": …} or {"error": {"code", "message", "status", …}}.
"""

import json
import sys
from datetime import datetime, timedelta, timezone

OWNER = "ALIYUN$owner@example.com"
REFUSALS = {
    "SignatureNotMatch": "ODPS-0410042:Invalid signature value - User signature does not match",
    "AccessKeyIdNotFound": "ODPS-0410051:Invalid credentials - accessKeyId not found",
    "AccessKeyDisabled": "ODPS-0410051:Invalid credentials - accessKeyId is disabled",
}
# Without a body and with one: Java's HTTP library could not read a 401 to the latter.
STATUS = {"exist_project": 401, "whoami": 403}

problems = []


def expect(step, what, found, wanted):
    if found != wanted:
        problems.append(f"{step}: {what} is {found!r} and not {wanted!r}")


def made_just_now(time):
    age = datetime.now(timezone.utc) - datetime.fromisoformat(time.replace("Z", "+00:00"))
    return timedelta(minutes=-1) <= age < timedelta(hours=1)


def accepted(steps):
    def expect_result(step, wanted, read=lambda result: result):
        outcome = steps.get(step)
        if outcome is None or "result" not in outcome:
            problems.append(f"{step}: no result, but {outcome}")
        else:
            expect(step, "result", read(outcome["result"]), wanted)

    expect_result("constructor", "demo", lambda result: result["project"])
    expect_result("exist_project", True)
    expect_result("exist_missing_project", False)
    expect_result("reload", ("demo", OWNER), lambda result: (result["name"], result["owner"]))
    expect_result("reload", True, lambda result: made_just_now(result["creation_time"]))
    expect_result("list_projects", ["demo"])
    expect_result("whoami", OWNER, lambda result: json.loads(result)["DisplayName"])
    expect_result("list_tables", [])
    expect_result("bearer_exist_project", True)


def refused(steps, code):
    for step, outcome in steps.items():
        message = outcome.get("error", {}).get("message") or ""
        if step != "constructor" and REFUSALS[code] not in message:
            problems.append(f"{step}: no error that says {REFUSALS[code]!r}: {outcome}")
    for step, status in STATUS.items():
        error = steps.get(step, {}).get("error", {})
        expect(step, "code", error.get("code"), code)
        expect(step, "status", error.get("status"), status)


wanted = sys.argv[1]
text = sys.stdin.read()
try:
    steps = json.loads(text)["steps"]
except (ValueError, KeyError):
    sys.exit(f"no report, but {text!r}")
if wanted == "accepted":
    accepted(steps)
else:
    refused(steps, wanted)
if problems:
    sys.exit("\n".join(problems))
