import { Inject, Injectable, Optional } from '@nestjs/common';
import { CredentialsResolver } from '../account/credentials-resolver.js';
import { EnabledGateways } from '../account/enabled-gateways.js';
import { PlutuAccount } from '../account/plutu-account.js';
import type { PlutuCredentials } from '../account/plutu-credentials.js';
import { isTagOf, readTenantParameter } from '../account/tenant-parameter.js';
import type { FieldErrors } from '../errors/plutu-errors.js';
import { SIGNED_PAYMENTS } from '../payments/events.js';
import {
  PAYMENT_JOURNAL,
  type JournalDelivery,
} from '../payments/payment-journal.js';
import type { SignedOutcome } from '../payments/payment.js';
import type { SignedPayment } from '../payments/payment-record.js';
import { parseJsonPairs } from '../protocol/json-pairs.js';
import {
  parseQueryPairs,
  phpVariableName,
  type Pair,
} from '../protocol/pairs.js';
import { TENANT_PARAMETER } from '../protocol/return-url.js';
import {
  MAX_MESSAGE_LENGTH,
  verifyCallback,
  type CallbackVerification,
} from '../protocol/signature.js';
import { dtoErrors } from '../utils/dto.js';
import type { CallbackChannel } from './callback-channel.js';
import type { RejectionReason } from './callback-rejected.event.js';
import { CheckoutReturn } from './checkout-return.js';
import { Rejections } from './rejections.js';
import type { ReturnChannel } from './return-channel.js';

/** A callback as it arrived. */
export interface CallbackMessage {
  /** The request's URL as it arrived, path and query, undecoded. */
  readonly url: string;
  /** The body as it arrived, of a `POST`. */
  readonly body?: string | undefined;
  /** Whether the body was longer than the limit. */
  readonly isTooLong?: boolean | undefined;
}

/** A message that must not be believed. */
export type Unverified =
  /** Plutu did not sign it for this gateway; for a log, not for the sender. */
  | { readonly refused: RejectionReason }
  /** Plutu signed it, but the content makes no sense: what is wrong, by property. */
  | { readonly invalid: FieldErrors };

/** What a callback turned out to be. */
export type VerifiedCallback = { readonly payment: SignedPayment } | Unverified;

/** What the message of a customer who came back turned out to be. */
export type VerifiedReturn =
  | {
      /** Still without an outcome. */
      readonly back: CheckoutReturn;
      /** Whether it says that the customer has paid. It does not prove that. */
      readonly isPaidFor: boolean;
    }
  | Unverified;

/** The reason for refusing a signed message whose content makes no sense. */
export const UNREADABLE = 'invalid-fields' satisfies RejectionReason;

/** What Plutu signed, and whose keys it signed it with. */
interface AuthenticMessage {
  readonly fields: ReadonlyMap<string, string>;
  readonly tenant: string | undefined;
}

type NamedTenant = ReturnType<typeof readTenantParameter>;

type Verification =
  | {
      readonly verified: false;
      readonly reason: RejectionReason;
      /** What Plutu did sign, for another tenant or invoice. */
      readonly signed?: ReadonlyMap<string, string>;
    }
  | Extract<CallbackVerification, { verified: true }>;

/** Makes a payment from a message, if Plutu signed it. Reports what it refuses. */
@Injectable()
export class CallbackVerifier {
  constructor(
    private readonly account: PlutuAccount,
    private readonly gateways: EnabledGateways,
    private readonly credentials: CredentialsResolver,
    private readonly rejections: Rejections,
    @Optional()
    @Inject(PAYMENT_JOURNAL)
    private readonly journal: JournalDelivery | undefined,
  ) {}

  /** Whether the registration has the gateway. */
  takes(gateway: string): boolean {
    return this.gateways.find(gateway) !== undefined;
  }

