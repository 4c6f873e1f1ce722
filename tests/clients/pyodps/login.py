"""Signs in as a user of PyODPS would, and reports each step's result or error.

From the environment: ENDPOINT, ACCESS_ID, ACCESS_KEY, PROJECT; REGION to sign in version 4, and SIGNATURE_PREFIX for a
corporation other than `aliyun` (as in `apsara_v4`).
"""

import os

from odps import ODPS, options
from odps.accounts import BearerTokenAccount
from odps.rest import RestClient

import report

endpoint = os.environ["ENDPOINT"]
project = os.environ["PROJECT"]
region = os.environ.get("REGION") or None
if os.environ.get("SIGNATURE_PREFIX"):
    options.signature_prefix = os.environ["SIGNATURE_PREFIX"]

steps = {}


def client(*credential, **more):
    return ODPS(*credential, project=project, endpoint=endpoint, region_name=region, **more)


def sign_in():
    global odps
    odps = client(os.environ["ACCESS_ID"], os.environ["ACCESS_KEY"])
    return {"project": odps.project, "region": odps.region_name, "logview_host": odps.logview_host}


def reload():
    found = odps.get_project(project)
    found.reload()
    return {"name": found.name, "owner": found.owner, "creation_time": found.creation_time.isoformat()}


def current_user():
    user = odps.get_project(project).current_user
    return {"id": user.id, "display_name": user.display_name}


def generate_auth_token():
    statement = {"Action": ["odps:Read"], "Effect": "Allow", "Resource": f"acs:odps:*:projects/{project}"}
    policy = {"Version": "1", "Statement": [statement]}
    return odps.get_project(project).generate_auth_token(policy, "bearer", 1)


def with_bearer_token():
    """The token signs nothing: a second client sends it in the place of a signature."""
    second = client(account=BearerTokenAccount(token), overwrite_global=False)
    return second.exist_project(project)


odps = None
steps["constructor"] = report.step(sign_in)
if odps is not None:
    steps["exist_project"] = report.step(lambda: odps.exist_project(project))
    steps["exist_missing_project"] = report.step(lambda: odps.exist_project(project + "_missing"))
    steps["reload"] = report.step(reload)
    steps["list_projects"] = report.step(lambda: [found.name for found in odps.list_projects()])
    steps["whoami"] = report.step(lambda: odps.run_security_query("whoami"))
    steps["current_user"] = report.step(current_user)
    steps["list_tables"] = report.step(lambda: [table.name for table in odps.list_tables()])
    steps["generate_auth_token"] = report.step(generate_auth_token)
    token = steps["generate_auth_token"].get("result")
    if token:
        steps["bearer_exist_project"] = report.step(with_bearer_token)

report.write(
    {
        "region": odps.region_name if odps is not None else None,
        # PyODPS goes back to version 2 by itself, for the rest of the process, after certain refusals.
        "downgraded": sorted(RestClient._endpoints_without_v4_sign),
        "steps": steps,
    }
)
