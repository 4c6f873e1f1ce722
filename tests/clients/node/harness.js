// Lets an SDK make one call after another, and reports what the program that uses it sees of each answer. It is
// ../python/harness.py in the other language: see there for what the environment says.
'use strict';

const http = require('http');

const endpoint = process.env.ENDPOINT;
const address = new URL(endpoint).host;
const keys = JSON.parse(process.env.KEYS);
const steps = {};

function tell(step) {
    return new Promise((resolve, reject) => {
        const request = http.get(`${endpoint}/-/step/${step}`, { agent: false }, (answer) => {
            answer.resume().on('end', resolve);
        });
        request.on('error', reject);
    });
}

// Calls, and keeps what came of it under this name.
async function step(name, call, ...given) {
    await tell(name);
    try {
        steps[name] = { result: await call(...given) };
    } catch (error) {
        steps[name] = { error: describe(error) };
    }
}

// Makes one call with each AccessKey that is refused, and with clocks that are too far off and nearly so.
async function refusals(call) {
    for (const name of ['wrong', 'unknown', 'disabled']) await step(name, call, keys[name]);
    if (!process.env.CLOCK) return;
    for (const seconds of ['+899', '-899', '+901', '-901']) {
        // A request is dated in whole seconds. Early in a second, what the server sees is the offset and not its neighbour.
        while (Date.now() % 1000 >= 500) await new Promise((resolve) => setImmediate(resolve));
        process.env.FAKETIME = seconds + 's';
        await step(seconds + 's', call, keys.good);
        process.env.FAKETIME = '+0s';
    }
}

// What a program can see of an error, whichever SDK raised it.
function describe(error) {
    return {
        class: error.name,
        code: error.code ?? null,
        message: error.message,
        status: error.status ?? error.statusCode ?? error.data?.statusCode ?? null,
        text: String(error),
    };
}

// Runs what makes the calls, and ends the report.
function run(main) {
    main().then(
        () => process.stdout.write(JSON.stringify(steps) + '\n'),
        (error) => {
            console.error(error);
            process.exitCode = 1;
        },
    );
}

module.exports = { address, endpoint, keys, refusals, run, step };
