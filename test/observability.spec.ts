import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tracingChannel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Logger } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { ExpressAdapter } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { NativeLogger } from 'nestjs-pino';
import { Registry } from 'prom-client';
import {
  afterAll,
  beforeAll,
  describe,
  expect,
  it,
  onTestFinished,
} from 'vitest';
import {
  OnPaymentApproved,
  PLUTU_CHANNELS,
  PlutuModule,
  PlutuRefusedError,
  type PlutuFault,
} from '../src/index.js';
import { ACCOUNT, recordErrors, startApp } from './support/app.js';
import { callbackQuery } from './support/callbacks.js';
import { readDocument, writeManualApplication } from './support/manual.js';
import { call, ownQueue } from './support/queue.js';
import { findRedis, HOW_TO_GET_REDIS } from './support/redis.js';
import { freePort } from './support/servers.js';
import { isMissing, onPath } from './support/tools.js';

const redis = await findRedis();
afterAll(() => redis?.close());

/** The recipes of docs/observability.md, as files that use the source. */
let recipes = '';
beforeAll(async () => {
  const root = fileURLToPath(new URL('.', import.meta.url));
  recipes = await mkdtemp(join(root, 'recipes-'));
  await writeManualApplication(recipes, ['observability']);
  const names = ['measure', 'prometheus', 'metrics', 'tracing', 'logging'];
  for (const name of names) {
    const file = recipe(name);
    const source = await readFile(file, 'utf8');
    const own = source.replace("'nestjs-plutu'", "'../../../src/index.js'");
    await writeFile(file, own);
  }
});
afterAll(() => rm(recipes, { recursive: true, force: true }));

const recipe = (name: string) => join(recipes, 'observability', `${name}.ts`);

async function load<Module>(name: string): Promise<Module> {
  return import(pathToFileURL(recipe(name)).href);
}

/** A consumer that fails once. */
function failingOnce() {
  let calls = 0;
  class Orders {
    @OnPaymentApproved({ consumer: 'booking' })
    async book() {
      trace.getTracer('shop').startSpan('INSERT').end();
      if (++calls === 1) throw new Error('the database is down');
    }
  }
  return Orders;
}

/** A forged callback, and one payment that arrives three times and fails once. */
async function useShop(delivery?: ReturnType<typeof ownQueue>): Promise<void> {
  recordErrors();
  const app = await startApp(
    { redirect: '/orders/done', delivery },
    { isDeaf: true, providers: [failingOnce()] },
  );
  const status = async (query: string) => {
    const url = `${app.url}/plutu/mpgs/callback?${query}`;
    return (await fetch(url, { redirect: 'manual' })).status;
  };
  expect(await status(callbackQuery({}, 'another-key'))).toBe(303);
  await status(callbackQuery());
  await expect.poll(() => status(callbackQuery())).toBe(303);
  expect(await status(callbackQuery())).toBe(303);
}

