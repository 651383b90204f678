import { execFile } from 'node:child_process';
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Body, Controller, Post } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import {
  ApiExcludeEndpoint,
  ApiHeader,
  ApiOperation,
  ApiResponse,
  DocumentBuilder,
  IntersectionType,
  SwaggerModule,
  type OpenAPIObject,
} from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  CheckoutDto,
  CheckoutTarget,
  mpgs,
  PlutuModule,
  type MpgsOptions,
} from '../../src/index.js';
import { REQUEST_AMOUNT, WIRE_AMOUNT } from '../../src/protocol/money.js';
import { ACCOUNT, startApp } from '../support/app.js';
import { callbackQuery } from '../support/callbacks.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CHECKOUT = '/plutu/mpgs/checkout';
const CALLBACK = '/plutu/mpgs/callback';

const PAGES = {
  approved: '/paid',
  canceled: '/canceled',
  incomplete: '/try-again',
  refused: '/refused',
};

/** An application with both routes. */
function start(
  options: MpgsOptions = {},
  metadata: Parameters<typeof startApp>[1] = {},
) {
  const both: MpgsOptions = { routes: ['callback', 'checkout'] };
  return startApp({ gateways: [mpgs({ ...both, ...options })] }, metadata);
}

async function documentOf(
  ...given: Parameters<typeof start>
): Promise<OpenAPIObject> {
  const { app } = await start(...given);
  return SwaggerModule.createDocument(app, new DocumentBuilder().build());
}

/** Status, to the codes that there are examples of. */
function answers(
  document: OpenAPIObject,
  path: string,
  method: 'get' | 'post',
): Record<string, string[]> {
  const responses = document.paths[path]?.[method]?.responses ?? {};
  return Object.fromEntries(
    Object.entries(responses).map(([status, response]) => {
      const content = (response as Answer).content?.['application/json'];
      return [status, Object.keys(content?.examples ?? {})];
    }),
  );
}

interface Answer {
  content?: Record<
    string,
    { schema: object; examples?: Record<string, { value: unknown }> }
  >;
}

function json(document: OpenAPIObject, path: string, status: number) {
  const { get, post } = document.paths[path] ?? {};
  const response = (get ?? post)?.responses[status] as Answer | undefined;
  return response?.content?.['application/json'];
}

