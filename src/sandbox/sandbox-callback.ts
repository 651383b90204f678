import {
  SIGNATURE_PARAMETER,
  signCallback,
} from '../callbacks/callback-signature.js';
import { encodeAsPhp, type QueryPair } from '../callbacks/query-pairs.js';

const DELIVERY_TIMEOUT_MS = 10_000;

/** How a checkout ends; `incomplete` is a declined card, which may be tried again. */
export type CheckoutOutcome = 'approved' | 'incomplete' | 'canceled';

/** One server-to-server call of a `return_url`. */
export interface SandboxDelivery {
  /** The HTTP status that the merchant's server answered, if it did. */
  readonly status?: number;
  /** Why there was no answer, if there was none. */
  readonly error?: string;
  /** From the call to the answer's head, or to the error, in milliseconds. */
  readonly durationMs: number;
}

const OUTCOME_PARAMETERS: Readonly<
  Record<CheckoutOutcome, readonly QueryPair[]>
> = {
  approved: [['approved', '1']],
  canceled: [['canceled', '1']],
  incomplete: [
    ['approved', '0'],
    ['canceled', '0'],
  ],
};

/** Adds the signed query to a `return_url`, behind a query of its own. */
export function makeCallbackUrl(
  transaction: {
    readonly amount: string;
    readonly currency: string;
    readonly invoiceNo: string;
    readonly transactionId: string;
    readonly returnUrl: string;
  },
  outcome: CheckoutOutcome,
  secretKey: string,
): string {
  const pairs: QueryPair[] = [
    ['gateway', 'mpgs'],
    ...OUTCOME_PARAMETERS[outcome],
    ['amount', transaction.amount],
    ['currency', transaction.currency],
    ['invoice_no', transaction.invoiceNo],
    ['transaction_id', transaction.transactionId],
  ];
  pairs.push([SIGNATURE_PARAMETER, signCallback(pairs, secretKey)]);
  const url = new URL(transaction.returnUrl);
  const ownQuery = url.search === '' ? '' : `${url.search}&`;
  url.search = ownQuery + encodeAsPhp(pairs);
  return url.href;
}

/** Calls the merchant's server. A failure is recorded and never thrown. */
export async function deliverCallback(
  callbackUrl: string,
  closing: AbortSignal,
): Promise<SandboxDelivery> {
  const start = performance.now();
  const durationMs = () => Math.round(performance.now() - start);
  // By hand, since on Node 20 a signal of `AbortSignal.any` can be garbage
  // collected before its timeout comes.
  const call = new AbortController();
  const timer = setTimeout(
    () => call.abort(new Error(`No answer within ${DELIVERY_TIMEOUT_MS} ms.`)),
    DELIVERY_TIMEOUT_MS,
  );
  const abort = () => call.abort(closing.reason);
  closing.addEventListener('abort', abort);
  try {
    closing.throwIfAborted();
    const response = await fetch(callbackUrl, {
      // A connection kept for later would keep the merchant's server from closing.
      headers: { connection: 'close', 'user-agent': 'nestjs-plutu-sandbox' },
      redirect: 'manual',
      signal: call.signal,
    });
    const delivery = { status: response.status, durationMs: durationMs() };
    await response.body?.cancel();
    return delivery;
  } catch (error) {
    return { error: describe(error), durationMs: durationMs() };
  } finally {
    clearTimeout(timer);
    closing.removeEventListener('abort', abort);
  }
}

/** `fetch` says only "fetch failed"; what failed is the cause. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause !== undefined) return describe(error.cause);
  // Node's error for a host with several addresses has a code and no message.
  return error.message || ('code' in error ? String(error.code) : error.name);
}
