import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { onTestFinished } from 'vitest';
import { verifyCallback } from '../../src/callbacks/callback-signature.js';
import { MPGS_CALLBACK_RULES } from '../../src/mpgs/mpgs-callback.rules.js';
import {
  DEFAULT_SANDBOX_CREDENTIALS,
  PlutuSandbox,
  type PlutuSandboxOptions,
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
  readonly origin: string;
}

/** A merchant's server that records the URLs it is called with. */
export async function startMerchant(
  answer: RequestListener = (_, response) => response.end('thanks'),
): Promise<Merchant> {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    calls.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closeLater(async () => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { calls, origin: `http://127.0.0.1:${port}` };
}

export const VALID_FIELDS = {
  amount: '5.00',
  invoice_no: 'INV-1',
  return_url: 'https://shop.example/return',
};

export function post(
  sandbox: PlutuSandbox,
  body: RequestInit['body'],
  headers: Record<string, string | undefined> = {},
): Promise<Response> {
  const { accessToken, apiKey } = sandbox.credentials;
  return fetch(`${sandbox.baseUrl}/v1/transaction/mpgs/confirm`, {
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
): Promise<Response> {
  return post(sandbox, new URLSearchParams(fields));
}

/** @returns the URL of the checkout page. */
export async function openCheckout(
  sandbox: PlutuSandbox,
  fields: Record<string, string> = {},
): Promise<string> {
  await confirm(sandbox, { ...VALID_FIELDS, ...fields });
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

/** What a callback's signature covers, or why it is refused. */
export function verify(url: string | null): Record<string, string> | string {
  const query = new URL(url ?? '').search.slice(1);
  const secretKeys = [DEFAULT_SANDBOX_CREDENTIALS.secretKey];
  const result = verifyCallback(query, secretKeys, MPGS_CALLBACK_RULES);
  return result.verified ? Object.fromEntries(result.fields) : result.reason;
}
