// Client or server of the plan, with Node's http2 module in plain text.
'use strict';
const fs = require('fs');
const http2 = require('http2');

const [, , role, plan, logPath, port] = process.argv;
const groups = JSON.parse(fs.readFileSync(plan, 'utf8'));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
fs.writeFileSync(logPath, '');
const log = (entry) => fs.appendFileSync(logPath, JSON.stringify(entry) + '\n');
const bytes = (base64) => Buffer.from(base64 || '', 'base64');

function serve() {
  const calls = new Map(groups.flat().map((call) => [call.id, call]));
  const sessions = new Set();
  const server = http2.createServer();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', async (stream, headers) => {
    const request = [];
    stream.on('data', (chunk) => request.push(chunk));
    let isClosed = false;
    stream.on('close', () => { isClosed = true; });
    stream.on('error', () => {});
    if (!stream.readableEnded) await new Promise((resolve) => { stream.on('end', resolve); stream.on('close', resolve); });
    const call = calls.get(headers['x-request-id']);
    const sent = [];
    if (call.hints) stream.additionalHeaders({ ':status': 103, link: '</v1/models>; rel=preload' });
    stream.respond({ ':status': call.status, ...call.response_headers, 'x-request-id': call.id },
      { waitForTrailers: Boolean(call.trailers) });
    if (call.trailers) stream.on('wantTrailers', () => stream.sendTrailers(call.trailers));
    for (const chunk of call.chunks) {
      await sleep(call.delay_ms);
      if (isClosed) break;
      stream.write(bytes(chunk));
      sent.push(bytes(chunk));
    }
    if (!isClosed) stream.end();
    log({ id: call.id, method: headers[':method'], path: headers[':path'], status: call.status,
      request: Buffer.concat(request).toString('base64'), response: Buffer.concat(sent).toString('base64'),
      outcome: isClosed ? 'cancelled' : 'complete' });
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
  process.stdin.on('data', async () => {
    for (const session of sessions) if (!session.destroyed) session.close();
    await sleep(100);
    process.exit(0);
  });
}

function one(session, call) {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':method': call.method, ':path': call.path, ...call.headers, 'x-request-id': call.id },
      { endStream: !call.body });
    let status;
    const received = [];
    const done = (outcome) => {
      let response = Buffer.concat(received);
      if (call.cancel_after) response = response.subarray(0, call.cancel_after);
      log({ id: call.id, method: call.method, path: call.path, status, request: call.body || '',
        response: response.toString('base64'), outcome });
      resolve();
    };
    stream.on('response', (headers) => { status = headers[':status']; });
    stream.on('data', (chunk) => {
      received.push(chunk);
      if (call.cancel_after && Buffer.concat(received).length >= call.cancel_after) stream.close(http2.constants.NGHTTP2_CANCEL);
    });
    stream.on('error', reject);
    stream.on('close', () => done(call.cancel_after ? 'cancelled' : 'complete'));
    if (call.body) stream.end(bytes(call.body));
  });
}

async function main() {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  for (const group of groups) await Promise.all(group.map((call) => one(session, call)));
  await sleep(50);
  session.close();
}

if (role === 'server') serve(); else main();
