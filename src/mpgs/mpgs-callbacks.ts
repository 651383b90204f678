import { Inject, Injectable, Logger } from '@nestjs/common';
import {
  CALLBACK_DELIVERY,
  type CallbackDelivery,
  type CallbackReceipt,
  type MismatchReason,
  type VerifiedCallback,
} from '../callbacks/callback-delivery.js';
import { TENANT_PARAMETER } from '../callbacks/callback-parameters.js';
import { verifyCallback } from '../callbacks/callback-signature.js';
import { parseQueryPairs, phpVariableName } from '../callbacks/query-pairs.js';
import { CredentialsResolver } from '../credentials/credentials-resolver.js';
import type { PlutuCredentials } from '../credentials/plutu-credentials.js';
import {
  isTagOf,
  readTenantParameter,
} from '../credentials/tenant-parameter.js';
import { PlutuEvents, stackOf } from '../events/plutu-events.js';
import {
  Invoices,
  isSameAmount,
  type DueAmount,
} from '../invoices/invoices.js';
import { DEFAULT_ACCOUNT } from '../plutu.account.js';
import { PlutuConfig } from '../plutu.config.js';
import type { FieldErrors } from '../plutu.errors.js';
import { toMpgsCallback, type MpgsCallbackDto } from './mpgs-callback.dto.js';
import {
  MpgsCallbackInvalidException,
  MpgsCallbackNotDeliveredException,
  MpgsCallbackRefusedException,
  MpgsPaymentMismatchException,
} from './mpgs-callback.exceptions.js';
import { MPGS_CALLBACK_RULES } from './mpgs-callback.rules.js';
import {
  MPGS_EVENTS,
  MpgsCallbackRejectedEvent,
  type MpgsRejectionReason,
} from './mpgs.events.js';

/** The way in: from a raw query to a delivered callback. */
@Injectable()
export class MpgsCallbacks {
  private readonly logger = new Logger(MpgsCallbacks.name);

  constructor(
    private readonly config: PlutuConfig,
    private readonly events: PlutuEvents,
    private readonly invoices: Invoices,
    private readonly credentials: CredentialsResolver,
    @Inject(CALLBACK_DELIVERY) private readonly delivery: CallbackDelivery,
  ) {}

  /**
   * Makes a typed callback of what arrived.
   *
   * @param url the request's URL as it arrived, path and query.
   * @throws {MpgsCallbackRefusedException} Plutu did not sign it for MPGS.
   * @throws {MpgsCallbackInvalidException} signed, but not as documented.
   * @throws {MpgsCallbackNotDeliveredException} where the tenant's keys cannot be
   *   had just now.
   */
  async verify(url: string): Promise<MpgsCallbackDto> {
    const [path, query] = splitUrl(url);
    const arrival = performance.now();
    const named = this.tenantIn(query);
    if (named === null) throw this.refusal('unknown-tenant', path);
    let verification = this.verifyWith(
      await this.credentialsOf(() =>
        this.credentials.credentialsOf(named?.tenant),
      ),
      named,
      query,
    );
    if (named && !verification.verified) {
      // The tenant's keys may have been changed since they were looked up.
      const renewed = await this.credentialsOf(() =>
        this.credentials.renewedCredentialsOf(named.tenant, arrival),
      );
      if (renewed) verification = this.verifyWith(renewed, named, query);
    }
    if (!verification.verified) throw this.refusal(verification.reason, path);
    const result = toMpgsCallback(verification.fields, named?.tenant);
    if ('callback' in result) return result.callback;
    this.reportUnreadable(result.errors, {
      signed: verification.fields,
      tenant: named?.tenant,
      path,
    });
    throw new MpgsCallbackInvalidException(result.errors);
  }

  /**
   * Hands a callback to the application, unless it has had it already.
   *
   * @throws {MpgsPaymentMismatchException} it is not what the invoice was due;
   *   the mismatch is delivered in its place.
   * @throws {MpgsCallbackNotDeliveredException} where delivering failed; the
   *   next arrival of the callback tries again.
   */
  async deliver(callback: MpgsCallbackDto): Promise<void> {
    const { outcome } = await this.accept(this.toVerified(callback));
    if (outcome === 'mismatch') throw new MpgsPaymentMismatchException();
  }

  private async accept(callback: VerifiedCallback): Promise<CallbackReceipt> {
    const { account, tenant, invoiceNo, transactionId } = callback;
    const about =
      (account === DEFAULT_ACCOUNT ? '' : `account ${account}, `) +
      (tenant === undefined ? '' : `tenant ${tenant}, `) +
      `invoice ${invoiceNo}, transaction ${transactionId}`;
    const start = performance.now();
    const took = () => `${Math.round(performance.now() - start)} ms`;
    try {
      const receipt = await this.delivery.accept(callback, () =>
        this.compareWithInvoice(callback, about),
      );
      const { duplicate, outcome } = receipt;
      const what = duplicate ? 'Duplicate callback' : 'Callback accepted';
      this.logger.log(`${what}: ${about}, ${outcome}, ${took()}`);
      return receipt;
    } catch (error) {
      this.logger.error(
        `Callback not delivered: ${about}, ${callback.outcome}, ${took()}`,
        stackOf(error),
      );
      throw new MpgsCallbackNotDeliveredException(error);
    }
  }

