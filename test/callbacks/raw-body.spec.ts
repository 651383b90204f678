import 'reflect-metadata';
import {
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  Injectable,
  Module,
  Post,
  Req,
  type INestApplication,
  type MiddlewareConsumer,
  type NestApplicationOptions,
  type NestModule,
} from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import {
  ExpressAdapter,
  type NestExpressApplication,
} from '@nestjs/platform-express';
import {
  FastifyAdapter,
  type NestFastifyApplication,
} from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import express, { type Request, type RequestHandler } from 'express';
import { once } from 'node:events';
import { Agent, request as send, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RawBodies, type RawBody } from '../../src/callbacks/raw-body.js';

/** Members in an order of their own, spaces, an escape and Arabic. */
const CALLBACK =
  '{ "gateway":"tlync", "approved": 1,"amount":"60.00" ,"note":"\\u0623 طرابلس","2":"b","1":"a"}\n';
const MAX_LENGTH = 16 * 1024;

const platforms = {
  Express: (): AbstractHttpAdapter => new ExpressAdapter(),
  Fastify: (): AbstractHttpAdapter => new FastifyAdapter(),
};

@Injectable()
class Callbacks {
  /** What the route has got, in order, even if nobody hears the answer. */
  readonly bodies: RawBody[] = [];

  constructor(readonly raw: RawBodies) {
    raw.capture(
      ({ method, path }) => method === 'POST' && path.endsWith('/callback'),
    );
  }
}

@Controller('plutu')
class CallbackController {
  constructor(private readonly callbacks: Callbacks) {}

  @Post('callback')
  @HttpCode(200)
  async callback(@Req() request: object, @Body() parsed: unknown) {
    const body = await this.callbacks.raw.of(request);
    this.callbacks.bodies.push(body);
    return { ...body, parsed };
  }

  @Post('indifferent/callback')
  @HttpCode(200)
  indifferent() {
    return 'not read';
  }

  @Post('other')
  @HttpCode(200)
  other(
    @Body() parsed: unknown,
    @Headers() headers: Record<string, string>,
    @Req() request: { rawBody?: Buffer },
  ) {
    return {
      parsed,
      type: headers['content-type'],
      length: headers['content-length'],
      rawBody: request.rawBody?.toString(),
    };
  }

  @Post('upload')
  @HttpCode(200)
  async upload(@Req() request: Request) {
    // On Fastify, a parser of the application's hands the stream on.
    const upload = request.body instanceof Readable ? request.body : request;
    return { length: (await text(upload)).length };
  }

  @Post('raw-of-other')
  @HttpCode(200)
  ofOther(@Req() request: object) {
    return this.callbacks.raw.of(request);
  }

  @Get('callback')
  page() {
    return 'a page';
  }
}

@Module({
  providers: [RawBodies, Callbacks],
  controllers: [CallbackController],
})
class CallbackModule {}

interface StartOptions {
  adapter: AbstractHttpAdapter;
  configure?: (app: INestApplication) => void;
  options?: NestApplicationOptions;
  /** Default: {@link CallbackModule}. */
  module?: new () => object;
  with?: 'NestFactory' | 'createTestingModule';
}

interface StartedApp {
  app: INestApplication;
  port: number;
  /** Where the callback's route is. */
  url: string;
  bodies: readonly RawBody[];
}

async function start({
  adapter,
  configure,
  options = {},
  module = CallbackModule,
  with: starter = 'NestFactory',
}: StartOptions): Promise<StartedApp> {
  const app =
    starter === 'NestFactory'
      ? await NestFactory.create(module, adapter, { logger: false, ...options })
      : (
          await Test.createTestingModule({ imports: [module] }).compile()
        ).createNestApplication(adapter, { logger: false, ...options });
  onTestFinished(() => app.close());
  configure?.(app);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const { bodies } = app.get(Callbacks);
  return {
    app,
    port: Number(new URL(url).port),
    url: `${url}/plutu/callback`,
    bodies,
  };
}

interface Answer {
  status: number;
  body: unknown;
}

