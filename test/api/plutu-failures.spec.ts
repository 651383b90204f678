import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  PlutuConnectionError,
  PlutuError,
  PlutuOutcomeUnknownError,
  PlutuRefusedError,
  PlutuUnexpectedAnswerError,
  toHttpException,
} from '../../src/index.js';
import { startApp } from '../support/app.js';
import {
  answeringServer,
  freePort,
  httpServer,
  tcpServer,
} from '../support/servers.js';

const ORDER = { amount: '5.00', invoiceNo: 'inv-1' };

/** What `createCheckout` throws against a given API. */
async function failure(
  baseUrl: string,
  options: Parameters<typeof startApp>[0] = {},
): Promise<PlutuError> {
  const { mpgs } = await startApp({ baseUrl, ...options });
  const error: unknown = await mpgs
    .createCheckout(ORDER)
    .catch((thrown) => thrown);
  expect(error).toBeInstanceOf(PlutuError);
  return error as PlutuError;
}

async function failureOf<E extends PlutuError>(
  errorClass: abstract new (...args: never[]) => E,
  baseUrl: string,
  options: Parameters<typeof startApp>[0] = {},
): Promise<E> {
  const error = await failure(baseUrl, options);
  expect(error).toBeInstanceOf(errorClass);
  return error as unknown as E;
}

function refusedWith(code: unknown, status = 400, more: object = {}) {
  return { error: { status, code, message: 'No.', ...more } };
}

