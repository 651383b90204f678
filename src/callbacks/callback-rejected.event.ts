import { DEFAULT_ACCOUNT } from '../account/tokens.js';
import type { FieldErrors } from '../errors/plutu-errors.js';
import { consumerDecorator } from '../payments/consumer.decorators.js';
import { PLUTU_EVENTS } from '../payments/events.js';
import type { CallbackRefusalReason } from '../protocol/signature.js';

/**
 * Why a callback was rejected:
 *
 * - what is wrong with its signature
 * - `invalid-fields`: Plutu signed it, but its content is not what Plutu documents
 * - `unknown-tenant`: there are no keys to verify it with
 */
export type RejectionReason =
  CallbackRefusalReason | 'invalid-fields' | 'unknown-tenant';

/**
 * A callback was answered with 403 or 400. Made for alerting: somebody is forging
 * callbacks, or the secret key or the return URL is set up wrong. With the reason
 * `invalid-fields`, Plutu signed it: somebody may have paid, so look into it.
 */
export class CallbackRejectedEvent {
  /** The `name` of the account whose endpoint it came to. */
  readonly account: string;
  /** The tenant whose keys signed it, if the signature is valid. */
  readonly tenant: string | undefined;
  /** Plutu's name for the gateway whose endpoint it came to, such as `mpgs`. */
  readonly gateway: string;
  /** Why it was refused. */
  readonly reason: RejectionReason;
  /** What is wrong with the content, by property of `Payment`. */
  readonly fields: FieldErrors;
  /**
   * Every signed parameter, under Plutu's names (`invoice_no`), if the signature is
   * valid; otherwise empty.
   */
  readonly signed: Readonly<Record<string, string>>;
  /** The path that was called, without its query. */
  readonly path: string;

  constructor(facts: {
    readonly account?: string | undefined;
    readonly tenant?: string | undefined;
    readonly gateway: string;
    readonly reason: RejectionReason;
    readonly fields?: FieldErrors | undefined;
    readonly signed?: Readonly<Record<string, string>> | undefined;
    readonly path: string;
  }) {
    this.account = facts.account ?? DEFAULT_ACCOUNT;
    this.tenant = facts.tenant;
    this.gateway = facts.gateway;
    this.reason = facts.reason;
    this.fields = facts.fields ?? {};
    this.signed = facts.signed ?? {};
    this.path = facts.path;
  }
}

/** Calls the method when a callback was refused. Its errors are logged. */
export const OnCallbackRejected = consumerDecorator<CallbackRejectedEvent>(
  PLUTU_EVENTS.callbackRejected,
);
