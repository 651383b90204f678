import { inspect } from 'node:util';
import { ConsoleLogger } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { CallbackVerifier } from '../../src/callbacks/callback-verifier.js';
import {
  PlutuModule,
  plutuOptionsFromEnv,
  PlutuUnexpectedAnswerError,
  type PlutuModuleOptions,
} from '../../src/index.js';
import { PaymentIntake } from '../../src/payments/payment-intake.js';
import { startApp } from '../support/app.js';
import { answeringServer, freePort, httpServer } from '../support/servers.js';
import { vectors } from '../support/vectors.js';

// Each holds characters that change when it is put in a URL.
const SECRETS = {
  apiKey: 'api+key/with=signs',
  accessToken: 'access|token%with&signs',
  secretKey: ['current#secret', 'former+secret'],
};
const ORDER = { amount: '5.00', invoiceNo: 'inv-1' };

/** Not in columns, which takes as long as all the rest. */
const WHOLE = { showHidden: true, compact: false };

/** Everything that a log, an error tracker or a debugger may make of a value. */
function everyView(value: unknown): string {
  const views = [
    inspect(value, { ...WHOLE, depth: 20, getters: true }),
    JSON.stringify(value, circularSafe()),
    String(value),
  ];
  if (value instanceof Error) {
    views.push(value.message, value.stack ?? '', everyView(value.cause));
  }
  return views.join('\n');
}

function circularSafe() {
  const seen = new WeakSet();
  return (_name: string, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value;
    if (seen.has(value)) return undefined;
    seen.add(value);
    return value;
  };
}

const code = (character: string): number => character.charCodeAt(0);
const hex = (character: string): string => code(character).toString(16);
const lowerPercent = (c: string): string => `%${hex(c).padStart(2, '0')}`;
const unicodeEscape = (c: string): string => `\\u${hex(c).padStart(4, '0')}`;

function expectNoSecret(text: string): void {
  const secrets = Object.values(SECRETS).flat();
  for (const secret of secrets.flatMap((s) => [s, encodeURIComponent(s)])) {
    expect(text).not.toContain(secret);
  }
}

/** Collects log lines as a console would show them. */
class CollectingLogger extends ConsoleLogger {
  readonly lines: unknown[] = [];

  override printMessages(messages: unknown[]): void {
    this.lines.push(...messages);
  }

  override printStackTrace(stack: string): void {
    this.lines.push(stack);
  }
}

