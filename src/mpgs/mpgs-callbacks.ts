import type { KeyObject } from 'node:crypto';
import { Inject, Injectable, Logger } from '@nestjs/common';
import {
  CALLBACK_DELIVERY,
  type CallbackDelivery,
  type CallbackReceipt,
  type VerifiedCallback,
} from '../callbacks/callback-delivery.js';
import { TENANT_PARAMETER } from '../callbacks/callback-parameters.js';
import {
  verifyCallback,
  type CallbackRules,
} from '../callbacks/callback-signature.js';
import { parseQueryPairs, phpVariableName } from '../callbacks/query-pairs.js';
import { CredentialsResolver } from '../credentials/credentials-resolver.js';
import type { PlutuCredentials } from '../credentials/plutu-credentials.js';
import {
  isTagOf,
  readTenantParameter,
} from '../credentials/tenant-parameter.js';
import { PlutuEvents, stackOf } from '../events/plutu-events.js';
import { Invoices, isSameAmount } from '../invoices/invoices.js';
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
import { mpgsCallbackRules } from './mpgs-callback.rules.js';
import {
  MPGS_EVENTS,
  MpgsCallbackRejectedEvent,
  type MpgsRejectionReason,
} from './mpgs.events.js';

/** The way in: from a raw query to a delivered callback. */
@Injectable()
export class MpgsCallbacks {
  private readonly logger = new Logger(MpgsCallbacks.name);
  private readonly rules: CallbackRules;

  constructor(
    private readonly config: PlutuConfig,
    private readonly events: PlutuEvents,
    private readonly invoices: Invoices,
    private readonly credentials: CredentialsResolver,
    @Inject(CALLBACK_DELIVERY) private readonly delivery: CallbackDelivery,
  ) {
    this.rules = mpgsCallbackRules(config.currencies);
  }

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
    const named = this.tenantIn(query);
    if (named === null) throw this.refusal('unknown-tenant', path);
    let verification = await this.verifyFor(named?.tenant, query);
    if (named && !verification.verified) {
      // Its keys may have been changed, or it may have just been signed up.
      verification = await this.verifyFor(named.tenant, query, {
        isFresh: true,
      });
    }
    if (!verification.verified) throw this.refusal(verification.reason, path);
    const result = toMpgsCallback(verification.fields, named?.tenant);
    if ('errors' in result) {
      this.reportRejection('invalid-fields', result.errors, path);
      throw new MpgsCallbackInvalidException(result.errors);
    }
    const { callback } = result;
    const isNamedRightly =
      !named ||
      isTagOf(named.tag, verification.secretKeys, {
        account: this.config.account,
        tenant: named.tenant,
        invoiceNo: callback.invoiceNo,
      });
    if (!isNamedRightly) throw this.refusal('unknown-tenant', path);
    return callback;
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
    if (callback.outcome !== 'approved' || !this.invoices.areKnown) {
      return callback;
    }
    const due = await this.invoices.find(callback.invoiceNo, callback.tenant);
    if (due && isSameAmount(callback, due)) return callback;
    const wasDue = due
      ? `${due.amount} ${due.currency} was due`
      : 'the invoice is not known';
    this.logger.error(
      `Payment mismatch: ${about}, ${callback.amount} ${callback.currency}, but ${wasDue}`,
    );
    return { ...callback, outcome: 'mismatch', due };
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

  /** Checks a signature with the keys of a tenant, or the application's own. */
  private async verifyFor(
    tenant: string | undefined,
    query: string,
    options?: { isFresh: boolean },
  ): Promise<
    | { verified: false; reason: MpgsRejectionReason }
    | {
        verified: true;
        fields: ReadonlyMap<string, string>;
        secretKeys: readonly KeyObject[];
      }
  > {
    const credentials = await this.credentialsOf(tenant, options);
    if (!credentials) return { verified: false, reason: 'unknown-tenant' };
    const secretKeys = credentials.secretKeys();
    const verification = verifyCallback(query, secretKeys, this.rules);
    return verification.verified
      ? { ...verification, secretKeys }
      : verification;
  }

  private async credentialsOf(
    tenant: string | undefined,
    options?: { isFresh: boolean },
  ): Promise<PlutuCredentials | undefined> {
    try {
      return await this.credentials.credentialsOf(tenant, options);
    } catch (error) {
      this.logger.error(
        `The keys of tenant ${tenant} could not be had`,
        stackOf(error),
      );
      throw new MpgsCallbackNotDeliveredException(error);
    }
  }

  private refusal(
    reason: MpgsRejectionReason,
    path: string,
  ): MpgsCallbackRefusedException {
    this.reportRejection(reason, {}, path);
    return new MpgsCallbackRefusedException();
  }

  private reportRejection(
    reason: MpgsRejectionReason,
    fields: FieldErrors,
    path: string,
  ): void {
    const details = Object.values(fields).flat().join('; ');
    this.logger.warn(
      `Callback rejected at ${path}: ${reason}${details && ` (${details})`}`,
    );
    // Not waited for: whoever sends forgeries shall not find out what they cost.
    void this.events.notify(
      MPGS_EVENTS.callbackRejected,
      new MpgsCallbackRejectedEvent({
        account: this.config.account,
        reason,
        fields,
        path,
      }),
    );
  }
}

function splitUrl(url: string): [path: string, query: string] {
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  return [path.slice(0, 200), url.slice(path.length + 1)];
}
