import { Injectable, Logger } from '@nestjs/common';
import { PlutuAccount } from '../account/plutu-account.js';
import { publishCase } from '../diagnostics/channels.js';
import { PLUTU_EVENTS } from '../payments/events.js';
import { PlutuEvents } from '../payments/plutu-events.js';
import { logFields } from '../utils/log-fields.js';
import {
  CallbackRejectedEvent,
  type RejectionReason,
} from './callback-rejected.event.js';

/** How many forgeries may be with the application's handlers at once. */
const MAX_UNDER_WAY = 10;

type Facts = Omit<
  ConstructorParameters<typeof CallbackRejectedEvent>[0],
  'account'
>;

/** Reports callbacks that were refused: in the log, and as an event. */
@Injectable()
export class Rejections {
  private readonly logger = new Logger('PlutuCallbacks');
  private underWay = 0;
  private dropped = 0;

  constructor(
    private readonly account: PlutuAccount,
    private readonly events: PlutuEvents,
  ) {}

  /**
   * Reports one that Plutu did not sign. Not awaited: a sender of forgeries must not
   * learn what they cost, or how many handlers they keep busy.
   */
  forged(facts: Facts & { readonly reason: RejectionReason }): void {
    const { gateway, path, reason } = facts;
    this.logger.warn(
      `Callback of ${gateway} rejected at ${path}: ${reason}`,
      ...logFields({ account: this.account.name, gateway, path, reason }),
    );
    if (this.underWay >= MAX_UNDER_WAY) {
      this.dropped++;
      return;
    }
    this.underWay++;
    void this.notify(facts).finally(() => {
      this.underWay--;
      if (this.underWay === 0) this.reportDropped();
    });
  }

  /**
   * Reports one that Plutu signed but that cannot be taken. Somebody may have paid,
   * and there is no other trace, so the report contains everything that was signed.
   */
  signed(facts: Omit<Required<Facts>, 'tenant'> & Pick<Facts, 'tenant'>): void {
    const { gateway, tenant, reason, fields, signed, path } = facts;
    const invoiceNo = signed['invoice_no'];
    const problems = [reason, ...Object.values(fields).flat()].join('; ');
    this.logger.error(
      `Callback of ${gateway} is signed by Plutu, but unreadable (${problems}). Look it up in Plutu's dashboard: account ${this.account.name}, ` +
        (tenant === undefined ? '' : `tenant ${tenant}, `) +
        JSON.stringify(signed),
      ...logFields({
        account: this.account.name,
        tenant,
        gateway,
        path,
        reason,
        invoiceNo,
        transactionId: signed['transaction_id'],
        fields,
      }),
    );
    publishCase(() => ({
      kind: 'unreadable',
      account: this.account.name,
      tenant,
      gateway,
      invoiceNo,
      paymentId: undefined,
      reason,
    }));
    void this.notify(facts);
  }

  private async notify(facts: Facts): Promise<void> {
    await this.events.notify(
      PLUTU_EVENTS.callbackRejected,
      new CallbackRejectedEvent({ account: this.account.name, ...facts }),
    );
  }

  private reportDropped(): void {
    if (this.dropped === 0) return;
    this.logger.warn(
      `${this.dropped} rejected callbacks were logged but not published, because their handlers were busy.`,
    );
    this.dropped = 0;
  }
}
