import {
  checkFields,
  oneOf,
  wholeNumber,
  type Check,
} from '../check-fields.js';

export const REQUESTS = ['verify', 'confirm'] as const;

/** What a merchant's server asks of Plutu; `verify` sends a one-time password. */
export type RequestName = (typeof REQUESTS)[number];

export const ANSWER_FAULTS = [
  'hang',
  'reset',
  'html-502',
  'empty-body',
  'truncated-json',
  'error',
  'error-in-200',
  'laravel-422',
] as const;

/**
 * What becomes of the answer to a valid request.
 *
 * - `hang`: it never comes
 * - `reset`: the connection is reset instead
 * - `html-502`: a proxy's error page takes its place
 * - `empty-body`, `truncated-json`: nothing or half of it arrives, with HTTP 200
 * - `error`: the request is refused with `errorCode`
 * - `error-in-200`: likewise, inside an HTTP 200
 * - `laravel-422`: a refusal in the shape of Plutu's framework, without envelope
 *
 * With the last three nothing has happened. With the others everything has, and
 * only the answer is lost: the SMS is sent, the checkout is open or the customer
 * is charged, and the invoice number is used up.
 */
export type AnswerFault = (typeof ANSWER_FAULTS)[number];

export const ARRIVALS = [
  'server-first',
  'browser-first',
  'server-only',
  'browser-only',
] as const;

/**
 * How the merchant is told about a finished checkout. Plutu's documentation promises
 * both ways; integrators report the browser alone.
 *
 * - `server-first`: the merchant's server is called, then the browser is sent
 * - `browser-first`: the browser is sent, and the server called a second later
 * - `server-only`: the customer never comes back
 * - `browser-only`: the server is never called
 */
export type SandboxArrivals = (typeof ARRIVALS)[number];

/** What goes wrong with the requests of a merchant's server. */
export interface AnswerFaults {
  /** Of a confirm request, at any gateway. Default: a proper answer. */
  readonly confirm?: AnswerFault | undefined;
  /** Of a verify request, which Sadad and Adfali have. Default: a proper answer. */
  readonly verify?: AnswerFault | undefined;
  /** For `error` and `error-in-200`. Default `BACKEND_ERROR`. */
  readonly errorCode?: string | undefined;
  /** How long every answer takes, in milliseconds, at most 600 000. */
  readonly confirmDelayMs?: number | undefined;
  /** Likewise. */
  readonly verifyDelayMs?: number | undefined;
}

/** What goes wrong with the callbacks of a checkout. */
export interface CallbackFaults {
  /** Default: those of the sandbox. */
  readonly arrivals?: SandboxArrivals | undefined;
  /** How long the server-to-server call waits, in milliseconds, at most 600 000. */
  readonly callbackDelayMs?: number | undefined;
  /** How often the server is called, all at once: 1 to 20. */
  readonly callbackCopies?: number | undefined;
}

/** What goes wrong, of either kind. */
export interface SandboxFaults extends AnswerFaults, CallbackFaults {}

/** Those faults that strike one request, whichever it is. */
export interface RequestFaults {
  readonly answer?: AnswerFault;
  readonly errorCode?: string;
  readonly delayMs?: number;
}

/** What some faults mean for one request. */
export function faultsOf(
  request: RequestName,
  faults: SandboxFaults,
): RequestFaults {
  const { [request]: answer, [`${request}DelayMs` as const]: delayMs } = faults;
  // Beside a fault of other requests alone, the code is theirs.
  const isOthers =
    answer === undefined && REQUESTS.some((name) => faults[name] !== undefined);
  const errorCode = isOthers ? undefined : faults.errorCode;
  return {
    ...(answer !== undefined && { answer }),
    ...(errorCode !== undefined && { errorCode }),
    ...(delayMs !== undefined && { delayMs }),
  };
}

export const CALLBACK_FIELDS = [
  'arrivals',
  'callbackDelayMs',
  'callbackCopies',
] as const satisfies readonly (keyof CallbackFaults)[];

/** Those of some faults that are set, to be laid over others. */
export function pickFaults<K extends keyof SandboxFaults>(
  faults: SandboxFaults,
  names: readonly K[],
): Partial<Pick<SandboxFaults, K>> {
  const picked: Partial<Pick<SandboxFaults, K>> = {};
  for (const name of names) {
    if (faults[name] !== undefined) picked[name] = faults[name];
  }
  return picked;
}

export const MAX_DELAY_MS = 600_000;
export const MAX_COPIES = 20;

export const FAULT_CHECKS: Readonly<Record<keyof SandboxFaults, Check>> = {
  confirm: oneOf(ANSWER_FAULTS),
  verify: oneOf(ANSWER_FAULTS),
  errorCode: (value) =>
    typeof value === 'string' && /^[A-Za-z_]{1,100}$/.test(value)
      ? undefined
      : 'must be an error code, such as BACKEND_ERROR',
  confirmDelayMs: wholeNumber(0, MAX_DELAY_MS),
  verifyDelayMs: wholeNumber(0, MAX_DELAY_MS),
  arrivals: oneOf(ARRIVALS),
  callbackDelayMs: wholeNumber(0, MAX_DELAY_MS),
  callbackCopies: wholeNumber(1, MAX_COPIES),
};

/**
 * Reads faults as a query string spells them: `confirm=hang&callbackCopies=2`.
 *
 * @throws {ApiError} 422 `INVALID_INPUTS`.
 */
export function parseFaults(text: string | URLSearchParams): SandboxFaults {
  const faults: object = Object.fromEntries(
    Array.from(new URLSearchParams(text), ([name, value]) => [
      name,
      /^\d+$/.test(value) ? Number(value) : value,
    ]),
  );
  checkFields<SandboxFaults>(faults, FAULT_CHECKS);
  return faults;
}