describe('with @nestjs/swagger', () => {
  it('POST checkout is described, with every answer and its code', async () => {
    const document = await documentOf();

    expect(document.paths[CHECKOUT]?.post).toMatchObject({
      tags: ['Plutu MPGS'],
      summary: 'Opens a checkout',
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: { $ref: '#/components/schemas/CheckoutDto' },
          },
        },
      },
    });
    expect(answers(document, CHECKOUT, 'post')).toEqual({
      201: [],
      400: ['PLUTU_INVALID_REQUEST'],
      409: ['PLUTU_ALREADY_PAID'],
      422: [
        'PLUTU_INVOICE_MISMATCH',
        'DUPLICATED_INVOICE_NUMBER',
        'CHECK_BANK_ACCOUNT',
      ],
      500: ['FORBIDDEN_IP_ADDRESS'],
      502: [
        'BACKEND_ERROR',
        'PLUTU_CONNECTION_FAILED',
        'PLUTU_UNEXPECTED_ANSWER',
      ],
      503: ['PLUTU_LOOKUP_FAILED'],
      504: ['PLUTU_OUTCOME_UNKNOWN'],
    });
    expect(json(document, CHECKOUT, 201)?.schema).toEqual({
      $ref: '#/components/schemas/Checkout',
    });
    expect(json(document, CHECKOUT, 504)?.schema).toEqual({
      $ref: '#/components/schemas/PlutuErrorAnswer',
    });
  });

  it('GET callback is described, with every answer and its code', async () => {
    const document = await documentOf();

    expect(answers(document, CALLBACK, 'get')).toEqual({
      200: [],
      202: ['PLUTU_PAYMENT_PENDING'],
      400: ['PLUTU_CALLBACK_INVALID'],
      403: ['PLUTU_CALLBACK_REFUSED'],
      409: ['PLUTU_PAYMENT_MISMATCH'],
      503: ['PLUTU_CALLBACK_NOT_ACCEPTED'],
    });
    expect(json(document, CALLBACK, 200)?.schema).toEqual({
      $ref: '#/components/schemas/Payment',
    });
    const flag = { type: 'string', enum: ['0', '1'] };
    const text = (example: string) => ({ type: 'string', example });
    expect(document.paths[CALLBACK]?.get?.parameters).toMatchObject(
      Object.entries({
        gateway: [true, { type: 'string', enum: ['mpgs'] }],
        approved: [false, flag],
        canceled: [false, flag],
        amount: [true, text('25.50')],
        currency: [true, text('USD')],
        invoice_no: [true, text('2026-0042')],
        transaction_id: [true, text('1029384756')],
        plutu_tenant: [false, { type: 'string' }],
        hashed: [true, { type: 'string', pattern: '^[0-9A-Fa-f]{64}$' }],
      }).map(([name, [required, schema]]) => ({
        name,
        in: 'query',
        required,
        schema,
      })),
    );
  });

  it('with pages, GET callback answers 303 and not JSON', async () => {
    const document = await documentOf({ redirect: PAGES });

    expect(answers(document, CALLBACK, 'get')).toEqual({
      202: ['PLUTU_PAYMENT_PENDING'],
      303: [],
      503: ['PLUTU_CALLBACK_NOT_ACCEPTED'],
    });
    expect(document.paths[CALLBACK]?.get?.responses).toHaveProperty(
      '303.headers.Location',
    );
  });

  it('the DTOs show what they are checked by', async () => {
    const schemas = (await documentOf()).components?.schemas;

    expect(schemas).toMatchObject({
      CheckoutDto: {
        properties: {
          amount: {
            oneOf: [
              { type: 'string', pattern: REQUEST_AMOUNT.source },
              { type: 'number' },
            ],
            example: '25.50',
          },
          invoiceNo: { pattern: '^[A-Za-z0-9._-]+$', example: '2026-0042' },
          customerIp: { type: 'string' },
          lang: { enum: ['ar', 'en'] },
        },
      },
      Checkout: { required: ['redirectUrl', 'invoiceNo', 'orderNo', 'amount'] },
      Payment: {
        required: [
          'id',
          'account',
          'gateway',
          'outcome',
          'invoiceNo',
          'orderNo',
          'transactionId',
          'amount',
          'amountMinor',
          'currency',
          'source',
        ],
        properties: {
          id: { type: 'string' },
          amount: { pattern: WIRE_AMOUNT.source },
          amountMinor: { type: 'integer' },
          outcome: { enum: ['approved', 'canceled', 'incomplete', 'mismatch'] },
          currency: { pattern: '^[A-Z]{3}$' },
          transactionId: { minLength: 1, maxLength: 128 },
        },
      },
      PlutuErrorAnswer: { required: ['statusCode', 'code', 'message'] },
    });
  });

  it('an example of an error is what is really sent', async () => {
    const { app, url } = await start();
    const document = SwaggerModule.createDocument(
      app,
      new DocumentBuilder().build(),
    );
    const refused = await fetch(`${url}${CALLBACK}?hashed=0`);
    const invalid = await fetch(`${url}${CHECKOUT}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"invoiceNo":"inv-1","amount":5,"lang":"fr"}',
    });

    expect(
      json(document, CALLBACK, 403)?.examples?.['PLUTU_CALLBACK_REFUSED']
        ?.value,
    ).toEqual(await refused.json());
    expect(
      json(document, CHECKOUT, 400)?.examples?.['PLUTU_INVALID_REQUEST']?.value,
    ).toEqual(await invalid.json());
  });

  it('routes that are switched off or excluded are not described', async () => {
    const onlyCallback = await documentOf({ routes: ['callback'] });
    expect(Object.keys(onlyCallback.paths)).toEqual([CALLBACK]);

    const excluded = await documentOf({
      callbackDecorators: [ApiExcludeEndpoint()],
    });
    expect(Object.keys(excluded.paths)).toEqual([CHECKOUT]);
  });

  it('what the decorators of the application say of the callback route counts, too', async () => {
    const document = await documentOf({
      callbackDecorators: [
        ApiOperation({ summary: 'Our own words', operationId: 'ours' }),
        ApiResponse({ status: 429, description: 'Too many.' }),
        ApiResponse({ status: 503, description: 'We are closed.' }),
        ApiHeader({ name: 'x-shop' }),
      ],
    });

    const route = document.paths[CALLBACK]?.get;
    expect(route).toMatchObject({
      summary: 'Our own words',
      operationId: 'ours',
      description: expect.stringContaining('Called by Plutu'),
      responses: {
        200: {},
        429: { description: 'Too many.' },
        503: {
          description: expect.stringMatching(/^We are closed\..*accepted/s),
        },
      },
    });
    expect(
      route?.parameters?.map((one) => ('name' in one ? one.name : '')),
    ).toEqual(expect.arrayContaining(['x-shop', 'gateway', 'hashed']));
  });

  it("an application's own route shows the DTO as well", async () => {
    class OrderDto extends IntersectionType(CheckoutDto, CheckoutTarget) {}

    @Controller('orders')
    class OrdersController {
      @Post()
      order(@Body() request: OrderDto): string {
        return String(request.invoiceNo);
      }
    }

    const document = await documentOf(
      { routes: [] },
      { controllers: [OrdersController] },
    );

    expect(document.components?.schemas).toMatchObject({
      OrderDto: {
        properties: {
          invoiceNo: { pattern: '^[A-Za-z0-9._-]+$' },
          returnUrl: { format: 'uri', maxLength: 2048 },
          tenant: { pattern: '^[A-Za-z0-9._-]{1,64}$' },
        },
      },
    });
  });

  it('a second account has operations of its own', async () => {
    const { app } = await start(
      {},
      {
        imports: [
          PlutuModule.forRoot({
            ...ACCOUNT,
            name: 'eu',
            secretKey: 'eu-secret-key',
            redirect: PAGES,
            gateways: [mpgs({ routes: ['callback', 'checkout'] })],
          }),
        ],
      },
    );

    const { paths } = SwaggerModule.createDocument(
      app,
      new DocumentBuilder().build(),
    );

    const operations = Object.values(paths).map(({ get, post }) => get ?? post);
    expect(
      new Set(operations.map((operation) => operation?.operationId)).size,
    ).toBe(4);
    expect(paths['/plutu/eu/mpgs/checkout']?.post).toMatchObject({
      tags: ['Plutu MPGS (eu)'],
      summary: 'Opens a checkout',
    });
  });

  it('a second application of the same module has the same document', async () => {
    const plutu = PlutuModule.forRoot(ACCOUNT);
    const document = async () => {
      const module = await Test.createTestingModule({
        imports: [EventEmitterModule.forRoot(), plutu],
      }).compile();
      const app = module.createNestApplication({ logger: false });
      return SwaggerModule.createDocument(app, new DocumentBuilder().build());
    };

    expect(await document()).toEqual(await document());
  });
});

/**
 * A folder outside the project with the built package and everything that is
 * installed here, except for one package.
 */
async function installationWithout(missing: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nestjs-plutu-without-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const source = join(ROOT, 'node_modules');
  const target = join(folder, 'node_modules');
  const names = (await readdir(source)).filter((name) => !name.startsWith('.'));
  const scopes = names.filter((name) => name.startsWith('@'));
  const scoped = await Promise.all(
    scopes.map(async (scope) =>
      (await readdir(join(source, scope))).map((name) => `${scope}/${name}`),
    ),
  );
  for (const name of [...names, ...scoped.flat()]) {
    if (scopes.includes(name) || name === missing) continue;
    await mkdir(dirname(join(target, name)), { recursive: true });
    await symlink(join(source, name), join(target, name));
  }
  const copy = join(target, 'nestjs-plutu');
  await cp(join(ROOT, 'dist'), join(copy, 'dist'), { recursive: true });
  await cp(join(ROOT, 'package.json'), join(copy, 'package.json'));
  return folder;
}

const APPLICATION = `
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { PlutuModule } from 'nestjs-plutu';

const [query, account] = process.argv.slice(2);
const swagger = await import('@nestjs/swagger').catch(({ code }) => ({ code }));
const app = await NestFactory.create(
  {
    module: class {},
    imports: [
      EventEmitterModule.forRoot(),
      PlutuModule.forRoot(JSON.parse(account)),
    ],
  },
  { logger: ['error', 'warn'] },
);
app.get(EventEmitter2).on('plutu.payment.approved', () => {});
await app.listen(0, '127.0.0.1');
const callback = await fetch(\`\${await app.getUrl()}/plutu/mpgs/callback?\${query}\`);
process.stdout.write(JSON.stringify([swagger.code, callback.status]));
await app.close();
`;

it('without @nestjs/swagger, a payment goes all the way', async () => {
  const folder = await installationWithout('@nestjs/swagger');
  await writeFile(join(folder, 'main.mjs'), APPLICATION);

  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    join(folder, 'main.mjs'),
    callbackQuery(),
    JSON.stringify(ACCOUNT),
  ]);

  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual(['ERR_MODULE_NOT_FOUND', 200]);
});

/** Prints every module of @nestjs/swagger that is loaded, by import or require. */
const LOADED = `
import { createRequire, register } from 'node:module';
const hooks = "import { writeSync } from 'node:fs';" +
  "export const load = (url, context, next) => {" +
  "  if (url.includes('/@nestjs/swagger/')) writeSync(1, url + '\\\\n');" +
  "  return next(url, context);" +
  "};";
register('data:text/javascript,' + encodeURIComponent(hooks));
const { cache } = createRequire(process.cwd() + '/');
process.on('exit', () => {
  for (const file of Object.keys(cache)) {
    if (file.includes('/@nestjs/swagger/')) console.log(file);
  }
});
`;

const START = `
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { mpgs, PlutuModule } from 'nestjs-plutu';
const app = await NestFactory.create(
  {
    module: class {},
    imports: [
      EventEmitterModule.forRoot(),
      PlutuModule.forRoot({
        ...JSON.parse(process.argv[1]),
        gateways: [mpgs({ routes: ['callback', 'checkout'] })],
      }),
    ],
  },
  { logger: ['error', 'warn'] },
);
await app.listen(0, '127.0.0.1');
await app.close();
`;

/** The modules of @nestjs/swagger that a process loads which runs some code. */
async function swaggerModulesLoadedBy(code: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      `--import=data:text/javascript,${encodeURIComponent(LOADED)}`,
      '--input-type=module',
      `--eval=${code}`,
      JSON.stringify(ACCOUNT),
    ],
    { cwd: ROOT },
  );
  return stdout.split('\n').filter(Boolean);
}

it('an application that makes no document never loads @nestjs/swagger, though it is installed', async () => {
  expect(await swaggerModulesLoadedBy(START)).toEqual([]);
  // So that a module would be seen.
  const used = `${START}\nawait import('@nestjs/swagger');`;
  expect((await swaggerModulesLoadedBy(used)).length).toBeGreaterThan(5);
});
