// @alicloud/openapi-client: ACS3 by its two algorithms with a secret, and by `v2` the older RPC and ROA.
'use strict';

const { default: Client, Config, OpenApiRequest, Params } = require('@alicloud/openapi-client');
const { RuntimeOptions } = require('@alicloud/tea-util');

const { address, keys, refusals, run, step } = require('./harness');

async function call(key, signatureAlgorithm, style = 'RPC', reqBodyType = 'json', body, pathname = '/') {
    const client = new Client(
        new Config({
            accessKeyId: key.id,
            accessKeySecret: key.secret,
            endpoint: address,
            protocol: 'HTTP',
            regionId: 'cn-hangzhou',
            signatureAlgorithm,
        }),
    );
    const params = new Params({
        action: 'DescribeInstances',
        version: '2014-05-26',
        protocol: 'HTTP',
        pathname,
        method: 'POST',
        authType: 'AK',
        style,
        reqBodyType,
        bodyType: 'json',
    });
    // ROA's older signature cannot tell all values apart, and does not know what to make of an empty one.
    const old = signatureAlgorithm === 'v2' && style === 'ROA';
    const query = old ? { Name: 'a b*c~d+e/f ü' } : { Name: 'a b*c~d+e/f=&ü', Empty: '' };
    const request = new OpenApiRequest({ query, body });
    const answer = await client.callApi(params, request, new RuntimeOptions({ autoretry: false }));
    return answer.body;
}

const data = { Description: '1+1=2 & ü', Count: 3 };

run(async () => {
    await step('acs3', call, keys.good);
    await step('acs3-form', call, keys.good, undefined, 'RPC', 'formData', data);
    await step('acs3-json', call, keys.good, undefined, 'ROA', 'json', data, '/clusters/c-1/nodes');
    await step('sm3', call, keys.good, 'ACS3-HMAC-SM3', 'ROA', 'json', data, '/clusters');
    await step('v2-rpc', call, keys.good, 'v2', 'RPC', 'formData', data);
    await step('v2-roa', call, keys.good, 'v2', 'ROA', 'json', data, '/clusters/c-1/nodes');
    await step('v2-wrong', call, keys.wrong, 'v2', 'RPC', 'formData', data);
    await refusals(call);
});
