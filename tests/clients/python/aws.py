"""botocore by boto3: SigV4 in the head and in the URL, for S3 and for other services."""

import os

# Nothing of this machine's own settings, and no asking of a cloud's metadata.
os.environ.update(AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null", AWS_EC2_METADATA_DISABLED="true")

import io

import boto3
import requests
from botocore.config import Config

import harness

good = harness.keys["good"]
name = "reports/2026 ü+~*.txt"


def client(key, service="s3", **more):
    settings = {"retries": {"total_max_attempts": 1}, "s3": {"addressing_style": "path"}, "signature_version": "v4"}
    if service == "s3":
        settings["signature_version"] = "s3v4"
    return boto3.client(
        service,
        endpoint_url=harness.endpoint,
        region_name="eu-central-1",
        aws_access_key_id=key["id"],
        aws_secret_access_key=key["secret"],
        config=Config(**settings | more),
    )


def put(**more):
    metadata = {"author": "one  two"}
    s3 = client(good, **more)
    answer = s3.put_object(
        Bucket="demo-bucket", Key=name, Body=b"what is put", ContentType="text/plain", Metadata=metadata
    )
    return answer["ResponseMetadata"]["HTTPStatusCode"]


def streamed():
    """A body in chunks with its checksum behind it, which boto3 sends by itself over TLS alone."""
    s3 = client(good)

    def in_trailer(params, **_):
        params["context"]["checksum"]["request_algorithm"].update({"in": "trailer"})

    s3.meta.events.register("before-call.s3.PutObject", in_trailer)
    answer = s3.put_object(Bucket="demo-bucket", Key=name, Body=io.BytesIO(b"what is put" * 10000))
    return answer["ResponseMetadata"]["HTTPStatusCode"]


def get(key):
    return client(key).get_object(Bucket="demo-bucket", Key=name)["Body"].read()


def head(key):
    return client(key).head_object(Bucket="demo-bucket", Key=name)["ResponseMetadata"]["HTTPStatusCode"]


def listed():
    # The echo is no list: what there is of one is empty.
    answer = client(good).list_objects_v2(Bucket="demo-bucket", Prefix="reports/", Delimiter="/", MaxKeys=7)
    return answer["ResponseMetadata"]["HTTPStatusCode"]


def presigned(method, operation, body=None, headers=None, **more):
    url = client(good).generate_presigned_url(operation, Params={"Bucket": "demo-bucket", "Key": name, **more}, ExpiresIn=60)
    return requests.request(method, url, data=body, headers=headers).status_code


def tables(key):
    # JSON, signed with its digest in the canonical request alone.
    return client(key, "dynamodb").list_tables(Limit=7)["ResponseMetadata"]["HTTPStatusCode"]


def identity(key):
    # A form in XML's place: the query protocol.
    return client(key, "sts").get_caller_identity()["ResponseMetadata"]["HTTPStatusCode"]


harness.step("put", put)
harness.step("put-signed-body", lambda: put(s3={"addressing_style": "path", "payload_signing_enabled": True}))
harness.step("get", get, good)
harness.step("head", head, good)
harness.step("list", listed)
harness.step("url-get", presigned, "GET", "get_object")
harness.step(
    "url-put",
    lambda: presigned("PUT", "put_object", b"what is put", {"Content-Type": "text/plain"}, ContentType="text/plain"),
)
harness.step("dynamodb", tables, good)
harness.step("sts", identity, good)
harness.step("streamed", streamed)
harness.step("dynamodb-wrong", tables, harness.keys["wrong"])
harness.step("sts-wrong", identity, harness.keys["wrong"])
harness.step("wrong-head", head, harness.keys["wrong"])
harness.refusals(get)
harness.write()