  /**
   * @param channel whose message it has to be.
   * @throws {PlutuLookupError} if the tenant's keys cannot be loaded right now.
   * @throws {Error} if the journal cannot record an unreadable message.
   */
  async verify(
    channel: CallbackChannel,
    message: CallbackMessage,
  ): Promise<VerifiedCallback> {
    const authentic = await this.authenticate(channel, message);
    if ('refused' in authentic) return authentic;
    const { fields, tenant } = authentic;
    const outcome = outcomeOf(fields.get('approved'), fields.get('canceled'));
    const payment = this.paymentOf(channel, outcome, fields, tenant);
    const errors = dtoErrors(payment);
    if (outcome && !errors) return { payment };
    const invalid = { ...errors, ...(outcome ? {} : UNREADABLE_OUTCOME) };
    await this.reportUnreadable(channel, message, authentic, invalid);
    return { invalid };
  }

  /**
   * The same for a customer who came back. The message does not say how the payment
   * went.
   *
   * @throws {PlutuLookupError} as above.
   */
  async verifyReturn(
    channel: ReturnChannel,
    message: CallbackMessage,
  ): Promise<VerifiedReturn> {
    const authentic = await this.authenticate(channel, message);
    if ('refused' in authentic) return authentic;
    const { fields, tenant } = authentic;
    const back = new CheckoutReturn({
      account: this.account.name,
      tenant,
      gateway: channel.gateway,
      invoiceNo: fields.get('invoice_no') ?? '',
      outcome: 'pending',
    });
    const invalid = dtoErrors(back);
    if (!invalid) return { back, isPaidFor: fields.get('approved') === '1' };
    await this.reportUnreadable(channel, message, authentic, invalid);
    return { invalid };
  }

  private async authenticate(
    channel: CallbackChannel | ReturnChannel,
    { url, body, isTooLong = false }: CallbackMessage,
  ): Promise<AuthenticMessage | { readonly refused: RejectionReason }> {
    const arrival = performance.now();
    const { gateway } = channel;
    const [path, query] = splitUrl(url);
    const pairs =
      channel.method === 'GET' ? queryPairs(query) : bodyPairs(body);
    const refuse = (refused: RejectionReason) => {
      this.rejections.forged({ gateway, path, reason: refused });
      return { refused };
    };

    if (isTooLong) return refuse('too-long');
    if (typeof pairs === 'string') return refuse(pairs);
    const named = this.tenantIn(query);
    if (named === null) return refuse('unknown-tenant');
    let verification = this.verifyWith(
      await this.credentials.credentialsOf(named?.tenant),
      channel,
      pairs,
      named,
    );
    if (named && !verification.verified) {
      // The tenant's keys may have been changed since they were looked up.
      const renewed = await this.credentials.renewedCredentialsOf(
        named.tenant,
        arrival,
      );
      if (renewed) {
        verification = this.verifyWith(renewed, channel, pairs, named);
      }
    }
    if (!verification.verified) {
      const { reason, signed } = verification;
      if (!signed) return refuse(reason);
      this.rejections.signed({
        gateway,
        tenant: named?.tenant,
        reason,
        fields: {},
        signed: withoutTag(signed),
        path,
      });
      return { refused: reason };
    }
    return { fields: verification.fields, tenant: named?.tenant };
  }

  private async reportUnreadable(
    { gateway }: CallbackChannel | ReturnChannel,
    { url }: CallbackMessage,
    { fields: signed, tenant }: AuthenticMessage,
    fields: FieldErrors,
  ): Promise<void> {
    const message = {
      gateway,
      tenant,
      fields,
      signed: withoutTag(signed),
    };
    this.rejections.signed({
      ...message,
      reason: UNREADABLE,
      path: splitUrl(url)[0],
    });
    await this.journal?.recordUnreadable(message);
  }