describe('Plutu refuses', () => {
  it.each([
    ['AUTH_ERROR', 'configuration', false],
    ['FORBIDDEN_IP_ADDRESS', 'configuration', false],
    ['DENIED_ACCESS_GATEWAY', 'configuration', false],
    ['INVALID_AMOUNT', 'request', false],
    ['DUPLICATED_INVOICE_NUMBER', 'request', false],
    ['INSUFFICIENT_BALANCE', 'customer', false],
    ['INVLIAD_OTP', 'customer', false],
    ['BACKEND_ERROR', 'plutu', true],
  ])('with %s, which lies with the %s', async (code, fault, retryable) => {
    const plutu = await answeringServer(400, refusedWith(code));
    const error = await failureOf(PlutuRefusedError, plutu.url);
    expect(error).toMatchObject({
      name: 'PlutuRefusedError',
      message: `Plutu refused the request (${code}): No.`,
      code,
      knownCode: code,
      fault,
      retryable,
      httpStatus: 400,
      fields: {},
    });
    expect(plutu.seen).toHaveLength(1);
  });

  it('with a code in another case, which is passed on as it is', async () => {
    const plutu = await answeringServer(401, refusedWith('Unauthorized', 401));
    await expect(
      failureOf(PlutuRefusedError, plutu.url),
    ).resolves.toMatchObject({
      code: 'Unauthorized',
      knownCode: 'UNAUTHORIZED',
      fault: 'configuration',
    });
  });

  it('inside an HTTP 200', async () => {
    const plutu = await answeringServer(
      200,
      refusedWith('DENIED_ACCESS_GATEWAY', 403),
    );
    await expect(failure(plutu.url)).resolves.toMatchObject({
      code: 'DENIED_ACCESS_GATEWAY',
      httpStatus: 403,
    });
  });

  it('with fields, one message or several to each', async () => {
    const fields = { amount: ['Too much.', 'Too odd.'], lang: 'Unknown.' };
    const plutu = await answeringServer(
      422,
      refusedWith('INVALID_INPUTS', 422, { fields }),
    );
    const error = await failureOf(PlutuRefusedError, plutu.url);
    expect(error.fields).toEqual({ ...fields, lang: ['Unknown.'] });
  });

  it.each([
    [
      'its own shape',
      (fields: object) => refusedWith('INVALID_INPUTS', 422, { fields }),
    ],
    [
      "Laravel's shape",
      (errors: object) => ({ message: 'The data was invalid.', errors }),
    ],
  ])(
    'with fields by their names on the wire in %s, and they become those of the request',
    async (_, answer) => {
      const plutu = await answeringServer(
        422,
        answer({
          amount: ['Too much.'],
          invoice_no: ['It is used up.'],
          return_url: ['Too long.', 'Too odd.'],
          customer_ip: ['Not known.'],
          line_2: ['Empty.'],
        }),
      );
      const error = await failureOf(PlutuRefusedError, plutu.url);
      const fields = {
        amount: ['Too much.'],
        invoiceNo: ['It is used up.'],
        returnUrl: ['Too long.', 'Too odd.'],
        customerIp: ['Not known.'],
        line_2: ['Empty.'],
      };
      expect(error.fields).toEqual(fields);
      expect(toHttpException(error).getResponse()).toMatchObject({ fields });
    },
  );

  it.each([
    [400, 'request', false],
    [403, 'configuration', false],
    [404, 'configuration', false],
    [429, 'plutu', true],
    [503, 'plutu', true],
  ])(
    'with a code that nobody knows and HTTP %i, and it passes through',
    async (status, fault, retryable) => {
      const plutu = await answeringServer(status, refusedWith('NEW_1', status));
      await expect(
        failureOf(PlutuRefusedError, plutu.url),
      ).resolves.toMatchObject({
        code: 'NEW_1',
        knownCode: undefined,
        fault,
        retryable,
        httpStatus: status,
      });
    },
  );

  it('with a name that every object has, which is not a known code', async () => {
    const plutu = await answeringServer(400, refusedWith('constructor'));
    const error = await failureOf(PlutuRefusedError, plutu.url);
    expect(error).toMatchObject({ knownCode: undefined, fault: 'request' });
  });

  it("in Laravel's validation shape", async () => {
    const plutu = await answeringServer(422, {
      message: 'The given data was invalid.',
      errors: { amount: ['The amount must be a number.'] },
    });
    await expect(
      failureOf(PlutuRefusedError, plutu.url),
    ).resolves.toMatchObject({
      code: 'PLUTU_REFUSED',
      message:
        'Plutu refused the request (HTTP 422): The given data was invalid.',
      fault: 'request',
      fields: { amount: ['The amount must be a number.'] },
    });
  });

  it('with a bare message', async () => {
    const plutu = await answeringServer(401, { message: 'Unauthenticated.' });
    await expect(
      failureOf(PlutuRefusedError, plutu.url),
    ).resolves.toMatchObject({ fault: 'configuration', httpStatus: 401 });
  });

  it('with an error that is only text, or a code that is a number', async () => {
    const text = await answeringServer(200, { error: 'Down for maintenance' });
    await expect(failure(text.url)).resolves.toMatchObject({
      message: expect.stringContaining('Down for maintenance'),
    });
    const number = await answeringServer(400, refusedWith(1004));
    await expect(failure(number.url)).resolves.toMatchObject({ code: '1004' });
  });

  it('at length, and what is kept of it is bounded and on one line', async () => {
    const fields = Object.fromEntries(
      Array.from({ length: 200 }, (_, i) => [`f${i}`, Array(50).fill('x')]),
    );
    const plutu = await answeringServer(
      400,
      refusedWith('X'.repeat(5000), 400, {
        message: 'line\r\nline \u001b[31m'.repeat(5000),
        fields,
      }),
    );
    const error = await failureOf(PlutuRefusedError, plutu.url);
    expect(error.message.length).toBeLessThan(500);
    expect(error.message).not.toMatch(/[\r\n\u001b]/);
    expect(Object.keys(error.fields)).toHaveLength(50);
    expect(error.fields['f0']).toHaveLength(10);
  });
});

