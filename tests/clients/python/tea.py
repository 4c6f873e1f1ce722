"""alibabacloud-tea-openapi: ACS3 by each of its algorithms, and by `v2` the older RPC and ROA."""

from alibabacloud_tea_openapi.client import Client
from alibabacloud_tea_openapi.models import Config, OpenApiRequest, Params
from alibabacloud_tea_util.models import RuntimeOptions

import harness

good = harness.keys["good"]


def call(key, algorithm=None, style="RPC", form="json", body=None, path="/"):
    config = Config(
        access_key_id=key["id"],
        access_key_secret=key["secret"],
        endpoint=harness.address,
        protocol="HTTP",
        region_id="cn-hangzhou",
        signature_algorithm=algorithm,
    )
    params = Params(
        action="DescribeInstances",
        version="2014-05-26",
        protocol="HTTP",
        pathname=path,
        method="POST",
        auth_type="AK",
        style=style,
        req_body_type=form,
        body_type="json",
    )
    # ROA's older signature cannot tell all values apart, and does not know what to make of an empty one.
    old = algorithm == "v2" and style == "ROA"
    query = {"Name": "a b*c~d+e/f ü"} if old else {"Name": "a b*c~d+e/f=&ü", "Empty": ""}
    request = OpenApiRequest(query=query, body=body)
    return Client(config).call_api(params, request, RuntimeOptions(autoretry=False))["body"]


data = {"Description": "1+1=2 & ü", "Count": 3}
harness.step("acs3", call, good)
harness.step("acs3-form", call, good, None, "RPC", "formData", data)
harness.step("acs3-json", call, good, None, "ROA", "json", data, "/clusters/c-1/nodes")
harness.step("sm3", call, good, "ACS3-HMAC-SM3", "ROA", "json", data, "/clusters")
harness.step("v2-rpc", call, good, "v2", "RPC", "formData", data)
harness.step("v2-roa", call, good, "v2", "ROA", "json", data, "/clusters/c-1/nodes")
for who in ("wrong", "unknown"):
    harness.step("v2-" + who, call, harness.keys[who], "v2", "RPC", "formData", data)
if harness.keys.get("rsa"):
    harness.step("rsa", call, harness.keys["rsa"], "ACS3-RSA-SHA256", "ROA", "json", data, "/clusters")
harness.refusals(call)
harness.write()
