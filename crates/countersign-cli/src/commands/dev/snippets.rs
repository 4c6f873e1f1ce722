//! What to paste into Python: a few lines for each SDK, which work as they stand.

use std::net::SocketAddr;

/// Snippets for an AccessKey, each under its title and before an empty line.
pub(super) fn snippets(id: &str, secret: &str, project: &str, address: SocketAddr) -> String {
    let (host, port) = (address.ip(), address.port());
    format!(
        r#"PyODPS:

  from odps import ODPS
  o = ODPS("{id}", "{secret}", "{project}", "http://{address}/api")
  print(o.get_project().run_security_query("whoami"))

An SDK of Alibaba Cloud (alibabacloud-tea-openapi):

  from alibabacloud_tea_openapi import client, models
  from alibabacloud_tea_util.models import RuntimeOptions
  config = models.Config(access_key_id="{id}", access_key_secret="{secret}")
  config.endpoint, config.protocol = "{host}:{port}", "HTTP"
  who = models.Params(action="GetCallerIdentity", version="2015-04-01", style="RPC", method="POST", pathname="/",
                      protocol="HTTP", auth_type="AK", req_body_type="json", body_type="json")
  print(client.Client(config).call_api(who, models.OpenApiRequest(), RuntimeOptions())["body"])

The next two are told who signed, and what the signature covers.

oss2:

  import oss2
  auth = oss2.make_auth("{id}", "{secret}", "v4")
  bucket = oss2.Bucket(auth, "http://{address}", "demo", region="cn-hangzhou")
  print(bucket.put_object("hello.txt", "hello").resp.read().decode())

boto3:

  import boto3, botocore.config, urllib.request
  s3 = boto3.client("s3", endpoint_url="http://{address}", region_name="eu-central-1",
                    aws_access_key_id="{id}", aws_secret_access_key="{secret}",
                    config=botocore.config.Config(signature_version="s3v4"))
  print(s3.put_object(Bucket="demo", Key="hello.txt", Body=b"hello")["ResponseMetadata"]["HTTPStatusCode"])
  url = s3.generate_presigned_url("get_object", Params={{"Bucket": "demo", "Key": "hello.txt"}})
  print(urllib.request.urlopen(url).read().decode())
"#
    )
}
