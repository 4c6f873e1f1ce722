// @alicloud/pop-core: RPC as GET and POST, and ROA.
'use strict';

const { ROAClient, RPCClient } = require('@alicloud/pop-core');

const { endpoint, keys, refusals, run, step } = require('./harness');

// What canonical encodings differ about.
const parameters = { Name: 'a b*c~d+e/f=&ü', Empty: '', Tag: ['one', 'two'] };

function rpc(key, method = 'GET') {
    const client = new RPCClient({
        accessKeyId: key.id,
        accessKeySecret: key.secret,
        endpoint,
        apiVersion: '2014-05-26',
    });
    return client.request('DescribeInstances', parameters, { method });
}

function roa(key, method, body) {
    const client = new ROAClient({
        accessKeyId: key.id,
        accessKeySecret: key.secret,
        endpoint,
        apiVersion: '2015-12-15',
    });
    const query = { pageSize: '10', state: 'up and running' };
    return client.request(method, '/clusters/c-1/nodes', query, body, { 'content-type': 'application/json' });
}

run(async () => {
    await step('rpc-get', rpc, keys.good);
    await step('rpc-post', rpc, keys.good, 'POST');
    await step('rpc-post-wrong', rpc, keys.wrong, 'POST');
    await step('roa-get', roa, keys.good, 'GET', '');
    await step('roa-post', roa, keys.good, 'POST', '{"name": "one"}');
    await step('roa-wrong', roa, keys.wrong, 'GET', '');
    await refusals(rpc);
});
