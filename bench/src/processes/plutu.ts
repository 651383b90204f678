/** Plutu's end of `confirm`: answers at once, as the sandbox does. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from './serve.js';

const ANSWER = JSON.stringify({
  status: 200,
  result: {
    code: 'CHECKOUT_REDIRECT',
    redirect_url:
      'http://127.0.0.1:4010/checkout/2f1c9a64-0b7e-4d53-9a41-6f0f5f0f5f0f',
  },
});

let connections = 0;
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': ANSWER.length,
    });
    response.end(ANSWER);
  });
});
server.on('connection', () => connections++);
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  // Each answer: how many connections there were since the last one.
  serve(`http://127.0.0.1:${port}/api`, () => {
    const opened = connections;
    connections = 0;
    return opened;
  });
});
