import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { onTestFinished } from 'vitest';
import { parseJsonPairs } from '../../src/protocol/json-pairs.js';
import {
  verifyCallback,
  type CallbackRules,
} from '../../src/protocol/signature.js';
import {
  DEFAULT_SANDBOX_CREDENTIALS,
  PlutuSandbox,
  type PlutuSandboxOptions,
  type SandboxHostedGatewayName,
  type SandboxMessage,
  type SandboxOtpGatewayName,
} from '../../src/sandbox/index.js';

const toClose: (() => Promise<unknown>)[] = [];

/** Ends the sandboxes and merchants of this test; it does so by itself, too. */
export async function closeAll(): Promise<void> {
  await Promise.all(toClose.splice(0).map((close) => close()));
}

function closeLater(close: () => Promise<unknown>): void {
  toClose.push(close);
  onTestFinished(closeAll);
}

export async function startSandbox(
  options?: PlutuSandboxOptions,
): Promise<PlutuSandbox> {
  const sandbox = await PlutuSandbox.start(options);
  closeLater(() => sandbox.close());
  return sandbox;
}

export interface Merchant {
  /** Such as `GET /return?…`, in the order in which they came. */
  readonly calls: readonly string[];
  /** The body of each call, and what it said that it is. */
  readonly bodies: readonly { type: string | undefined; text: string }[];
  readonly origin: string;
}

/** A merchant's server that records the URLs it is called with. */
export async function startMerchant(
  answer: RequestListener = (_, response) => response.end('thanks'),
): Promise<Merchant> {
  const calls: string[] = [];
  const bodies: { type: string | undefined; text: string }[] = [];
  const server = createServer((request, response) => {
    calls.push(`${request.method} ${request.url}`);
    const body = { type: request.headers['content-type'], text: '' };
    bodies.push(body);
    request.on('data', (chunk: Buffer) => (body.text += chunk.toString()));
    request.on('end', () => answer(request, response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closeLater(async () => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { calls, bodies, origin: `http://127.0.0.1:${port}` };
}

export const VALID_FIELDS = {
  amount: '5.00',
  invoice_no: 'INV-1',
  return_url: 'https://shop.example/return',
};

/** What a gateway needs beside them. */
const OWN_FIELDS: Readonly<
  Record<SandboxHostedGatewayName, Record<string, string>>
> = {
  mpgs: {},
  localbankcards: {},
  tlync: {
    mobile_number: '0913632323',
    callback_url: 'https://shop.example/callback',
  },
};

export function validFields(
  gateway: SandboxHostedGatewayName,
): Record<string, string> {
  return { ...VALID_FIELDS, ...OWN_FIELDS[gateway] };
}

export function post(
  sandbox: PlutuSandbox,
  body: RequestInit['body'],
  headers: Record<string, string | undefined> = {},
  gateway: SandboxHostedGatewayName = 'mpgs',
): Promise<Response> {
  const { accessToken, apiKey } = sandbox.credentials;
  return fetch(`${sandbox.baseUrl}/v1/transaction/${gateway}/confirm`, {
    method: 'POST',
    body,
    headers: {
      Authorization: `Bearer ${accessToken}`,
      'X-API-KEY': apiKey,
      ...headers,
    } as Record<string, string>,
  });
}

export function confirm(
  sandbox: PlutuSandbox,
  fields: Record<string, string> | [string, string][] = VALID_FIELDS,
  gateway: SandboxHostedGatewayName = 'mpgs',
): Promise<Response> {
  return post(sandbox, new URLSearchParams(fields), {}, gateway);
}

/** A verify request that gets an SMS. */
export const VALID_VERIFY: Readonly<
  Record<SandboxOtpGatewayName, Record<string, string>>
> = {
  sadadapi: {
    mobile_number: '0913632323',
    birth_year: '1990',
    amount: '25.50',
  },
  edfali: { mobile_number: '0913632323', amount: '25.50' },
};

export interface OtpAnswer {
  readonly status: number;
  readonly answer: {
    readonly result?: Readonly<Record<string, unknown>>;
    readonly error?: { readonly code: string };
  };
}

/** A request of a gateway with one-time passwords. */
export async function askOtp(
  { baseUrl, credentials }: PlutuSandbox,
  gateway: SandboxOtpGatewayName,
  action: 'verify' | 'confirm',
  fields: Record<string, string>,
  options: { signal?: AbortSignal; headers?: Record<string, string> } = {},
): Promise<OtpAnswer> {
  const response = await fetch(
    `${baseUrl}/v1/transaction/${gateway}/${action}`,
    {
      method: 'POST',
      body: new URLSearchParams(fields),
      signal: options.signal ?? null,
      headers: {
        Authorization: `Bearer ${credentials.accessToken}`,
        'X-API-KEY': credentials.apiKey,
        ...options.headers,
      },
    },
  );
  const answer = (await response.json()) as OtpAnswer['answer'];
  return { status: response.status, answer };
}

/** Has a code sent. @returns the confirm request that pays with it. */
export async function sendCode(
  sandbox: PlutuSandbox,
  gateway: SandboxOtpGatewayName,
  fields: Record<string, string> = {},
): Promise<{
  process_id: string;
  code: string;
  amount: string;
  invoice_no: string;
}> {
  const request = { ...VALID_VERIFY[gateway], ...fields };
  const { answer } = await askOtp(sandbox, gateway, 'verify', request);
  return {
    process_id: String(answer.result?.['process_id']),
    code: sandbox.sms.at(-1)?.code ?? '',
    amount: request['amount'] ?? '',
    invoice_no: 'INV-1',
  };
}

/** @returns the URL of the checkout page. */
export async function openCheckout(
  sandbox: PlutuSandbox,
  fields: Record<string, string> = {},
  gateway: SandboxHostedGatewayName = 'mpgs',
): Promise<string> {
  await confirm(sandbox, { ...validFields(gateway), ...fields }, gateway);
  return sandbox.transactions.at(-1)?.redirectUrl ?? '';
}

export function press(
  checkout: string,
  button: string,
  body?: RequestInit['body'],
): Promise<Response> {
  const redirect = 'manual';
  return fetch(`${checkout}/${button}`, { method: 'POST', redirect, body });
}

/** What Plutu's SDK signs, and what has to be there, message by message. */
export const RULES = {
  mpgs: rules(
    'gateway approved canceled amount currency invoice_no transaction_id',
    'mpgs',
  ),
  localbankcards: rules(
    'gateway approved canceled invoice_no amount transaction_id',
    'localbankcards',
  ),
  tlync: rules(
    'gateway approved invoice_no amount transaction_id payment_method',
    'tlync',
  ),
  'return of tlync': rules('approved invoice_no'),
} as const;

function rules(names: string, gateway?: string): CallbackRules {
  const signable = names.split(' ');
  return {
    signable,
    required: signable.filter((name) => name !== 'canceled'),
    accepted: gateway === undefined ? {} : { gateway: [gateway] },
  };
}

/** What the signature of a message covers, or why it is refused. */
export function verify(
  message: string | null | undefined | SandboxMessage,
  kind: keyof typeof RULES = 'mpgs',
): Record<string, string> | string {
  const { url = '', body } =
    typeof message === 'object' ? (message ?? {}) : { url: message };
  const parameters =
    body === undefined
      ? new URL(url).search.slice(1)
      : (parseJsonPairs(body) ?? '');
  const secretKeys = [DEFAULT_SANDBOX_CREDENTIALS.secretKey];
  const result = verifyCallback(parameters, secretKeys, RULES[kind]);
  return result.verified ? Object.fromEntries(result.fields) : result.reason;
}