describe('something else answers', () => {
  it.each([
    ['HTML from a proxy', 502, '<html>\n <h1>Bad gateway</h1>\n</html>'],
    ['nothing', 200, ''],
    ['truncated JSON', 200, '{"status":200,"result":{"redirect_u'],
    ['JSON of another shape', 200, { ok: true }],
    [
      'a result beside a failing status',
      500,
      { result: { redirect_url: 'https://x.example' } },
    ],
    ['a list', 200, []],
    ['no redirect URL', 200, { result: { code: 'CHECKOUT_REDIRECT' } }],
    ['a relative redirect URL', 200, { result: { redirect_url: '/c/1' } }],
    [
      'a script for a redirect URL',
      200,
      { result: { redirect_url: 'javascript:alert(1)' } },
    ],
    [
      'a redirect URL that is no text',
      200,
      { result: { redirect_url: ['https://x.example'] } },
    ],
  ])('%s', async (_name, status, body) => {
    const plutu = await answeringServer(status, body);
    const error = await failureOf(PlutuUnexpectedAnswerError, plutu.url);
    expect(error).toMatchObject({ httpStatus: status, retryable: false });
    expect(error.excerpt).toBe(
      (typeof body === 'string' ? body : JSON.stringify(body)).replace(
        /\s+/g,
        ' ',
      ),
    );
    expect(plutu.seen).toHaveLength(1);
  });

  it('a redirect, which is not followed with the keys', async () => {
    const elsewhere = await answeringServer(200, { result: {} });
    const plutu = await answeringServer(307, '', {
      headers: { location: elsewhere.url },
    });
    const error = await failureOf(PlutuUnexpectedAnswerError, plutu.url);
    expect(error.httpStatus).toBe(307);
    expect(elsewhere.seen).toHaveLength(0);
  });

  it('far too much, also when compressed', async () => {
    const flood = Buffer.alloc(5_000_000, ' ');
    const plain = await httpServer((response) => response.end(flood));
    const bomb = await httpServer((response) => {
      response.setHeader('content-encoding', 'gzip').end(gzipSync(flood));
    });
    for (const { url } of [plain, bomb]) {
      const error = await failureOf(PlutuUnexpectedAnswerError, url);
      expect(error.message).toContain('too large');
    }
  });

  it('with a long text, of which an excerpt is kept', async () => {
    const plutu = await answeringServer(500, 'no '.repeat(1000));
    const error = await failureOf(PlutuUnexpectedAnswerError, plutu.url);
    expect(error.excerpt).toHaveLength(201);
  });
});