describe('the recipes of docs/observability.md', () => {
  it('count with prom-client: a payment once, and a forgery although it is answered 303', async () => {
    const registry = new Registry();
    const { plutuToPrometheus } = await load<{
      plutuToPrometheus: (to: Registry, gateways: string[]) => void;
    }>('prometheus');
    plutuToPrometheus(registry, ['mpgs']);
    // Before anything has happened: otherwise the first case would not be a rise.
    expect((await registry.metrics()).split('\n')).toEqual(
      expect.arrayContaining([
        'plutu_cases{gateway="mpgs",kind="mismatch"} 0',
        'plutu_callbacks{gateway="mpgs",arrival="not-accepted",reason=""} 0',
      ]),
    );
    await useShop();

    const samples = await expect
      .poll(async () => (await registry.metrics()).split('\n'))
      .toContain(
        'plutu_callbacks{gateway="mpgs",arrival="duplicate",reason=""} 1',
      )
      .then(() => registry.metrics());
    const lines = samples.split('\n');
    expect(lines).toContain(
      'plutu_callbacks{gateway="mpgs",arrival="refused",reason="signature-mismatch"} 1',
    );
    expect(lines).toContain(
      'plutu_callbacks{gateway="mpgs",arrival="not-accepted",reason=""} 1',
    );
    expect(lines).toContain(
      'plutu_payments{gateway="mpgs",outcome="approved",reason=""} 1',
    );
    expect(lines).toContain(
      'plutu_bookings{gateway="mpgs",outcome="approved"} 1',
    );
    expect(lines).toContain(
      'plutu_consumer_runs{consumer="booking",result="failed"} 1',
    );
    expect(samples).toContain(
      'plutu_callback_seconds_count{gateway="mpgs",arrival="new"} 1',
    );
  });

  it('time a request that a customer can correct apart from the others', async () => {
    const timed: object[] = [];
    const { measurePlutu } = await load<{
      measurePlutu: (meters: object) => void;
    }>('measure');
    measurePlutu({
      count: () => {},
      time: (_name: string, _seconds: number, labels: object) =>
        timed.push(labels),
    });
    const channel = tracingChannel<unknown, object>(PLUTU_CHANNELS.request);
    const refuse = async (code: string, fault: PlutuFault) => {
      const error = new PlutuRefusedError({
        message: code,
        code,
        knownCode: undefined,
        fault,
        retryable: false,
        httpStatus: 400,
        fields: {},
      });
      const trace = { gateway: 'sadadapi', action: 'confirm', errorCode: code };
      await expect(
        channel.tracePromise(() => Promise.reject(error), trace),
      ).rejects.toBe(error);
    };

    await refuse('INVLIAD_OTP', 'customer');
    await refuse('UNAUTHORIZED', 'configuration');

    expect(timed).toMatchObject([
      { result: 'customer' },
      { result: 'UNAUTHORIZED' },
    ]);
  });

  it('count with OpenTelemetry', async () => {
    const exporter = new InMemoryMetricExporter(
      AggregationTemporality.CUMULATIVE,
    );
    const reader = new PeriodicExportingMetricReader({ exporter });
    const provider = new MeterProvider({ readers: [reader] });
    onTestFinished(() => provider.shutdown());
    const { plutuToOpenTelemetry } = await load<{
      plutuToOpenTelemetry: (to: ReturnType<MeterProvider['getMeter']>) => void;
    }>('metrics');
    plutuToOpenTelemetry(provider.getMeter('shop'));
    await useShop();

    await reader.forceFlush();
    const points = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics)
      .flatMap(({ metrics }) => metrics)
      .flatMap(({ descriptor, dataPoints }) =>
        dataPoints.map(({ attributes, value }) => ({
          name: descriptor.name,
          attributes,
          value,
        })),
      );
    expect(points).toContainEqual({
      name: 'plutu_payments',
      attributes: { gateway: 'mpgs', outcome: 'approved', reason: '' },
      value: 1,
    });
    expect(points).toContainEqual({
      name: 'plutu_callback_seconds',
      attributes: { gateway: 'mpgs', arrival: 'new' },
      value: expect.objectContaining({ count: 1 }),
    });
  });

  describe('trace with OpenTelemetry:', () => {
    const exporter = new InMemorySpanExporter();
    beforeAll(async () => {
      const contextManager = new AsyncLocalStorageContextManager();
      context.setGlobalContextManager(contextManager.enable());
      trace.setGlobalTracerProvider(
        new BasicTracerProvider({
          spanProcessors: [new SimpleSpanProcessor(exporter)],
        }),
      );
      const { tracePlutu } = await load<{
        tracePlutu: (active: unknown) => void;
      }>('tracing');
      tracePlutu(contextManager['_asyncLocalStorage']);
    });

    describe.each([
      { name: 'in the process', delivery: () => undefined, isSkipped: false },
      {
        name: 'through BullMQ',
        delivery: () => ownQueue(redis),
        isSkipped: isMissing(redis, {
          suite: 'the recipe for traces, through BullMQ',
          howToGetIt: HOW_TO_GET_REDIS,
        }),
      },
    ])('a payment that is delivered $name', ({ delivery, isSkipped }) => {
      it.skipIf(isSkipped)(
        'has all its attempts in one trace, which its callbacks link to',
        async () => {
          exporter.reset();
          await useShop(delivery());

          const named = (name: string) =>
            exporter.getFinishedSpans().filter((span) => span.name === name);
          await expect
            .poll(() => named('plutu mpgs callback').length)
            .toBeGreaterThanOrEqual(4);
          const runs = named('plutu consumer booking');
          const [traceId = '', ...others] = new Set(
            runs.map((span) => span.spanContext().traceId),
          );
          expect(runs).toHaveLength(2);
          expect(others).toEqual([]);
          expect(
            runs.map(({ attributes }) => attributes['plutu.attempt']),
          ).toEqual(delivery() ? [1, 2] : [1, 1]);
          expect(runs[0]?.status).toMatchObject({
            message: expect.stringContaining('the database is down'),
          });
          const [forged, ...genuine] = named('plutu mpgs callback');
          expect(forged?.attributes).toMatchObject({
            'plutu.arrival': 'refused',
            'plutu.reason': 'signature-mismatch',
          });
          expect(forged?.links).toEqual([]);
          for (const { links } of genuine) {
            expect(links.map((link) => link.context.traceId)).toEqual([
              traceId,
            ]);
          }
          const inserts = named('INSERT').map(
            ({ parentSpanContext }) => parentSpanContext?.spanId,
          );
          expect(inserts).toEqual(
            runs.map((span) => span.spanContext().spanId),
          );
        },
      );
    });
  });

  it('log with nestjs-pino: fields beside the sentence, and no signature', async () => {
    let written = '';
    const stream = new Writable({
      write(chunk, _encoding, done) {
        written += String(chunk);
        done();
      },
    });
    const { logging } = await load<{ logging: (to: Writable) => never }>(
      'logging',
    );
    const testingModule = await Test.createTestingModule({
      imports: [
        logging(stream),
        EventEmitterModule.forRoot(),
        PlutuModule.forRoot(ACCOUNT),
      ],
      providers: [failingOnce()],
    }).compile();
    const app = testingModule.createNestApplication(new ExpressAdapter(), {
      bufferLogs: true,
    });
    app.useLogger(app.get(NativeLogger));
    onTestFinished(() => Logger.overrideLogger(false));
    onTestFinished(() => app.close());
    await app.listen(0, '127.0.0.1');
    const url = `${await app.getUrl()}/plutu/mpgs/callback?${callbackQuery()}`;
    for (let i = 0; i < 2; i++) {
      await fetch(url, { headers: { Referer: url } });
    }
    await fetch(`${await app.getUrl()}/orders?page=2`);

    const lines = written
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(lines).toContainEqual(
      expect.objectContaining({
        msg: expect.stringContaining('Callback accepted: mpgs invoice inv-1'),
        params: expect.objectContaining({
          invoiceNo: 'inv-1',
          outcome: 'approved',
        }),
      }),
    );
    expect(lines).toContainEqual(
      expect.objectContaining({
        msg: expect.stringContaining('Callback not accepted'),
        stack: expect.stringContaining('the database is down'),
      }),
    );
    expect(written).toContain('invoice_no=inv-1');
    expect(written).toContain('"/orders?page=2"');
    // Of an answer, the headers may lead to a checkout.
    expect(written).not.toContain('content-type');
    expect(written).not.toMatch(/[0-9A-F]{64}/);
  });
});

