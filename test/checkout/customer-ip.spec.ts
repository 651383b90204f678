import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { describe, expect, it } from 'vitest';
import { mpgs } from '../../src/index.js';
import { startApp } from '../support/app.js';
import { answeringServer } from '../support/servers.js';

const OPENED = { result: { redirect_url: 'https://x.example/c' } };

function expressAdapter(trustProxy: boolean): ExpressAdapter {
  const adapter = new ExpressAdapter();
  adapter.set('trust proxy', trustProxy);
  return adapter;
}

/** What Plutu is told of a customer who comes through a proxy. */
async function customerIpSent(
  adapter: ExpressAdapter | FastifyAdapter,
  {
    forwardedFor = '198.51.100.7',
    named,
    customerIp = true,
  }: {
    forwardedFor?: string;
    named?: string | null;
    customerIp?: boolean;
  } = {},
): Promise<string | null> {
  const plutu = await answeringServer(200, OPENED);
  const { url } = await startApp(
    {
      baseUrl: plutu.url,
      gateways: [mpgs({ routes: ['checkout'], customerIp })],
    },
    { adapter },
  );
  const response = await fetch(`${url}/plutu/mpgs/checkout`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-forwarded-for': forwardedFor,
    },
    body: JSON.stringify({
      amount: '5.00',
      invoiceNo: 'inv-1',
      customerIp: named,
    }),
  });
  expect(response.status).toBe(201);
  return new URLSearchParams(plutu.seen[0]?.body).get('customer_ip');
}

describe.each([
  ['Express', expressAdapter],
  ['Fastify', (trustProxy: boolean) => new FastifyAdapter({ trustProxy })],
])('the option customerIp of a gateway on %s', (_platform, adapter) => {
  it('sends what a trusted proxy says of the caller', async () => {
    expect(await customerIpSent(adapter(true))).toBe('198.51.100.7');
  });

  it('sends the address of the connection where no proxy is trusted', async () => {
    expect(await customerIpSent(adapter(false))).toBe('127.0.0.1');
  });

  it('leaves the address alone that the request names', async () => {
    const options = { named: '192.0.2.1' };
    expect(await customerIpSent(adapter(true), options)).toBe('192.0.2.1');
  });

  it('takes null for none', async () => {
    const options = { named: null };
    expect(await customerIpSent(adapter(true), options)).toBe('198.51.100.7');
  });

  it.each([
    ['::ffff:198.51.100.7', '198.51.100.7'],
    ['2001:db8::7', '2001:db8::7'],
    ['unknown', null],
    ['198.51.100.7:4711', null],
  ])('makes of %s what Plutu takes: %s', async (forwardedFor, sent) => {
    expect(await customerIpSent(adapter(true), { forwardedFor })).toBe(sent);
  });

  it('is off where it is not asked for', async () => {
    const options = { customerIp: false };
    expect(await customerIpSent(adapter(true), options)).toBeNull();
  });
});

it('what is no request is still told so, and no server error', async () => {
  const { url } = await startApp({
    gateways: [mpgs({ routes: ['checkout'], customerIp: true })],
  });
  for (const body of ['[]', '{}', undefined]) {
    const response = await fetch(`${url}/plutu/mpgs/checkout`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    expect(response.status).toBe(400);
  }
});
