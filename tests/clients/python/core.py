"""aliyun-python-sdk-core: RPC as GET and POST, and ROA."""

from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest, RpcRequest

import harness

good = harness.keys["good"]


def client(key):
    return AcsClient(key["id"], key["secret"], "cn-hangzhou", port=harness.port, auto_retry=False)


def send(key, request):
    request.set_protocol_type("http")
    return client(key).do_action_with_exception(request)


def rpc(key, method="GET", **form):
    # What the SDKs of single services are made of.
    request = RpcRequest("Ecs", "2014-05-26", "DescribeInstances")
    request.set_endpoint(harness.host)
    request.set_method(method)
    # What canonical encodings differ about, and nothing that they do not sign.
    request.add_query_param("Name", "a b*c~d+e/f=&ü")
    request.add_query_param("Tag.1.Key", "")
    for name, value in form.items():
        request.add_body_params(name, value)
    return send(key, request)


def roa(key, method="GET", content=None):
    request = CommonRequest(domain=harness.host, version="2015-12-15", uri_pattern="/clusters/[Id]/nodes")
    request.set_method(method)
    request.add_path_param("Id", "c-1")
    request.add_query_param("pageSize", "10")
    request.add_query_param("state", "up and running")
    if content is not None:
        request.set_content(content)
        request.set_content_type("application/json")
    return send(key, request)


harness.step("rpc-get", rpc, good)
harness.step("rpc-post", lambda: rpc(good, "POST", Description="a form: 1+1=2 & ü", Empty=""))
harness.step("roa-get", roa, good)
harness.step("roa-post", roa, good, "POST", b'{"name": "one"}')
harness.step("roa-wrong", roa, harness.keys["wrong"])
harness.refusals(rpc)
harness.write()