const nginx = onPath('nginx');

/**
 * The configuration of docs/observability.md, on ports and files of the test.
 *
 * @param connections how many each of its processes may have.
 */
function nginxConfiguration(
  folder: string,
  from: number,
  to: number,
  connections: number,
): string {
  const [, block = ''] =
    /```nginx\n([^]*?)```/.exec(readDocument('docs/observability.md')) ?? [];
  const own = block
    .replace('443 ssl', `127.0.0.1:${from}`)
    .replaceAll('/var/log/nginx', folder)
    .replaceAll('127.0.0.1:3000', `127.0.0.1:${to}`);
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join('\n');
  return `daemon off; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections ${connections}; }
http { ${places}
${own}
}`;
}

/** nginx as it is configured in docs/observability.md, in front of an application. */
async function startNginx(to: string, connections = 64) {
  const folder = await mkdtemp(join(tmpdir(), 'plutu-nginx-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  await mkdir(join(folder, 'logs'));
  await writeFile(
    file,
    nginxConfiguration(folder, port, Number(new URL(to).port), connections),
  );
  const server = spawn(nginx ?? '', ['-p', folder, '-c', file], {
    stdio: 'inherit',
  });
  onTestFinished(async () => {
    const ended = once(server, 'exit');
    if (server.kill()) await ended;
  });
  const url = `http://127.0.0.1:${port}`;
  await expect
    .poll(() =>
      fetch(`${url}/not-there`).then(
        (answer) => answer.status,
        () => 0,
      ),
    )
    .toBeGreaterThan(0);
  return {
    url,
    read: (name: 'shop.log' | 'error.log') =>
      readFile(join(folder, name), 'utf8'),
  };
}

describe.skipIf(
  isMissing(nginx, {
    suite: 'the configuration of nginx in docs/observability.md',
    howToGetIt: 'install nginx',
  }),
)('the configuration of nginx in docs/observability.md', () => {
  const SIGNATURE = /hashed|[0-9A-F]{64}/;

  it('lets callbacks through below a prefix, and writes no signature', async () => {
    const app = await startApp();
    const { url, read } = await startNginx(app.url);
    const shop = { ...app, url: `${url}/pay` };

    expect(await call(shop, callbackQuery())).toBe(200);
    expect(await call(shop, 'hashed=0')).toBe(403);
    await fetch(`${url}/plutu/mpgs/callback?${callbackQuery()}`); // not below it
    await app.app.close();
    const down = await fetch(
      `${shop.url}/plutu/mpgs/callback?${callbackQuery()}`,
    );

    expect(down.status).toBe(503);
    expect(down.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await down.text()).toContain('http-equiv="refresh"');
    const access = await read('shop.log');
    expect(access).toContain('"GET /pay/plutu/mpgs/callback" 200');
    expect(access).toContain('"GET /pay/plutu/mpgs/callback" 503');
    expect(access).toMatch(/"GET \/plutu\/mpgs\/callback" 40[34]/);
    expect(access).not.toMatch(SIGNATURE);
    expect(await read('error.log')).not.toMatch(SIGNATURE);
  });

  it('writes no signature if nginx has no connection left', async () => {
    const app = await startApp();
    // One to listen, one to its master, one for the client: none for the shop.
    const { url, read } = await startNginx(app.url, 3);

    const answer = await fetch(
      `${url}/pay/plutu/mpgs/callback?${callbackQuery()}`,
    );

    expect(answer.status).toBe(503);
    expect(await read('error.log')).not.toMatch(SIGNATURE);
    expect(await read('shop.log')).not.toMatch(SIGNATURE);
  });
});
