"""alibabacloud-oss-v2: signature versions 1 and 4, in the head and in the URL."""

import alibabacloud_oss_v2 as oss
import requests
from alibabacloud_oss_v2 import retry

import harness

good = harness.keys["good"]
name = "reports/2026 ü+~*.txt"


def client(key, version):
    config = oss.config.load_default()
    config.credentials_provider = oss.credentials.StaticCredentialsProvider(key["id"], key["secret"])
    config.endpoint = harness.endpoint
    config.region = "cn-hangzhou"
    config.signature_version = version
    config.retryer = retry.NopRetryer()
    return oss.Client(config)


def get(key, version="v4"):
    answer = client(key, version).get_object(oss.GetObjectRequest(bucket="demo-bucket", key=name))
    return answer.body.read()


def put(version):
    request = oss.PutObjectRequest(
        bucket="demo-bucket", key=name, body=b"what is put", content_type="text/plain", metadata={"author": "one"}
    )
    return client(good, version).put_object(request).status_code


def listed(version):
    # The echo is no list: what there is of one is empty.
    request = oss.ListObjectsV2Request(bucket="demo-bucket", prefix="reports/", delimiter="/", max_keys=7)
    return client(good, version).list_objects_v2(request).status_code


def presigned(version, request, body=None):
    made = client(good, version).presign(request)
    return requests.request(made.method, made.url, headers=made.signed_headers, data=body).status_code


for version in ("v1", "v4"):
    harness.step(f"{version}-put", put, version)
    harness.step(f"{version}-get", get, good, version)
    harness.step(
        f"{version}-head",
        lambda: client(good, version).head_object(oss.HeadObjectRequest(bucket="demo-bucket", key=name)).status_code,
    )
    harness.step(f"{version}-list", listed, version)
    harness.step(f"{version}-url-get", presigned, version, oss.GetObjectRequest(bucket="demo-bucket", key=name))
    harness.step(
        f"{version}-url-put",
        lambda: presigned(
            version, oss.PutObjectRequest(bucket="demo-bucket", key=name, content_type="text/plain"), b"what is put"
        ),
    )
    harness.step(f"{version}-wrong", get, harness.keys["wrong"], version)
harness.refusals(get)
harness.write()
