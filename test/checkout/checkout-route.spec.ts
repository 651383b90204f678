import { ValidationPipe } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { mpgs } from '../../src/index.js';
import { startApp } from '../support/app.js';
import { answeringServer, freePort, httpServer } from '../support/servers.js';

const ORDER = { amount: '5.00', invoiceNo: 'inv-1' };
const OPENED = { result: { redirect_url: 'https://x.example/c' } };

/** A module with the route. */
const WITH_ROUTE = { gateways: [mpgs({ routes: ['checkout'] })] };

async function checkout(
  baseUrl: string,
  body: unknown = ORDER,
  ...[options, setup]: Parameters<typeof startApp>
) {
  const { url } = await startApp(
    { ...WITH_ROUTE, baseUrl, timeout: 300, retries: 0, ...options },
    setup,
  );
  const response = await fetch(`${url}/plutu/mpgs/checkout`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.headers.get('cache-control')).toBe('no-store');
  return { status: response.status, body: await response.json() };
}

describe('POST checkout', () => {
  it('answers with the checkout', async () => {
    const plutu = await answeringServer(200, OPENED);
    await expect(checkout(plutu.url)).resolves.toEqual({
      status: 201,
      body: {
        ...ORDER,
        orderNo: ORDER.invoiceNo,
        redirectUrl: 'https://x.example/c',
      },
    });
  });

  it.each([{}, [], { ...ORDER, amount: 0 }, { ...ORDER, price: 5 }])(
    'answers 400 with the fields to %j',
    async (body) => {
      const plutu = await answeringServer(200, OPENED);
      const answer = await checkout(plutu.url, body);
      expect(answer).toMatchObject({
        status: 400,
        body: { statusCode: 400, code: 'PLUTU_INVALID_REQUEST' },
      });
      expect(answer).not.toHaveProperty('body.fields', {});
      expect(plutu.seen).toHaveLength(0);
    },
  );

  it.each([
    ['a field that nobody knows', (deep: string) => `{"deep":${deep}}`],
    ['a known field', (deep: string) => `{"invoiceNo":${deep},"amount":5}`],
    ['a prototype', (deep: string) => `{"__proto__":${deep}}`],
  ])('answers 400 to what is deeply nested in %s', async (place, body) => {
    const { url } = await startApp(WITH_ROUTE);
    const depth = 15_000;

    const response = await fetch(`${url}/plutu/mpgs/checkout`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: body('{"a":'.repeat(depth) + '1' + '}'.repeat(depth)),
    });

    expect(response.status).toBe(400);
    // Fastify's own parser refuses a prototype, before any route.
    const isRefusedEarlier =
      process.env['HTTP_PLATFORM'] === 'fastify' && place === 'a prototype';
    expect(await response.json()).toMatchObject(
      isRefusedEarlier
        ? { statusCode: 400 }
        : { code: 'PLUTU_INVALID_REQUEST' },
    );
  });

  it.each([
    ['returnUrl', 'https://thief.example/'],
    ['returnUrl', null],
    ['tenant', 'acme'],
    ['tenant', null],
  ])(
    'never takes %s from a client, who might choose where the callback goes or whose checkout it is: %j',
    async (field, value) => {
      const plutu = await answeringServer(200, OPENED);

      const answer = await checkout(plutu.url, { ...ORDER, [field]: value });

      expect(answer).toMatchObject({
        status: 400,
        body: {
          code: 'PLUTU_INVALID_REQUEST',
          fields: { [field]: [expect.any(String)] },
        },
      });
      expect(plutu.seen).toHaveLength(0);
    },
  );

  it('is there only if a gateway names it', async () => {
    const plutu = await answeringServer(200, OPENED);
    for (const options of [{}, { gateways: [mpgs()] }]) {
      const { url } = await startApp({ baseUrl: plutu.url, ...options });
      const response = await fetch(`${url}/plutu/mpgs/checkout`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(ORDER),
      });
      expect(response.status).toBe(404);
    }
    expect(plutu.seen).toHaveLength(0);
  });

  it('is at home with a strict global ValidationPipe', async () => {
    const plutu = await answeringServer(200, OPENED);
    const setup: Parameters<typeof startApp>[1] = {
      configure: (app) =>
        app.useGlobalPipes(
          new ValidationPipe({
            transform: true,
            whitelist: true,
            forbidNonWhitelisted: true,
          }),
        ),
    };
    const answer = await checkout(
      plutu.url,
      { ...ORDER, lang: 'en', customerIp: '192.0.2.1' },
      {},
      setup,
    );
    expect(answer.status).toBe(201);
  });

  it.each([
    [
      422,
      { error: { status: 400, code: 'INVALID_AMOUNT', message: 'No.' } },
      422,
      'INVALID_AMOUNT',
    ],
    [400, { error: { code: 'CHECK_BANK_ACCOUNT' } }, 422, 'CHECK_BANK_ACCOUNT'],
    [500, { error: { code: 'BACKEND_ERROR' } }, 502, 'BACKEND_ERROR'],
    [502, '<html>', 502, 'PLUTU_UNEXPECTED_ANSWER'],
    [200, '', 502, 'PLUTU_UNEXPECTED_ANSWER'],
  ])(
    'gives Plutu’s HTTP %i %j as HTTP %i %s',
    async (status, answer, expected, code) => {
      const plutu = await answeringServer(status, answer);
      await expect(checkout(plutu.url)).resolves.toMatchObject({
        status: expected,
        body: { statusCode: expected, code },
      });
    },
  );

  it('keeps what only the operator can correct to its code', async () => {
    const plutu = await answeringServer(403, {
      error: {
        code: 'FORBIDDEN_IP_ADDRESS',
        message: 'The IP 192.0.2.7 is not on the whitelist.',
        fields: { ip: ['192.0.2.7'] },
      },
    });
    await expect(checkout(plutu.url)).resolves.toEqual({
      status: 500,
      body: {
        statusCode: 500,
        code: 'FORBIDDEN_IP_ADDRESS',
        message: 'Payments are not set up correctly.',
      },
    });
  });

  it('answers 502 where Plutu is not there, 504 where it does not answer', async () => {
    const gone = await checkout(`http://127.0.0.1:${await freePort()}`);
    expect(gone).toMatchObject({
      status: 502,
      body: { code: 'PLUTU_CONNECTION_FAILED' },
    });
    const hanging = await httpServer(() => {});
    await expect(checkout(hanging.url)).resolves.toMatchObject({
      status: 504,
      body: { code: 'PLUTU_OUTCOME_UNKNOWN' },
    });
  });
});
