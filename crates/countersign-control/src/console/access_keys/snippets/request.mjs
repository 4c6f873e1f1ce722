// node request.mjs: no package is needed.
import { createHmac } from "node:crypto";
import http from "node:http";
import https from "node:https";

const env = process.env;
const path = "/projects/@PROJECT@";
const date = new Date().toUTCString();
const signature = createHmac("sha1", env.ALIBABA_CLOUD_ACCESS_KEY_SECRET)
  .update(`GET\n\n\n${date}\n${path}`)
  .digest("base64");
const headers = { Date: date, Authorization: `ODPS ${env.ALIBABA_CLOUD_ACCESS_KEY_ID}:${signature}` };
const url = env.ODPS_ENDPOINT + path;
(url.startsWith("https:") ? https : http).get(url, { headers }, (answer) => {
  console.error(answer.statusCode);
  answer.pipe(process.stdout);
});
