import type {
  IncomingMessage,
  OutgoingHttpHeaders,
  RequestListener,
  ServerResponse,
} from 'node:http';
import { ApiError } from './api-error.js';
import { CHECKOUT_PAGE_POLICY, renderCheckoutPage } from './checkout-page.js';
import { Checkout, type CheckoutContext } from './checkout.js';
import type { Checkouts } from './checkouts.js';
import { authenticate, readConfirmRequest } from './confirm-request.js';
import type { CheckoutOutcome } from './sandbox-callback.js';

/** Where the API begins; the package's `baseUrl` option ends here. */
export const API_PATH = '/api';

const CONFIRM_PATH = `${API_PATH}/v1/transaction/mpgs/confirm`;
const CHECKOUT_PATH = /^\/checkout\/([^/]+)(?:\/([^/]+))?$/;

/** By the last part of the path that a button of the page posts to. */
const OUTCOMES = new Map<string | undefined, CheckoutOutcome>([
  ['pay', 'approved'],
  ['decline', 'incomplete'],
  ['cancel', 'canceled'],
]);

export interface SandboxServices {
  readonly credentials: {
    readonly apiKey: string;
    readonly accessToken: string;
  };
  readonly merchantName: string;
  readonly context: CheckoutContext;
  readonly checkouts: Checkouts;
}

interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: string;
}

/** Answers the sandbox's two kinds of callers: merchants' servers and browsers. */
export function createSandboxListener(
  services: SandboxServices,
): RequestListener {
  return (request, response) => {
    route(request, services)
      .catch((error: unknown) => {
        services.context.log(`refused ${request.method}: ${String(error)}`);
        return answerFailure(error);
      })
      .then((answer) => send(response, answer))
      // Nobody is left to tell.
      .catch(() => response.destroy());
  };
}

async function route(
  request: IncomingMessage,
  services: SandboxServices,
): Promise<Answer> {
  const path = request.url?.split('?', 1)[0] ?? '';
  if (path === CONFIRM_PATH) {
    return request.method === 'POST'
      ? confirm(request, services)
      : methodNotAllowed('POST');
  }
  const [, token, action] = CHECKOUT_PATH.exec(path) ?? [];
  const outcome = OUTCOMES.get(action);
  if (token === undefined || (action !== undefined && !outcome)) {
    throw new ApiError(
      404,
      'NOT_FOUND',
      `The sandbox has no ${path}. Its API begins with ${API_PATH}/v1.`,
    );
  }
  const checkout = services.checkouts.withToken(token);
  if (!checkout) {
    throw new ApiError(
      404,
      'NOT_FOUND',
      'There is no such checkout. The sandbox forgets its checkouts when it ends.',
    );
  }
  if (!outcome) {
    return request.method === 'GET'
      ? showPage(checkout, services.merchantName)
      : methodNotAllowed('GET');
  }
  if (request.method !== 'POST') return methodNotAllowed('POST');
  const { callbackUrl } = await checkout.finish(outcome);
  return { status: 303, headers: { location: callbackUrl } };
}

async function confirm(
  request: IncomingMessage,
  { credentials, context, checkouts }: SandboxServices,
): Promise<Answer> {
  authenticate(request, credentials);
  const form = await readConfirmRequest(request);
  if (checkouts.withInvoiceNo(form.invoiceNo)) {
    throw new ApiError(
      422,
      'DUPLICATED_INVOICE_NUMBER',
      `The invoice number ${form.invoiceNo} has been used before.`,
    );
  }
  const checkout = new Checkout(form, context);
  checkouts.add(checkout);
  const { invoiceNo, amount, redirectUrl } = checkout.transaction;
  context.log(`${invoiceNo} open, ${amount}: ${redirectUrl}`);
  return json(200, {
    status: 200,
    result: {
      code: 'CHECKOUT_REDIRECT',
      redirect_url: redirectUrl,
    },
  });
}

function showPage(checkout: Checkout, merchantName: string): Answer {
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': CHECKOUT_PAGE_POLICY,
    },
    body: renderCheckoutPage(checkout.transaction, merchantName),
  };
}

function methodNotAllowed(allow: string): Answer {
  const message = `Only ${allow} is allowed here.`;
  return errorAnswer(new ApiError(405, 'METHOD_NOT_ALLOWED', message), {
    allow,
  });
}

function answerFailure(error: unknown): Answer {
  return errorAnswer(
    error instanceof ApiError
      ? error
      : new ApiError(500, 'BACKEND_SERVER_ERROR', String(error)),
  );
}

function errorAnswer(error: ApiError, headers?: OutgoingHttpHeaders): Answer {
  const answer = json(error.status, error.toEnvelope());
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

function json(status: number, value: object): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(value),
  };
}

function send(
  response: ServerResponse,
  { status, headers, body }: Answer,
): void {
  response.writeHead(status, {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(body);
}
