// ali-oss: signature versions 1 and 4, in the head and in the URL.
'use strict';

const OSS = require('ali-oss');

const { endpoint, keys, refusals, run, step } = require('./harness');

const name = 'reports/2026 ü+~*.txt';

function client(key, authorizationV4) {
    return new OSS({
        accessKeyId: key.id,
        accessKeySecret: key.secret,
        authorizationV4,
        bucket: 'demo-bucket',
        // An address would be given the bucket's usual host to sign.
        endpoint: endpoint.replace('127.0.0.1', 'localhost'),
        region: 'oss-cn-hangzhou',
        retryMax: 0,
        sldEnable: true,
    });
}

async function get(key, v4 = true) {
    return String((await client(key, v4).get(name)).content);
}

async function put(v4) {
    const headers = { 'Content-Type': 'text/plain' };
    return (await client(keys.good, v4).put(name, Buffer.from('what is put'), { headers, meta: { author: 'one' } })).res.status;
}

async function fetched(url, method) {
    const headers = method === 'PUT' ? { 'Content-Type': 'text/plain' } : {};
    return (await fetch(url, { method, headers, body: method === 'PUT' ? 'what is put' : undefined })).status;
}

// The URL of version 1 is made by `signatureUrl`, and that of version 4 by `signatureUrlV4`.
async function presigned(v4, method) {
    const headers = method === 'PUT' ? { 'Content-Type': 'text/plain' } : {};
    if (v4) return fetched(await client(keys.good, v4).signatureUrlV4(method, 60, { headers }, name), method);
    return fetched(client(keys.good, v4).signatureUrl(name, { method, expires: 60, ...headers }), method);
}

run(async () => {
    for (const v4 of [false, true]) {
        const version = v4 ? 'v4' : 'v1';
        await step(`${version}-put`, put, v4);
        await step(`${version}-get`, get, keys.good, v4);
        await step(`${version}-head`, async () => (await client(keys.good, v4).head(name)).status);
        await step(`${version}-list`, async () => {
            // The echo is no list: what there is of one is empty.
            return (await client(keys.good, v4).listV2({ prefix: 'reports/', delimiter: '/', 'max-keys': 7 })).res.status;
        });
        await step(`${version}-url-get`, presigned, v4, 'GET');
        await step(`${version}-url-put`, presigned, v4, 'PUT');
        await step(`${version}-wrong`, get, keys.wrong, v4);
        await step(`${version}-wrong-head`, async () => (await client(keys.wrong, v4).head(name)).status);
    }
    await refusals(get);
});
