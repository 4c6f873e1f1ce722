"""oss2: signature versions 1, 2 and 4, in the head and in the URL."""

import oss2
import requests

import harness

good = harness.keys["good"]
name = "reports/2026 ü+~*.txt"


def bucket(key, version):
    auth = oss2.make_auth(key["id"], key["secret"], version)
    return oss2.Bucket(auth, harness.endpoint, "demo-bucket", region="cn-hangzhou", enable_crc=False)


def get(key, version="v1"):
    return bucket(key, version).get_object(name).read()


def put(version):
    headers = {"x-oss-meta-author": "one", "Content-Type": "text/plain"}
    return bucket(good, version).put_object(name, b"what is put", headers=headers).status


def append(version):
    # Its query is a sub-resource, which every version signs.
    return bucket(good, version).append_object(name, 0, b"what is put").status


def listed(version):
    # The echo is no list, which the SDK notices once the request has been accepted.
    return bucket(good, version).list_objects(prefix="reports/", delimiter="/", max_keys=7).object_list


def presigned(version, method, **more):
    url = bucket(good, version).sign_url(method, name, 60, slash_safe=True, **more)
    answer = requests.request(method, url, data=b"what is put" if method == "PUT" else None, headers=more.get("headers"))
    return answer.status_code


for version in ("v1", "v2", "v4"):
    harness.step(f"{version}-put", put, version)
    harness.step(f"{version}-get", get, good, version)
    harness.step(f"{version}-append", append, version)
    harness.step(f"{version}-head", lambda: bucket(good, version).head_object(name).status)
    harness.step(f"{version}-list", listed, version)
    harness.step(f"{version}-url-get", presigned, version, "GET")
    harness.step(f"{version}-url-put", lambda: presigned(version, "PUT", headers={"Content-Type": "text/plain"}))
    harness.step(f"{version}-wrong", get, harness.keys["wrong"], version)
    harness.step(f"{version}-wrong-head", lambda: bucket(harness.keys["wrong"], version).head_object(name).status)
harness.refusals(lambda key: get(key, "v4"))
harness.write()
