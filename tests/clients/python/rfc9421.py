"""http-message-signatures, an RFC 9421 library, over requests."""

import datetime
import uuid

import requests
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver, algorithms

import harness

good = harness.keys["good"]


class Resolver(HTTPSignatureKeyResolver):
    def __init__(self, key):
        self.key = key

    def resolve_private_key(self, key_id):
        return self.key["secret"].encode()

    def resolve_public_key(self, key_id):
        raise NotImplementedError


class Refused(Exception):
    def __init__(self, answer):
        said = answer.json()
        super().__init__(said.get("detail") or said)
        self.code, self.message, self.status = said.get("code"), said.get("detail"), answer.status_code
        self.wants = answer.headers.get("WWW-Authenticate")


def send(key, method="POST", body=b'{"one": 1}', algorithm=algorithms.HMAC_SHA256, nonce="", lifetime=None, cover=()):
    url = f"{harness.endpoint}/orders/2026%20a?state=open&empty=&b=%2B"
    request = requests.Request(method, url, data=body, headers={"Content-Type": "application/json"}).prepare()
    request.headers["Host"] = harness.address
    now = datetime.datetime.now(datetime.timezone.utc)
    signer = HTTPMessageSigner(signature_algorithm=algorithm, key_resolver=Resolver(key))
    signer.sign(
        request,
        key_id=key["id"],
        created=now,
        expires=now + datetime.timedelta(seconds=lifetime) if lifetime else None,
        nonce=uuid.uuid4().hex if nonce == "" else nonce,
        covered_component_ids=("@method", "@authority", "@path", "@query", "content-type", *cover),
        body=body,
    )
    answer = requests.Session().send(request)
    if answer.status_code != 200:
        raise Refused(answer)
    return answer.json()


harness.step("hmac", send, good)
harness.step("get", send, good, "GET", None)
harness.step("target-uri", lambda: send(good, cover=("@target-uri", "@request-target", "@scheme")))
harness.step("parameter", lambda: send(good, cover=('"@query-param";name="state"',)))
harness.step("expires", lambda: send(good, lifetime=30))
harness.step("no-nonce", lambda: send(good, nonce=None))
for name, key, algorithm in (
    ("ed25519", "ed25519", algorithms.ED25519),
    ("ecdsa", "ecdsa", algorithms.ECDSA_P256_SHA256),
    ("rsa-pss", "rsa", algorithms.RSA_PSS_SHA512),
):
    if harness.keys.get(key):
        harness.step(name, lambda: send(harness.keys[key], algorithm=algorithm))
harness.refusals(send)
harness.write()
