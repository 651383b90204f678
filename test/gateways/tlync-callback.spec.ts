import { Body, Controller, Post } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import {
  tlync,
  TlyncCallback,
  TlyncCallbackEndpoint,
  type Pair,
  type Payment,
} from '../../src/index.js';
import { encodeAsPhp } from '../../src/protocol/pairs.js';
import { ACCOUNT, record, startApp } from '../support/app.js';
import { MESSAGES, signed, toJson } from '../support/messages.js';

const PAIRS = signed(MESSAGES['tlync callback'], ACCOUNT.secretKey);

function messageWith(name: string, value: string): Pair[] {
  return MESSAGES['tlync callback'].map((pair) =>
    pair[0] === name ? [name, value] : pair,
  );
}

async function start() {
  const { url, emitter } = await startApp({
    returnUrl: undefined,
    gateways: [tlync()],
  });
  const events = record(emitter);
  const post = (body: string, type?: string) =>
    fetch(`${url}/plutu/tlync/callback`, {
      method: 'POST',
      body: Buffer.from(body),
      headers: type === undefined ? {} : { 'content-type': type },
    });
  return { post, events };
}

describe('the body of a T-Lync callback is read', () => {
  it.each([
    ['JSON', toJson(PAIRS), 'application/json'],
    ['JSON that says it is text', toJson(PAIRS), 'text/plain'],
    [
      'JSON that says it is a form',
      toJson(PAIRS),
      'application/x-www-form-urlencoded',
    ],
    ['JSON that does not say what it is', toJson(PAIRS), undefined],
    [
      'JSON with a charset that nobody knows',
      toJson(PAIRS),
      'application/json; charset=klingon',
    ],
    ['a form', encodeAsPhp(PAIRS), 'application/x-www-form-urlencoded'],
    ['a form that says it is JSON', encodeAsPhp(PAIRS), 'application/json'],
    ['a form that does not say what it is', encodeAsPhp(PAIRS), undefined],
  ])('as %s', async (_what, body, type) => {
    const { post, events } = await start();

    const answer = await post(body, type);

    expect(answer.status).toBe(200);
    expect(events).toMatchObject([
      ['plutu.payment.approved', { amount: '5.00', method: 'mobicash' }],
    ]);
  });

  it.each([
    ['numbers', { approved: '1', amount: '5.5', transaction_id: '17' }],
    ['true', { approved: 'true' }],
    ['a number with zeros that PHP drops', { amount: '5.50' }],
  ])('with %s, as PHP would write them', async (_what, raw) => {
    const written: Record<string, string> = { true: '1', '5.50': '5.5' };
    const values = Object.entries(raw);
    const pairs = signed(
      MESSAGES['tlync callback'].map(([name, value]): Pair => {
        const [, literal = value] = values.find(([one]) => one === name) ?? [];
        return [name, written[literal] ?? literal];
      }),
      ACCOUNT.secretKey,
    );
    const members = pairs.map(([name, value]) => {
      const [, literal = JSON.stringify(value)] =
        values.find(([one]) => one === name) ?? [];
      return `${JSON.stringify(name)}: ${literal}`;
    });
    const { post, events } = await start();

    const answer = await post(`{ ${members.join(', ')}, "note": null }`);

    expect([answer.status, events.map(([name]) => name)]).toEqual([
      200,
      ['plutu.payment.approved'],
    ]);
  });

  it.each([
    ['a member twice', toJson([...PAIRS, ['amount', '9999.00']])],
    [
      'a member of no meaning twice',
      toJson([['x', '1'], ['x', '1'], ...PAIRS]),
    ],
    ['the signature twice', toJson([...PAIRS, ...PAIRS.slice(-1)])],
    ['a nested value', toJson(PAIRS).replace('"5.00"', '{"value":"5.00"}')],
    ['a list as a value', toJson(PAIRS).replace('"5.00"', '["5.00"]')],
    ['a list around it', `[${toJson(PAIRS)}]`],
    [
      'a number for text that was signed',
      toJson(PAIRS).replace('"5.00"', '5.00'),
    ],
    ['the members in another order', toJson(PAIRS.toReversed())],
    [
      'more than any callback has',
      toJson([...PAIRS, ['x', 'x'.repeat(9_000)]]),
    ],
    [
      'far more than any callback has',
      toJson([...PAIRS, ['x', 'x'.repeat(90_000)]]),
    ],
    ['nothing', ''],
    ['text that is neither JSON nor a form', 'approved'],
    ['half of it', toJson(PAIRS).slice(0, 80)],
  ])('and refused with %s', async (_what, body) => {
    const { post, events } = await start();

    expect((await post(body, 'application/json')).status).toBe(403);
    expect(events.map(([name]) => name)).toEqual(['plutu.callback.rejected']);
  });
});

describe('a T-Lync callback', () => {
  it('that is not approved is incomplete, and the same transaction may be approved later', async () => {
    const { post, events } = await start();

    await post(toJson(signed(messageWith('approved', '0'), ACCOUNT.secretKey)));
    await post(toJson(PAIRS));

    expect(events.map(([name]) => name)).toEqual([
      'plutu.payment.incomplete',
      'plutu.payment.approved',
    ]);
  });

  it('names how the customer paid, and is the same payment if that changes', async () => {
    const { post, events } = await start();

    await post(toJson(PAIRS));
    const answer = await post(
      toJson(signed(messageWith('payment_method', 'sadad'), ACCOUNT.secretKey)),
    );

    expect(answer.status).toBe(200);
    expect(events).toMatchObject([
      ['plutu.payment.approved', { method: 'mobicash' }],
    ]);
  });

  it('is not taken by GET', async () => {
    const { url } = await startApp({
      returnUrl: undefined,
      gateways: [tlync()],
    });

    const answer = await fetch(
      `${url}/plutu/tlync/callback?${encodeAsPhp(PAIRS)}`,
    );

    expect(answer.status).toBe(404);
  });

  it("comes to the application's own controller with the decorator", async () => {
    @Controller('shop')
    class ShopController {
      @TlyncCallbackEndpoint('paid')
      paid(@TlyncCallback() payment: Payment): string {
        return `${payment.invoiceNo} by ${payment.method}`;
      }
    }
    const { url } = await startApp(
      { returnUrl: undefined, gateways: [tlync({ routes: [] })] },
      { controllers: [ShopController] },
    );
    const post = (body: string) =>
      fetch(`${url}/shop/paid`, { method: 'POST', body });

    expect(await (await post(toJson(PAIRS))).text()).toBe('inv-1 by mobicash');
    expect((await post('{}')).status).toBe(403);
  });
});

describe('an endpoint of the application for T-Lync', () => {
  @Controller()
  class ShopController {
    @TlyncCallbackEndpoint('callback')
    paid(@TlyncCallback() payment: Payment): string {
      return payment.invoiceNo;
    }
  }

  @Controller('stripe')
  class StripeController {
    @Post('callback')
    hook(@Body() body: unknown): unknown {
      return body;
    }
  }

  it('takes no body of another route whose path only ends like its own', async () => {
    const { url } = await startApp(
      { gateways: [tlync({ routes: [] })], returnUrl: undefined },
      {
        controllers: [ShopController, StripeController],
        configure: (app) => app.setGlobalPrefix('api'),
      },
    );
    const post = (path: string) =>
      fetch(`${url}/api${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"type":"charge"}',
      });

    expect(await (await post('/stripe/callback')).json()).toEqual({
      type: 'charge',
    });
    expect((await post('/callback')).status).toBe(403);
  });
});