  /** @returns the callback, or a mismatch where it is not what was due. */
  private async compareWithInvoice(
    callback: VerifiedCallback,
    about: string,
  ): Promise<VerifiedCallback> {
    if (callback.outcome !== 'approved') return callback;
    const due = await this.invoices.find(callback.invoiceNo, callback.tenant);
    const reason = this.mismatchOf(callback, due);
    if (!reason) return callback;
    const wasDue = due ? `, ${due.amount} ${due.currency} was due` : '';
    this.logger.error(
      `Payment mismatch (${reason}): ${about}, ${callback.amount} ${callback.currency} was paid${wasDue}`,
    );
    return { ...callback, outcome: 'mismatch', reason, ...(due && { due }) };
  }

  private mismatchOf(
    { amount, currency }: VerifiedCallback,
    due: DueAmount | undefined,
  ): MismatchReason | undefined {
    if (!this.config.currencies.includes(currency)) return 'currency';
    if (!this.invoices.areKnown) return undefined;
    if (!due) return 'unknown-invoice';
    if (due.currency !== currency) return 'currency';
    return isSameAmount(amount, due.amount) ? undefined : 'amount';
  }

  private toVerified(callback: MpgsCallbackDto): VerifiedCallback {
    const { gateway, outcome, invoiceNo, transactionId } = callback;
    const { amount, amountCents, currency, tenant } = callback;
    return {
      account: this.config.account,
      gateway,
      outcome,
      invoiceNo,
      transactionId,
      amount,
      amountCents,
      currency,
      ...(tenant !== undefined && { tenant }),
    };
  }

  /**
   * Where there are no tenants, a parameter of that name means nothing.
   *
   * @returns `null` where it names none, or two.
   */
  private tenantIn(
    query: string,
  ): ReturnType<typeof readTenantParameter> | null {
    if (!this.credentials.hasTenants) return undefined;
    const [named, another] = (parseQueryPairs(query) ?? []).filter(
      ([name]) => phpVariableName(name) === TENANT_PARAMETER,
    );
    if (!named) return undefined;
    return (another ? undefined : readTenantParameter(named[1])) ?? null;
  }

  /** Checks the signature, and the tag of the tenant that the URL names. */
  private verifyWith(
    credentials: PlutuCredentials | undefined,
    named: ReturnType<typeof readTenantParameter>,
    query: string,
  ):
    | { verified: false; reason: MpgsRejectionReason }
    | { verified: true; fields: ReadonlyMap<string, string> } {
    if (!credentials) return { verified: false, reason: 'unknown-tenant' };
    const secretKeys = credentials.secretKeys();
    const verification = verifyCallback(query, secretKeys, MPGS_CALLBACK_RULES);
    if (!verification.verified || !named) return verification;
    const isNamedRightly = isTagOf(named.tag, secretKeys, {
      account: this.config.account,
      tenant: named.tenant,
      invoiceNo: verification.fields.get('invoice_no') ?? '',
    });
    return isNamedRightly
      ? verification
      : { verified: false, reason: 'unknown-tenant' };
  }

  private async credentialsOf(
    find: () => Promise<PlutuCredentials | undefined>,
  ): Promise<PlutuCredentials | undefined> {
    try {
      return await find();
    } catch (error) {
      this.logger.error('A callback could not be verified', stackOf(error));
      throw new MpgsCallbackNotDeliveredException(error);
    }
  }

  private refusal(
    reason: MpgsRejectionReason,
    path: string,
  ): MpgsCallbackRefusedException {
    this.logger.warn(`Callback rejected at ${path}: ${reason}`);
    this.notifyRejection({ reason, fields: {}, path });
    return new MpgsCallbackRefusedException();
  }

  /**
   * Plutu signed it, so somebody may have paid, and there is no other trace: all
   * that was signed goes into the log and into the event.
   */
  private reportUnreadable(
    fields: FieldErrors,
    callback: {
      signed: ReadonlyMap<string, string>;
      tenant: string | undefined;
      path: string;
    },
  ): void {
    const { tenant, path } = callback;
    const signed = Object.fromEntries(
      // The tenant's tag is a secret between the module and Plutu's URL.
      [...callback.signed].filter(([name]) => name !== TENANT_PARAMETER),
    );
    const problems = Object.values(fields).flat().join('; ');
    this.logger.error(
      `Callback signed by Plutu, but not readable (${problems}). Look it up in Plutu's dashboard: account ${this.config.account}, ` +
        (tenant === undefined ? '' : `tenant ${tenant}, `) +
        JSON.stringify(signed),
    );
    const reason = 'invalid-fields';
    this.notifyRejection({ reason, fields, signed, path, tenant });
  }

  private notifyRejection(
    facts: ConstructorParameters<typeof MpgsCallbackRejectedEvent>[0],
  ): void {
    // Not waited for: whoever sends forgeries must not learn what they cost.
    void this.events.notify(
      MPGS_EVENTS.callbackRejected,
      new MpgsCallbackRejectedEvent({
        account: this.config.account,
        ...facts,
      }),
    );
  }
}

function splitUrl(url: string): [path: string, query: string] {
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  return [path.slice(0, 200), url.slice(path.length + 1)];
}