async function post(
  url: string,
  body: string | Uint8Array<ArrayBuffer> | FormData | undefined,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url, { method: 'POST', body, headers });
  const answer = await response.text();
  return {
    status: response.status,
    body: answer.startsWith('{') ? (JSON.parse(answer) as unknown) : answer,
  };
}

/** Posts on one connection, in pieces and with exactly these headers. */
async function postPieces(
  url: string,
  pieces: readonly (string | Buffer)[],
  {
    headers = {},
    agent,
  }: { headers?: Record<string, string>; agent?: Agent } = {},
): Promise<Answer> {
  const request = send(url, { method: 'POST', headers, agent });
  const answered = once(request, 'response') as Promise<[IncomingMessage]>;
  for (const piece of pieces) {
    request.write(piece);
    await sleep(10);
  }
  request.end();
  const [response] = await answered;
  return {
    status: response.statusCode ?? 0,
    body: JSON.parse(await text(response)) as unknown,
  };
}

async function openSocket(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

const JSON_TYPE = { 'content-type': 'application/json' };

describe.each(Object.entries(platforms))('on %s', (platform, newAdapter) => {
  const started = (options: Partial<StartOptions> = {}) =>
    start({ adapter: newAdapter(), ...options });

  it.each(['NestFactory', 'createTestingModule'] as const)(
    'a callback reaches its route as it was sent if %s makes the application',
    async (starter) => {
      const { url } = await started({ with: starter });

      expect(await post(url, CALLBACK, JSON_TYPE)).toEqual({
        status: 200,
        body: { text: CALLBACK, parsed: {} },
      });
    },
  );

  it.each([
    ['of no type', {}],
    ['of a type that nobody parses', { 'content-type': 'text/xml' }],
    ['of a malformed type', { 'content-type': 'no type; ;' }],
    [
      'in a charset that nobody knows',
      { 'content-type': 'application/json; charset=klingon' },
    ],
    [
      'that claims to be a form',
      { 'content-type': 'application/x-www-form-urlencoded' },
    ],
    [
      'that claims to be multipart',
      { 'content-type': 'multipart/form-data; boundary=x' },
    ],
  ])('a body %s is captured', async (_what, headers) => {
    const { url } = await started();

    const { status, body } = await postPieces(url, [CALLBACK], { headers });

    expect(status).toBe(200);
    expect(body).toMatchObject({ text: CALLBACK });
  });

  it.each([
    ['an empty body', ''],
    ['malformed JSON', '{"gateway":'],
    ['a form', 'gateway=tlync&approved=1&note=a+b%20c'],
  ])('%s that claims to be JSON is captured', async (_what, sent) => {
    const { url } = await started();

    expect(await post(url, sent, JSON_TYPE)).toEqual({
      status: 200,
      body: { text: sent, parsed: {} },
    });
  });

  it('a request that has no body at all has an empty one', async () => {
    const { port, bodies } = await started();
    const socket = await openSocket(port);
    socket.write('POST /plutu/callback HTTP/1.1\r\nHost: shop\r\n\r\n');

    await expect.poll(() => bodies).toEqual([{ text: '' }]);
  });

  it('a body in chunks that cut through its characters is captured', async () => {
    const { url } = await started();
    const bytes = Buffer.from(CALLBACK);
    const pieces = Array.from({ length: bytes.length / 20 + 1 }, (_, index) =>
      bytes.subarray(index * 20, (index + 1) * 20),
    ).filter(({ length }) => length > 0);

    const { body } = await postPieces(url, pieces, { headers: JSON_TYPE });

    expect(body).toMatchObject({ text: CALLBACK });
  });

  it('a byte order mark is dropped', async () => {
    const { url } = await started();

    const { body } = await post(url, `\uFEFF${CALLBACK}`, JSON_TYPE);

    expect(body).toMatchObject({ text: CALLBACK });
  });

  it('a body of 16 KiB is captured, and one more byte is too large', async () => {
    const { url } = await started();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const postOn = async (length: number) =>
      (await postPieces(url, ['x'.repeat(length)], { agent })).body;

    expect(await postOn(MAX_LENGTH)).toMatchObject({
      text: 'x'.repeat(MAX_LENGTH),
    });
    expect(await postOn(MAX_LENGTH + 1)).toMatchObject({
      problem: 'too-large',
    });
    expect(await postOn(2_000_000)).toMatchObject({ problem: 'too-large' });
    expect(await postOn(1)).toMatchObject({ text: 'x' });
  });

  it('a body that is too large is known to be so before it has ended', async () => {
    const { port, bodies } = await started();
    const socket = await openSocket(port);
    socket.write(
      `POST /plutu/callback HTTP/1.1\r\nHost: shop\r\nContent-Length: 100000000\r\n\r\n${'x'.repeat(20_000)}`,
    );

    await expect.poll(() => bodies).toEqual([{ problem: 'too-large' }]);
  });

  it('what is more than 16 KiB of a body does not stay in memory', async () => {
    const { port, bodies } = await started();
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const held = (): number => {
      collectGarbage();
      return process.memoryUsage().arrayBuffers / 1_000_000;
    };
    const before = held();
    const socket = await openSocket(port);
    socket.write(
      'POST /plutu/callback HTTP/1.1\r\nHost: shop\r\nContent-Length: 99000000\r\n\r\n',
    );
    const megabyte = Buffer.alloc(1_000_000, 'x');
    for (let sent = 0; sent < 64; sent++) {
      if (!socket.write(megabyte)) await once(socket, 'drain');
    }

    await expect.poll(() => bodies).toEqual([{ problem: 'too-large' }]);
    // Buffers are freed some time after they were collected.
    await expect.poll(() => held() - before).toBeLessThan(16);
  });

  it('a client that breaks off its body is not waited for', async () => {
    const { port, bodies } = await started();
    const socket = await openSocket(port);
    socket.write(
      'POST /plutu/callback HTTP/1.1\r\nHost: shop\r\nContent-Length: 100\r\n\r\nhalf of it',
    );
    await sleep(50);
    expect(bodies).toEqual([]);
    socket.destroy();

    await expect.poll(() => bodies).toEqual([{ problem: 'broken-off' }]);
  });

  it('a body in chunks that its client breaks off is not taken for a whole one', async () => {
    const { port, bodies } = await started();
    const socket = await openSocket(port);
    socket.end(
      'POST /plutu/callback HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n',
    );

    await expect.poll(() => bodies).toEqual([{ problem: 'broken-off' }]);
  });

  it('a compressed body is reported, and not inflated', async () => {
    const { url } = await started();

    expect(
      await post(url, new Uint8Array(gzipSync(CALLBACK)), {
        ...JSON_TYPE,
        'content-encoding': 'gzip',
      }),
    ).toEqual({ status: 200, body: { problem: 'encoded', parsed: {} } });
    const { body } = await post(url, CALLBACK, {
      'content-encoding': 'Identity',
    });
    expect(body).toMatchObject({ text: CALLBACK });
  });

  it('a connection serves the next request after a body that nobody has read', async () => {
    const { app, url } = await started();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const noRoute = `${await app.getUrl()}/no/route/callback`;
    const large = 'x'.repeat(500_000);

    const { status } = await postPieces(noRoute, [large], {
      agent,
      headers: JSON_TYPE,
    });
    const { body } = await postPieces(url, [CALLBACK], { agent });

    expect(status).toBe(404);
    expect(body).toMatchObject({ text: CALLBACK });
  });

  it('a callback whose route does not ask for the body is answered', async () => {
    const { app } = await started();
    const indifferent = `${await app.getUrl()}/plutu/indifferent/callback`;

    expect(await post(indifferent, '{', JSON_TYPE)).toEqual({
      status: 200,
      body: 'not read',
    });
  });

  it.each([
    ['rawBody: true', { rawBody: true }],
    ['bodyParser: false', { bodyParser: false }],
    ['cors: true', { cors: true }],
    ['forceCloseConnections: true', { forceCloseConnections: true }],
  ] as const)('a callback is captured with %s', async (_what, options) => {
    const { url } = await started({ options });

    expect(await post(url, CALLBACK, JSON_TYPE)).toMatchObject({
      status: 200,
      body: { text: CALLBACK },
    });
  });

  it('a callback is captured under a global prefix and behind a slow middleware', async () => {
    const seen: string[] = [];
    @Module({ imports: [CallbackModule] })
    class ShopModule implements NestModule {
      configure(consumer: MiddlewareConsumer): void {
        const middleware: RequestHandler = (request, _response, next) => {
          seen.push(request.originalUrl);
          setTimeout(next, 20);
        };
        consumer.apply(middleware).forRoutes('{*path}');
      }
    }
    const { app } = await started({
      module: ShopModule,
      configure: (application) => application.setGlobalPrefix('api/v1'),
    });
    const url = `${await app.getUrl()}/api/v1/plutu/callback`;

    expect(await post(`${url}?a=/x`, CALLBACK, JSON_TYPE)).toMatchObject({
      status: 200,
      body: { text: CALLBACK },
    });
    expect(seen).toEqual(['/api/v1/plutu/callback?a=/x']);
  });

  it('two applications in one process capture their own callbacks', async () => {
    const [one, other] = await Promise.all([started(), started()]);

    const answers = await Promise.all([
      post(one.url, '{"of":"one"}', JSON_TYPE),
      post(other.url, '{"of":"other"}', JSON_TYPE),
    ]);

    expect(answers.map(({ body }) => body)).toMatchObject([
      { text: '{"of":"one"}' },
      { text: '{"of":"other"}' },
    ]);
    expect([one.bodies.length, other.bodies.length]).toEqual([1, 1]);
  });

  it('two gateways may ask for the same callback', async () => {
    @Injectable()
    class OtherGateway {
      constructor(raw: RawBodies) {
        raw.capture(({ path }) => path.startsWith('/plutu/callback'));
      }
    }
    @Module({
      providers: [RawBodies, Callbacks, OtherGateway],
      controllers: [CallbackController],
    })
    class GatewaysModule {}
    const { url } = await started({ module: GatewaysModule });

    const { body } = await post(url, CALLBACK, JSON_TYPE);

    expect(body).toMatchObject({ text: CALLBACK });
  });

  it('the body of a request that was not captured is not available', async () => {
    const { app } = await started();
    const url = `${await app.getUrl()}/plutu/raw-of-other`;

    expect((await post(url, CALLBACK, JSON_TYPE)).body).toEqual({
      problem: 'not-captured',
    });
  });

  it('the body of a request that was not captured is what rawBody: true has kept', async () => {
    const { app } = await started({ options: { rawBody: true } });
    const url = `${await app.getUrl()}/plutu/raw-of-other`;

    expect((await post(url, CALLBACK, JSON_TYPE)).body).toEqual({
      text: CALLBACK,
    });
    const large = JSON.stringify(['x'.repeat(MAX_LENGTH)]);
    expect((await post(url, large, JSON_TYPE)).body).toEqual({
      problem: 'too-large',
    });
  });

  describe('a request that is no callback', () => {
    it('keeps its parsers, its headers and its rawBody', async () => {
      const { app } = await started({ options: { rawBody: true } });
      const url = `${await app.getUrl()}/plutu/other`;

      expect(await post(url, '{"a":[1]}', JSON_TYPE)).toEqual({
        status: 200,
        body: {
          parsed: { a: [1] },
          type: 'application/json',
          length: '9',
          rawBody: '{"a":[1]}',
        },
      });
      expect(
        await post(url, 'a=1&b=2', {
          'content-type': 'application/x-www-form-urlencoded',
        }),
      ).toMatchObject({ status: 200, body: { parsed: { a: '1', b: '2' } } });
    });

    it('is still refused for malformed JSON and for being too large', async () => {
      const { app } = await started();
      const url = `${await app.getUrl()}/plutu/other`;

      expect((await post(url, '{', JSON_TYPE)).status).toBe(400);
      const large = JSON.stringify(['x'.repeat(2_000_000)]);
      expect((await post(url, large, JSON_TYPE)).status).toBe(413);
    });

    it('streams a large upload to its route', async () => {
      const { app } = await started({
        configure: (application) => {
          if (platform !== 'Fastify') return;
          (application as NestFastifyApplication)
            .getHttpAdapter()
            .getInstance()
            .addContentTypeParser(
              'application/octet-stream',
              (_request, upload, done) => done(null, upload),
            );
        },
      });
      const url = `${await app.getUrl()}/plutu/upload`;

      expect(
        await post(url, new Uint8Array(5_000_000), {
          'content-type': 'application/octet-stream',
        }),
      ).toEqual({ status: 200, body: { length: 5_000_000 } });
    });

    it('may be a GET of the same path', async () => {
      const { url } = await started();

      expect(await (await fetch(url)).text()).toBe('a page');
    });
  });
});

describe('on Express', () => {
  const started = (
    configure: (app: NestExpressApplication) => unknown,
    options?: NestApplicationOptions,
  ) =>
    start({
      adapter: new ExpressAdapter(),
      configure: (app) => void configure(app as NestExpressApplication),
      options,
    });

  it.each<[string, RequestHandler]>([
    ['JSON with a verify', express.json({ verify: () => {} })],
    ['JSON of every type', express.json({ type: () => true })],
    ['every type as text', express.text({ type: '*/*' })],
    ['every type as bytes', express.raw({ type: '*/*', limit: 10 })],
    ['forms', express.urlencoded({ extended: true })],
  ])(
    'a parser of the application, for %s, leaves callbacks alone',
    async (_what, parser) => {
      const { url } = await started((app) => app.use(parser));

      expect(await post(url, CALLBACK, JSON_TYPE)).toEqual({
        status: 200,
        body: { text: CALLBACK, parsed: {} },
      });
    },
  );

  it.each([
    ['at once', 0],
    ['after a while', 20],
  ])(
    'a middleware that reads every body by hand %s and the callback both get all of it',
    async (_when, delay) => {
      const read: string[] = [];
      const byHand: RequestHandler = (request, _response, next) => {
        const readIt = (): void => {
          let body = '';
          request.setEncoding('utf8');
          request.on('data', (chunk: string) => (body += chunk));
          request.on('end', () => {
            read.push(body);
            next();
          });
        };
        if (delay === 0) readIt();
        else setTimeout(readIt, delay);
      };
      const { url } = await started((app) => app.use(byHand), {
        bodyParser: false,
      });
      const { body } = await post(url, CALLBACK, JSON_TYPE);

      expect(body).toMatchObject({ text: CALLBACK });
      expect(read).toEqual([CALLBACK]);
    },
  );

  it('a callback whose body a middleware has paused is captured', async () => {
    const { url } = await started((app) =>
      app.use(((request, _response, next) => {
        request.pause();
        next();
      }) satisfies RequestHandler),
    );
    const { body } = await post(url, CALLBACK, JSON_TYPE);

    expect(body).toMatchObject({ text: CALLBACK });
  });

  it('a body that a parser has eaten before the application is reported', async () => {
    const server = express();
    server.use(express.json());
    const { url } = await start({ adapter: new ExpressAdapter(server) });

    expect((await post(url, CALLBACK, JSON_TYPE)).body).toEqual({
      problem: 'eaten',
      parsed: JSON.parse(CALLBACK),
    });
    // That parser leaves these alone.
    expect((await post(url, '', JSON_TYPE)).body).toMatchObject({ text: '' });
    const { body } = await post(url, 'a=1', {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(body).toMatchObject({ text: 'a=1' });
  });

  it('a body that a parser has eaten and kept as rawBody is captured', async () => {
    const server = express();
    server.use(
      express.json({
        verify: (request, _response, bytes) => {
          Object.assign(request, { rawBody: bytes });
        },
      }),
    );
    const { url } = await start({ adapter: new ExpressAdapter(server) });

    const { body } = await post(url, CALLBACK, JSON_TYPE);

    expect(body).toMatchObject({ text: CALLBACK });
  });

  it('a client that is gone before the application sees its request is not waited for', async () => {
    const server = express();
    server.use((_request, _response, next) => void setTimeout(next, 100));
    const { port, bodies } = await start({
      adapter: new ExpressAdapter(server),
    });
    const socket = await openSocket(port);
    socket.write(
      'POST /plutu/callback HTTP/1.1\r\nHost: shop\r\nContent-Length: 100\r\n\r\nhalf of it',
    );
    await sleep(30);
    socket.destroy();

    await expect.poll(() => bodies).toEqual([{ problem: 'broken-off' }]);
  });
});

describe('on Fastify', () => {
  const started = (
    configure: (app: NestFastifyApplication) => unknown,
    options?: NestApplicationOptions,
  ) =>
    start({
      adapter: new FastifyAdapter(),
      configure: (app) => void configure(app as NestFastifyApplication),
      options,
    });

  it('a callback is captured if the application has removed all parsers', async () => {
    const { url } = await started(
      (app) => app.getHttpAdapter().getInstance().removeAllContentTypeParsers(),
      { bodyParser: false },
    );

    expect(await post(url, CALLBACK, JSON_TYPE)).toEqual({
      status: 200,
      body: { text: CALLBACK, parsed: {} },
    });
  });

  it('a parser of the application leaves callbacks alone', async () => {
    const { url } = await started((app) =>
      app.useBodyParser('application/json', {}, (_request, _body, done) => {
        done(new Error('refused'), undefined);
      }),
    );

    expect(await post(url, CALLBACK, JSON_TYPE)).toMatchObject({
      status: 200,
      body: { text: CALLBACK },
    });
  });

  it('a callback larger than the application takes is captured', async () => {
    const { url } = await start({
      adapter: new FastifyAdapter({ bodyLimit: 10 }),
    });

    expect(await post(url, CALLBACK, JSON_TYPE)).toMatchObject({
      status: 200,
      body: { text: CALLBACK },
    });
  });

  it('a body that a stream of the application has changed is captured as changed', async () => {
    const adapter = new FastifyAdapter();
    adapter
      .getInstance()
      .addHook('preParsing', async (_request, _reply, sent) => {
        return Readable.from([`${await text(sent)} changed`]);
      });
    const { url } = await start({ adapter });

    expect((await post(url, CALLBACK, JSON_TYPE)).body).toMatchObject({
      text: `${CALLBACK} changed`,
    });
  });

  it.each([
    ['fails', new Error('not readable')],
    ['is given up', undefined],
  ])(
    'a body whose stream %s in the application is not waited for',
    async (_how, error) => {
      const adapter = new FastifyAdapter();
      adapter
        .getInstance()
        .addHook('preParsing', (_request, _reply, sent, done) => {
          const changed = new PassThrough();
          sent.once('data', () => changed.destroy(error));
          done(null, changed);
        });
      const { url } = await start({ adapter });

      expect((await post(url, CALLBACK, JSON_TYPE)).body).toMatchObject({
        problem: 'broken-off',
      });
    },
  );

  it('a callback is captured without a server', async () => {
    const { app } = await started(() => {});
    const answer = await (app as NestFastifyApplication).inject({
      method: 'POST',
      url: '/plutu/callback',
      payload: CALLBACK,
      headers: JSON_TYPE,
    });

    expect(answer.json()).toMatchObject({ text: CALLBACK });
  });

  it.each([
    ['reported', false, { problem: 'eaten' }],
    ['captured if it is kept as rawBody', true, { text: CALLBACK }],
  ])(
    'a body that a middleware has eaten is %s',
    async (_what, keeps, expected) => {
      const { url } = await started((app) =>
        app.use(
          async (
            request: IncomingMessage,
            _response: unknown,
            next: () => void,
          ) => {
            const rawBody = await text(request);
            if (keeps) Object.assign(request, { rawBody });
            next();
          },
        ),
      );

      expect((await post(url, CALLBACK, JSON_TYPE)).body).toMatchObject(
        expected,
      );
    },
  );
});

it('an application without HTTP starts', async () => {
  const context = await NestFactory.createApplicationContext(CallbackModule, {
    logger: false,
  });
  onTestFinished(() => context.close());

  expect(await context.get(RawBodies).of({})).toEqual({
    problem: 'not-captured',
  });
});