describe('no key shows', () => {
  it('in what a hostile or broken server makes createCheckout throw', async () => {
    const echo = async (status: number, wrap: (text: string) => string) =>
      httpServer((response) => {
        const { rawHeaders } = response.req;
        const text = [...rawHeaders, ...rawHeaders.map(encodeURIComponent)];
        response.writeHead(status).end(wrap(text.join(' ')));
      });
    const json = (text: string) => JSON.stringify(text);
    const servers = [
      await echo(502, (text) => `<html>${text}</html>`),
      await echo(
        400,
        (text) => `{"error":{"code":${json(text)},"message":"x"}}`,
      ),
      await echo(
        400,
        (text) => `{"error":{"code":"X","message":${json(text)}}}`,
      ),
      await echo(
        422,
        (text) =>
          `{"error":{"code":"X","fields":{${json(text)}:[${json(text)}]}}}`,
      ),
      await echo(200, (text) => `{"result":{"redirect_url":${json(text)}}}`),
      await httpServer((response) => response.socket?.resetAndDestroy()),
      await httpServer(() => {}),
      { url: `http://127.0.0.1:${await freePort()}` },
    ];
    for (const { url } of servers) {
      const { mpgs } = await startApp({
        ...SECRETS,
        baseUrl: url,
        timeout: 300,
        retries: 0,
      });
      const error: unknown = await mpgs.createCheckout(ORDER).catch((e) => e);
      expect(error).toBeInstanceOf(Error);
      expectNoSecret(everyView(error));
    }
  });

  it('in the services, nor anywhere in a running application', async () => {
    const plutu = await answeringServer(200, {
      result: { redirect_url: 'https://x.example/c' },
    });
    const { app, mpgs } = await startApp({ ...SECRETS, baseUrl: plutu.url });
    await mpgs.createCheckout(ORDER);
    expectNoSecret(everyView(mpgs));
    expectNoSecret(everyView(app.get(CallbackVerifier)));
    expectNoSecret(everyView(app.get(PaymentIntake)));
    expectNoSecret(inspect(app, { ...WHOLE, depth: 9 }));
  }, 60_000);

  it('in the service while a request is under way', async () => {
    const plutu = await httpServer(() => {});
    const { app, mpgs } = await startApp({
      ...SECRETS,
      baseUrl: plutu.url,
      timeout: 300,
    });
    const checkout = mpgs.createCheckout(ORDER).catch(() => {});
    await expect.poll(() => plutu.seen).toHaveLength(1);
    expectNoSecret(everyView(mpgs));
    expectNoSecret(inspect(app, { ...WHOLE, depth: 9 }));
    await checkout;
    expectNoSecret(everyView(mpgs));
  }, 60_000);

  it.each<[string, (secret: string) => string]>([
    ['as it is', (secret) => secret],
    ['percent-encoded', encodeURIComponent],
    ['percent-encoded in lower case', (s) => s.replace(/\W/g, lowerPercent)],
    ["in PHP's JSON", (secret) => secret.replaceAll('/', '\\/')],
    ['in JSON, escaped', (s) => s.replace(/\W/g, unicodeEscape)],
    ['in HTML', (s) => s.replaceAll('&', '&amp;')],
    ['in HTML, by number', (s) => s.replace(/\W/g, (c) => `&#${code(c)};`)],
    ['in HTML, by hex', (s) => s.replace(/\W/g, (c) => `&#x${hex(c)};`)],
  ])('in an echo of the request: %s', async (_how, spell) => {
    const secrets = [SECRETS.apiKey, SECRETS.accessToken];
    for (const secret of secrets) {
      const echo = spell(secret);
      const plutu = await answeringServer(502, `<p>${echo}</p>`);
      const { mpgs } = await startApp({ ...SECRETS, baseUrl: plutu.url });
      const error: unknown = await mpgs.createCheckout(ORDER).catch((e) => e);
      expect(error).toBeInstanceOf(PlutuUnexpectedAnswerError);
      expect(everyView(error)).not.toContain(echo);
      expectNoSecret(everyView(error));
    }
  });

  it('where one key begins with another', async () => {
    const apiKey = 'tok-12345';
    const accessToken = `${apiKey}-the-rest`;
    const plutu = await answeringServer(502, `no ${accessToken} here`);
    const { mpgs } = await startApp({
      apiKey,
      accessToken,
      baseUrl: plutu.url,
    });
    const error: unknown = await mpgs.createCheckout(ORDER).catch((e) => e);
    expect(error).toMatchObject({ excerpt: 'no [redacted] here' });
  });

  it('in the module as it is imported', () => {
    const options: PlutuModuleOptions = SECRETS;
    expectNoSecret(everyView(PlutuModule.forRoot(options)));
  });

  it.each([
    { apiKey: 'key with spaces' },
    { accessToken: 'ends with a line break\n' },
    { secretKey: ['good', 'bad\u0000'] },
    { apiKey: '' },
    { baseUrl: 'https://user:password@plutu.example' },
  ])('when the options are wrong: %j', async (wrong) => {
    const error: unknown = await startApp({ ...SECRETS, ...wrong }).catch(
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(Error);
    expectNoSecret(everyView(error));
    for (const value of Object.values(wrong).flat()) {
      if (value) expect(everyView(error)).not.toContain(value);
    }
  });

  it('in the log, and no signature either', async () => {
    const logger = new CollectingLogger();
    const { url, emitter } = await startApp(
      { secretKey: vectors.secretKey },
      {},
      { logger },
    );
    emitter.on('plutu.payment.canceled', () => {
      throw new Error('the database is down');
    });
    const queries = [...vectors.accepted, ...vectors.refused].map(
      (v) => v.query,
    );
    for (const query of queries) {
      const answer = await fetch(`${url}/plutu/mpgs/callback?${query}`);
      const text = await answer.text();
      expect(text).not.toMatch(/[0-9A-F]{64}/i);
      expect(text).not.toContain(vectors.secretKey);
    }
    const log = logger.lines.map(String).join('\n');
    expect(log).toContain('Callback accepted: mpgs invoice 232323');
    expect(log).toContain('Callback not accepted: mpgs invoice INV-2026-0042');
    expect(log).toContain('the database is down');
    expect(log).toContain(
      'Callback of mpgs rejected at /plutu/mpgs/callback: unsigned',
    );
    expect(log).not.toMatch(/[0-9A-F]{64}/i);
    expect(log).not.toContain(vectors.secretKey);
  });
});

it('options from the environment are plain strings, and are not kept', () => {
  const env = { PLUTU_API_KEY: 'a', PLUTU_SECRET_KEY: 'x,y' };
  expect(plutuOptionsFromEnv(env)).toEqual({
    apiKey: 'a',
    accessToken: '',
    secretKey: ['x', 'y'],
    baseUrl: undefined,
  });
  expect(plutuOptionsFromEnv({ PLUTU_BASE_URL: '' }).baseUrl).toBeUndefined();
});