describe('no connection', () => {
  it('is tried again as often as asked, and nothing was sent', async () => {
    const baseUrl = `http://127.0.0.1:${await freePort()}`;
    const started = performance.now();
    const error = await failureOf(PlutuConnectionError, baseUrl, {
      retries: 2,
    });
    // Two pauses, of at least 100 and 200 ms.
    expect(performance.now() - started).toBeGreaterThan(290);
    expect(error).toMatchObject({
      code: 'PLUTU_CONNECTION_FAILED',
      networkCode: 'ECONNREFUSED',
      retryable: true,
    });
    expect(error.message).toContain('Nothing was sent');
  });

  it('names the host, but not to whoever called POST checkout', async () => {
    const host = `127.0.0.1:${await freePort()}`;
    const error = await failureOf(PlutuConnectionError, `http://${host}`, {
      retries: 0,
    });
    expect(error.message).toContain(host);
    expect(JSON.stringify(toHttpException(error).getResponse())).not.toContain(
      host,
    );
  });

  it('is not tried again once the application has closed', async () => {
    const port = await freePort();
    const { app, mpgs } = await startApp({
      baseUrl: `http://127.0.0.1:${port}`,
      retries: 10,
    });
    const checkout = mpgs
      .createCheckout(ORDER)
      .catch((error: unknown) => error);
    await sleep(50);
    await app.close();
    const plutu = await answeringServer(200, {}, { port });

    expect(await checkout).toBeInstanceOf(PlutuConnectionError);
    await sleep(500);
    expect(plutu.seen).toHaveLength(0);
  });

  it('succeeds when Plutu is back in time', async () => {
    const port = await freePort();
    const { mpgs } = await startApp({
      baseUrl: `http://127.0.0.1:${port}`,
      retries: 5,
    });
    const checkout = mpgs.createCheckout(ORDER);
    const plutu = await answeringServer(
      200,
      { result: { redirect_url: 'https://x.example/c' } },
      { port },
    );
    await expect(checkout).resolves.toBeDefined();
    expect(plutu.seen).toHaveLength(1);
  });

  it.each(['http://plutu.invalid', 'https://plutu.invalid'])(
    'for want of the name in %s',
    async (baseUrl) => {
      const error = await failureOf(PlutuConnectionError, baseUrl, {
        retries: 0,
      });
      expect(error.networkCode).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/);
    },
  );

  it('where the other side does not speak TLS, without trying again', async () => {
    const plain = await tcpServer((socket) => {
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    const baseUrl = plain.url.replace('http:', 'https:');
    await failureOf(PlutuConnectionError, baseUrl);
    expect(plain.connections()).toBe(1);
  });
});

describe('the outcome is unknown, and the request is not sent again', () => {
  it('when Plutu hangs', async () => {
    const plutu = await httpServer(() => {});
    const error = await failureOf(PlutuOutcomeUnknownError, plutu.url, {
      timeout: 200,
    });
    expect(error).toMatchObject({ reason: 'timeout', retryable: false });
    expect(plutu.seen).toHaveLength(1);
  });

  it('when Plutu trickles', async () => {
    const plutu = await httpServer((response) => {
      response.writeHead(200);
      const trickle = setInterval(() => response.write(' '), 50);
      response.on('close', () => clearInterval(trickle));
    });
    const error = await failureOf(PlutuOutcomeUnknownError, plutu.url, {
      timeout: 300,
    });
    expect(error.reason).toBe('timeout');
  });

  it.each<[string, Parameters<typeof tcpServer>[0]]>([
    ['resets', (socket) => socket.once('data', () => socket.resetAndDestroy())],
    ['hangs up', (socket) => socket.once('data', () => socket.end())],
    [
      'breaks off in the middle',
      (socket) =>
        socket.once('data', () =>
          socket.end('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"resu'),
        ),
    ],
    [
      'talks nonsense',
      (socket) => socket.once('data', () => socket.end('??\r\n\r\n')),
    ],
  ])('when Plutu %s', async (_name, onConnection) => {
    const plutu = await tcpServer(onConnection);
    const error = await failureOf(PlutuOutcomeUnknownError, plutu.url);
    expect(error).toMatchObject({ reason: 'cut-off', retryable: false });
    expect(error.message).toContain('outcome is unknown');
    expect(error.message).toContain(error.invoiceNo);
    expect(error.invoiceNo).toBe('inv-1');
    expect(plutu.connections()).toBe(1);
  });
});

describe('over TLS', () => {
  const opened = (redirectUrl: string) =>
    answeringServer(
      200,
      { result: { redirect_url: redirectUrl } },
      { tls: true },
    );

  it('a certificate that does not hold ends it before anything is sent', async () => {
    const plutu = await opened('https://x.example/c');
    const error = await failureOf(PlutuConnectionError, plutu.url);
    expect(error.networkCode).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(plutu.seen).toHaveLength(0);
  });

  it('a reset before the request could go out ends it with nothing sent', async () => {
    const plutu = await tcpServer((socket) =>
      socket.once('data', () => socket.resetAndDestroy()),
    );
    const baseUrl = plutu.url.replace('http:', 'https:');
    const error = await failureOf(PlutuConnectionError, baseUrl);
    expect(error.networkCode).toBe('ECONNRESET');
  });

  it('an answer that is damaged on the way leaves the outcome unknown', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    onTestFinished(() => void vi.unstubAllEnvs());
    const plutu = await opened('https://x.example/c');
    const { port } = new URL(plutu.url);
    const wire = await tcpServer((socket) => {
      const upstream = connect(Number(port), '127.0.0.1');
      upstream.on('error', () => {});
      socket.pipe(upstream);
      upstream.on('data', (chunk: Buffer) => {
        // Plutu has the request by now: damage its answer.
        const last = chunk.length - 1;
        if (plutu.seen.length > 0) chunk[last] = (chunk[last] ?? 0) ^ 0xff;
        socket.write(chunk);
      });
    });

    const error = await failureOf(
      PlutuOutcomeUnknownError,
      wire.url.replace('http:', 'https:'),
    );

    expect(error.reason).toBe('cut-off');
    expect(plutu.seen).toHaveLength(1);
  });

  it('the customer is not sent to a plain http page', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    onTestFinished(() => void vi.unstubAllEnvs());
    const secure = await opened('https://x.example/c');
    const { mpgs } = await startApp({ baseUrl: secure.url });
    await expect(mpgs.createCheckout(ORDER)).resolves.toBeDefined();

    const plain = await opened('http://x.example/c');
    await failureOf(PlutuUnexpectedAnswerError, plain.url);
    expect(plain.seen).toHaveLength(1);
  });
});