  /** Checks the signature, and the tag of the tenant that the URL names. */
  private verifyWith(
    credentials: PlutuCredentials | undefined,
    { rules }: CallbackChannel | ReturnChannel,
    pairs: readonly Pair[] | undefined,
    named: NamedTenant,
  ): Verification {
    if (!credentials) return { verified: false, reason: 'unknown-tenant' };
    const secretKeys = credentials.secretKeys();
    const verification = verifyCallback(pairs, secretKeys, rules);
    if (!verification.verified || !named) return verification;
    const isNamedRightly = isTagOf(named.tag, secretKeys, {
      account: this.account.name,
      tenant: named.tenant,
      invoiceNo: verification.fields.get('invoice_no') ?? '',
    });
    return isNamedRightly
      ? verification
      : {
          verified: false,
          reason: 'unknown-tenant',
          signed: verification.fields,
        };
  }

  private paymentOf(
    { gateway, currency, methodParameters }: CallbackChannel,
    outcome: SignedOutcome = 'incomplete',
    fields: ReadonlyMap<string, string>,
    tenant: string | undefined,
  ): SignedPayment {
    return new SIGNED_PAYMENTS[outcome]({
      account: this.account.name,
      tenant,
      gateway,
      invoiceNo: fields.get('invoice_no') ?? '',
      transactionId: fields.get('transaction_id') ?? '',
      amount: fields.get('amount') ?? '',
      currency: currency ?? fields.get('currency') ?? '',
      method: methodParameters
        .map((name) => fields.get(name))
        .find((method) => method !== undefined),
    });
  }

  /**
   * Without tenants, a parameter with that name means nothing. It is always in the
   * query: Plutu keeps the query of the URL that it was given.
   *
   * @returns `null` if it names none, or two.
   */
  private tenantIn(query: string): NamedTenant | null {
    if (!this.credentials.hasTenants) return undefined;
    const [named, another] = (parseQueryPairs(query) ?? []).filter(
      ([name]) => phpVariableName(name) === TENANT_PARAMETER,
    );
    if (!named) return undefined;
    return (another ? undefined : readTenantParameter(named[1])) ?? null;
  }
}

/** The tenant's tag is a secret between the module and Plutu's URL. */
function withoutTag(
  signed: ReadonlyMap<string, string>,
): Record<string, string> {
  return Object.fromEntries(
    [...signed].filter(([name]) => name !== TENANT_PARAMETER),
  );
}

const UNREADABLE_OUTCOME: FieldErrors = {
  outcome: ['approved and canceled must each be 0 or 1, and not both be 1'],
};

function outcomeOf(approved = '', canceled = ''): SignedOutcome | undefined {
  const isPaid = isSet(approved);
  const isCanceled = isSet(canceled);
  if (isPaid === undefined || isCanceled === undefined) return undefined;
  if (isPaid && isCanceled) return undefined;
  if (isPaid) return 'approved';
  return isCanceled ? 'canceled' : 'incomplete';
}

/** A flag of Plutu's: `undefined` for any other text. */
function isSet(flag: string): boolean | undefined {
  if (flag === '1') return true;
  return flag === '0' || flag === '' ? false : undefined;
}

function queryPairs(query: string): Pair[] | 'too-long' | undefined {
  if (query.length > MAX_MESSAGE_LENGTH) return 'too-long';
  return parseQueryPairs(query);
}

/** As JSON, or else as a form, whatever the request's `Content-Type` says. */
function bodyPairs(body = ''): Pair[] | 'too-long' | 'ambiguous' | undefined {
  if (body.length > MAX_MESSAGE_LENGTH) return 'too-long';
  const pairs = parseJsonPairs(body) ?? parseQueryPairs(body.trim());
  // Unlike a query, a body has nothing in it but what Plutu put there.
  const names = new Set(pairs?.map(([name]) => name));
  return pairs && names.size < pairs.length ? 'ambiguous' : pairs;
}

function splitUrl(url: string): [path: string, query: string] {
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  return [path.slice(0, 200), url.slice(path.length + 1)];
}
