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
  DocumentBuilder,
  SwaggerModule,
  type OpenAPIObject,
} from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  MpgsConfirmDto,
  PlutuModule,
  type MpgsControllerOptions,
} from '../src/index.js';
import { DOLLARS } from '../src/validation/dollars.js';
import { ACCOUNT, startApp } from './support/app.js';
import { callbackQuery } from './support/callbacks.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CONFIRM = '/plutu/mpgs/confirm';
const CALLBACK = '/plutu/mpgs/callback';

const PAGES = {
  approved: '/paid',
  canceled: '/canceled',
  incomplete: '/try-again',
  refused: '/refused',
};

async function documentOf(
  controller: MpgsControllerOptions | boolean = true,
  metadata: Parameters<typeof startApp>[1] = {},
): Promise<OpenAPIObject> {
  const { app } = await startApp({ controller }, metadata);
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
  it('POST confirm is described, with every answer and its code', async () => {
    const document = await documentOf();

    expect(document.paths[CONFIRM]?.post).toMatchObject({
      tags: ['Plutu MPGS'],
      summary: 'Opens a checkout',
      requestBody: {
        content: {
          'application/json': {
            schema: { $ref: '#/components/schemas/MpgsConfirmDto' },
          },
        },
      },
    });
    expect(answers(document, CONFIRM, 'post')).toEqual({
      201: [],
      400: ['PLUTU_INVALID_REQUEST'],
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
    expect(json(document, CONFIRM, 201)?.schema).toEqual({
      $ref: '#/components/schemas/MpgsCheckout',
    });
    expect(json(document, CONFIRM, 504)?.schema).toEqual({
      $ref: '#/components/schemas/PlutuHttpError',
    });
  });

  it('GET callback is described, with every answer and its code', async () => {
    const document = await documentOf();

    expect(answers(document, CALLBACK, 'get')).toEqual({
      200: [],
      400: ['PLUTU_CALLBACK_INVALID'],
      403: ['PLUTU_CALLBACK_REFUSED'],
      409: ['PLUTU_PAYMENT_MISMATCH'],
      503: ['PLUTU_CALLBACK_NOT_DELIVERED'],
    });
    expect(json(document, CALLBACK, 200)?.schema).toEqual({
      $ref: '#/components/schemas/MpgsCallbackDto',
    });
    const parameters = document.paths[CALLBACK]?.get?.parameters ?? [];
    expect(
      parameters.map((parameter) =>
        'name' in parameter ? parameter.name : '',
      ),
    ).toEqual([
      'gateway',
      'approved',
      'canceled',
      'amount',
      'currency',
      'invoice_no',
      'transaction_id',
      'plutu_tenant',
      'hashed',
    ]);
  });

  it('with pages, GET callback answers 303 where it would answer JSON', async () => {
    const document = await documentOf({ redirect: PAGES });

    expect(answers(document, CALLBACK, 'get')).toEqual({
      303: [],
      503: ['PLUTU_CALLBACK_NOT_DELIVERED'],
    });
    expect(document.paths[CALLBACK]?.get?.responses).toHaveProperty(
      '303.headers.Location',
    );
  });

  it('the DTOs show what they are checked by', async () => {
    const schemas = (await documentOf()).components?.schemas;

    expect(schemas).toMatchObject({
      MpgsConfirmDto: {
        required: ['invoiceNo'],
        properties: {
          amount: {
            oneOf: [
              { type: 'string', pattern: DOLLARS.source },
              { type: 'number' },
            ],
            example: '25.50',
          },
          invoiceNo: { pattern: '^[A-Za-z0-9._-]+$', example: '2026-0042' },
          returnUrl: { format: 'uri', maxLength: 2048 },
          customerIp: { type: 'string' },
          lang: { enum: ['ar', 'en'] },
        },
      },
      MpgsCheckout: { required: ['redirectUrl', 'invoiceNo', 'amount'] },
      MpgsCallbackDto: {
        properties: {
          gateway: { enum: ['mpgs'] },
          outcome: { enum: ['approved', 'canceled', 'incomplete'] },
          currency: { pattern: '^[A-Z]{3}$' },
          transactionId: { minLength: 1, maxLength: 128 },
        },
      },
      PlutuHttpError: { required: ['statusCode', 'code', 'message'] },
    });
  });

  it('an example of an error is what is really sent', async () => {
    const { app, url } = await startApp();
    const document = SwaggerModule.createDocument(
      app,
      new DocumentBuilder().build(),
    );
    const refused = await fetch(`${url}${CALLBACK}?hashed=0`);
    const invalid = await fetch(`${url}${CONFIRM}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"invoiceNo":"inv-1","amount":5,"lang":"fr"}',
    });

    expect(
      json(document, CALLBACK, 403)?.examples?.['PLUTU_CALLBACK_REFUSED']
        ?.value,
    ).toEqual(await refused.json());
    expect(
      json(document, CONFIRM, 400)?.examples?.['PLUTU_INVALID_REQUEST']?.value,
    ).toEqual(await invalid.json());
  });

  it('routes that are switched off or excluded are not described', async () => {
    const onlyCallback = await documentOf({ routes: ['callback'] });
    expect(Object.keys(onlyCallback.paths)).toEqual([CALLBACK]);

    const excluded = await documentOf({
      callbackDecorators: [ApiExcludeEndpoint()],
    });
    expect(Object.keys(excluded.paths)).toEqual([CONFIRM]);
  });

  it("an application's own route shows the DTO as well", async () => {
    @Controller('orders')
    class OrdersController {
      @Post()
      order(@Body() request: MpgsConfirmDto): string {
        return request.invoiceNo;
      }
    }

    const document = await documentOf(false, {
      controllers: [OrdersController],
    });

    expect(document.components?.schemas).toHaveProperty(
      'MpgsConfirmDto.properties.invoiceNo.pattern',
    );
  });

  it('a second account has operations of its own', async () => {
    const { app } = await startApp(
      {},
      {
        imports: [
          PlutuModule.forRoot({
            ...ACCOUNT,
            name: 'eu',
            secretKey: 'eu-secret-key',
            controller: { redirect: PAGES },
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
    expect(paths['/plutu/eu/mpgs/confirm']?.post).toMatchObject({
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
app.get(EventEmitter2).on('plutu.mpgs.payment-approved', () => {});
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
