import type { SandboxDelivery } from './checkout/transaction.js';

/** A checkout page is open. */
export interface CheckoutOpened {
  /** What happened. */
  readonly type: 'checkout-opened';
  /** Its name on the wire. */
  readonly gateway: string;
  /** Of the request. */
  readonly invoiceNo: string;
  /** As it was sent. */
  readonly amount: string;
  /** ISO 4217. */
  readonly currency: string;
  /** The checkout page. */
  readonly redirectUrl: string;
}

/** A one-time password is on its way to a customer, whose number is not said. */
export interface OtpSent {
  /** What happened. */
  readonly type: 'otp-sent';
  /** Its name on the wire. */
  readonly gateway: string;
  /** As it was answered. */
  readonly processId: string;
  /** As it was sent. */
  readonly amount: string;
  /** ISO 4217. */
  readonly currency: string;
}

/** A one-time password was confirmed, and the customer is charged. */
export interface OtpPaid extends Omit<OtpSent, 'type'> {
  /** What happened. */
  readonly type: 'otp-paid';
  /** Of the request. */
  readonly invoiceNo: string;
}

/** A request was not answered as its sender had hoped. */
export interface RequestRefused {
  /** What happened. */
  readonly type: 'request-refused';
  /** The HTTP method. */
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  /** The HTTP status of the answer. */
  readonly status: number;
  /** The error's code, as Plutu spells it. */
  readonly code: string;
  /** What was wrong. */
  readonly message: string;
}

/** A merchant's server was called, or could not be. */
export interface CallbackDelivered extends Pick<
  SandboxDelivery,
  'status' | 'error' | 'durationMs'
> {
  /** What happened. */
  readonly type: 'callback-delivered';
  /** Its name on the wire. */
  readonly gateway: string;
  /** Of the checkout. */
  readonly invoiceNo: string;
  /** How the checkout ended. */
  readonly outcome: string;
  /** Whether the developer asked for it. */
  readonly kind: SandboxDelivery['kind'];
  /** What was called, without its query. */
  readonly target: string;
}

/** The state file cannot be written; the sandbox goes on without. */
export interface StateNotSaved {
  /** What happened. */
  readonly type: 'state-not-saved';
  /** Why. */
  readonly message: string;
}

/** Something that a developer wants to see in the terminal. Holds no key. */
export type SandboxEvent = {
  /** When: ISO 8601, UTC. */
  readonly at: string;
} & (
  | CheckoutOpened
  | OtpSent
  | OtpPaid
  | RequestRefused
  | CallbackDelivered
  | StateNotSaved
);

/** An event in one line. */
export function describeEvent(event: SandboxEvent): string {
  switch (event.type) {
    case 'checkout-opened':
      return `${event.invoiceNo} open at ${event.gateway}, ${event.amount} ${event.currency}: ${event.redirectUrl}`;
    case 'otp-sent':
      return `code sent by ${event.gateway}, ${event.amount} ${event.currency}: process ${event.processId}`;
    case 'otp-paid':
      return `${event.invoiceNo} paid at ${event.gateway}, ${event.amount} ${event.currency}: process ${event.processId}`;
    case 'request-refused':
      return `refused ${event.method} ${event.path}: ${event.status} ${event.code}: ${event.message}`;
    case 'callback-delivered':
      return `${event.invoiceNo} ${event.outcome}, ${event.kind === 'callback' ? '' : `${event.kind} `}callback to ${event.target}: ${event.status ?? event.error}`;
    default:
      return `the state could not be saved: ${event.message}`;
  }
}
