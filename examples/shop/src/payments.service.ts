import { Injectable } from '@nestjs/common';
import {
  AdfaliService,
  LocalBankCardsService,
  MpgsService,
  SadadService,
  TlyncService,
  type ConfirmOtpDto,
  type Checkout,
  type PlutuLanguage,
  type SentOtp,
} from 'nestjs-plutu';

/** The ways of paying by Plutu's names, and what the customer has to fill in. */
export const GATEWAYS = {
  mpgs: [],
  localbankcards: [],
  tlync: ['mobileNumber'],
  sadadapi: ['mobileNumber', 'birthYear'],
  edfali: ['mobileNumber'],
} as const satisfies Record<string, readonly (keyof CustomerFields)[]>;

export type GatewayName = keyof typeof GATEWAYS;

/** As the customer writes them. */
export interface CustomerFields {
  readonly mobileNumber: string;
  readonly birthYear: string;
}

export function isGatewayName(name: string): name is GatewayName {
  return Object.hasOwn(GATEWAYS, name);
}

/** Asks Plutu for payments. Booking them is the consumers' work. */
@Injectable()
export class PaymentsService {
  constructor(
    private readonly mpgs: MpgsService,
    private readonly localBankCards: LocalBankCardsService,
    private readonly tlync: TlyncService,
    private readonly sadad: SadadService,
    private readonly adfali: AdfaliService,
  ) {}

  /**
   * Begins to pay an order, as often as the customer likes. It says nothing of the
   * amount: `OrdersService.findInvoice` does.
   *
   * @returns where to send the customer, or the token that goes with the code.
   * @throws {PlutuError}
   */
  async start(
    gateway: GatewayName,
    orderNo: string,
    { mobileNumber, birthYear }: CustomerFields,
    lang: PlutuLanguage,
  ): Promise<Checkout | SentOtp> {
    switch (gateway) {
      case 'mpgs':
        return this.mpgs.createCheckout({ orderNo, lang });
      case 'localbankcards':
        return this.localBankCards.createCheckout({ orderNo, lang });
      case 'tlync':
        return this.tlync.createCheckout({ orderNo, lang, mobileNumber });
      case 'sadadapi':
        return this.sadad.sendOtp({ orderNo, mobileNumber, birthYear });
      case 'edfali':
        return this.adfali.sendOtp({ orderNo, mobileNumber });
      default:
        return gateway satisfies never;
    }
  }

  /**
   * Charges the customer, if the code is right.
   *
   * @throws {PlutuError}
   */
  async confirm(
    gateway: GatewayName,
    confirmation: ConfirmOtpDto,
  ): Promise<void> {
    const wallet = gateway === 'sadadapi' ? this.sadad : this.adfali;
    await wallet.confirm(confirmation);
  }
}
