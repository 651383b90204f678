/** What a merchant asks for when a checkout page is opened, as it was sent. */
export interface CheckoutRequest {
  /** The gateway's name on the wire. */
  readonly gateway: string;
  readonly amount: string;
  readonly invoiceNo: string;
  readonly returnUrl: string;
  /** If the gateway calls the merchant's server elsewhere. */
  readonly callbackUrl: string | undefined;
  readonly customerIp: string | undefined;
  readonly lang: 'ar' | 'en';
}
