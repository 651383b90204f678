import type { Account } from '../api/account.js';
import type { FieldRules } from '../api/field-rules.js';
import type {
  CheckoutOutcome,
  SandboxDeclineReason,
} from '../checkout/outcome.js';
import type { Pair } from '../../protocol/pairs.js';

/** A text of the checkout page, in both of its languages. */
export type Texts = Readonly<Record<'ar' | 'en', string>>;

/** What the merchant learns of a payment, by the sandbox's own names. */
export interface PaymentFacts {
  readonly outcome: CheckoutOutcome;
  readonly amount: string;
  readonly currency: string;
  readonly invoiceNo: string;
  readonly transactionId: string;
  /** The way of paying that the customer chose, if the gateway has several. */
  readonly method: string | undefined;
}

/** Where the merchant wants to hear of a payment: URLs of its request. */
export interface MerchantUrls {
  readonly returnUrl: string;
  readonly callbackUrl?: string | undefined;
}

/** One way in which a message gets to the merchant. */
export interface MerchantChannel {
  /** With GET in the query, or with POST in a JSON body. */
  readonly method: 'GET' | 'POST';
  readonly url: (urls: MerchantUrls) => string;
  /** What is said and signed, in the order of the wire. */
  readonly parameters: (facts: PaymentFacts) => Pair[];
}

/** A way in which a payment can go, for the developer to choose on the page. */
export interface TestResult {
  /** In the form of the checkout page: `result=…`. */
  readonly id: string;
  readonly name: Texts;
  /** What happens then. */
  readonly effect: Texts;
  /**
   * - `approved-late`: approved, after some seconds
   * - `challenge`: a second page asks
   * - `abandoned`: the customer closes the page
   */
  readonly ending:
    | 'approved'
    | 'approved-late'
    | 'challenge'
    | 'abandoned'
    | SandboxDeclineReason;
}

/** What is special about the checkout page of a gateway. */
export interface CheckoutPage {
  /** Stands above the results. */
  readonly chooseResult: Texts;
  /** The first is the default. */
  readonly results: readonly TestResult[];
  /** The second page of a result that asks. */
  readonly challenge?: { readonly title: Texts; readonly question: Texts };
  /** Ways to pay; the first is the default. Empty if there is no choice. */
  readonly methods: readonly { readonly id: string; readonly name: Texts }[];
  /** Whether the customer has to press a link to get back to the shop. */
  readonly returnsByLink: boolean;
}

/**
 * A gateway with a page of its own, at which the customer pays. All that the
 * sandbox knows of one is here.
 */
export interface HostedGateway<Name extends string = string> {
  /** At the wire. */
  readonly name: Name;
  /** For people. */
  readonly title: string;
  readonly currencyOf: (account: Account) => string;
  /** The fields that its request has beside those of every hosted gateway. */
  readonly fields: FieldRules;
  /** What Plutu's server sends. */
  readonly callback: MerchantChannel;
  /** What the customer's browser brings. */
  readonly browser: MerchantChannel;
  readonly page: CheckoutPage;
}
