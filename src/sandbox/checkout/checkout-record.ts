import type { Account } from '../api/account.js';
import type {
  CallbackFaults,
  SandboxArrivals,
} from '../faults/sandbox-faults.js';
import type { CheckoutRequest } from './checkout-request.js';
import type {
  SandboxCompletion,
  SandboxDelivery,
  SandboxTransaction,
} from './transaction.js';

/** What all checkouts of one sandbox have in common. */
export interface CheckoutContext {
  readonly origin: string;
  readonly account: Account;
  readonly arrivals: SandboxArrivals;
  readonly allowRemote: boolean;
  /** Whether what merchants' servers answer may be shown, besides the status. */
  readonly showsAnswers: boolean;
  /** Ends the calls that are under way when the sandbox closes. */
  readonly closing: AbortSignal;
  readonly nextDeliveryId: () => number;
  readonly strikeCallback: (request: CheckoutRequest) => CallbackFaults;
  /** Called after every change and every delivery. */
  readonly changed: (
    transaction: SandboxTransaction,
    delivery?: SandboxDelivery,
  ) => void;
}

/** All that there is to know of a checkout, to be kept in a file. */
export interface CheckoutRecord extends Omit<
  SandboxTransaction,
  'redirectUrl' | 'currency'
> {
  readonly token: string;
  /** What the confirm request itself asked for, by header or query. */
  readonly faults: CallbackFaults;
}

/** What a finished checkout does to the customer's browser. */
export interface CheckoutEnding {
  readonly browserUrl: string;
  /** How the browser is sent to it. */
  readonly redirect: 'after-callback' | 'at-once' | 'never';
  readonly completion: Promise<SandboxCompletion>;
}
