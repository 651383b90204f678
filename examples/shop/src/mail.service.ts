import { Injectable, Logger } from '@nestjs/common';
import { OnPaymentApproved, type PaymentApprovedEvent } from 'nestjs-plutu';

/** Mails receipts. A mail cannot be part of a transaction, so it has its own consumer. */
@Injectable()
export class MailService {
  private readonly logger = new Logger('Mail');

  /** If it fails, it is tried again, and the order is not booked again. */
  @OnPaymentApproved({ consumer: 'receipt', after: 'booking' })
  receipt({ orderNo, amount, currency }: PaymentApprovedEvent): void {
    this.logger.log(`Order ${orderNo} is paid: ${amount} ${currency}.`);
  }
}
