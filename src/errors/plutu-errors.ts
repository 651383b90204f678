import type { PlutuErrorCode, PlutuFault } from './plutu-error-codes.js';

/** What is wrong with each field: its name, then one sentence per broken rule. */
export type FieldErrors = Readonly<Record<string, readonly string[]>>;

/**
 * The base of all errors that the gateways' services and the module's options throw:
 * `catch` it to handle them all. (A callback is answered with Nest's HTTP
 * exceptions.) No error carries a key, a token or a request's headers.
 */
export abstract class PlutuError extends Error {
  /**
   * For programs, and stable. It begins with `PLUTU_` if this package chose it. On a
   * {@link PlutuRefusedError} it is Plutu's own text.
   */
  abstract readonly code: string;

  /** Whether sending the same request again can help. */
  abstract readonly retryable: boolean;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** An option of `PlutuModule` is invalid. Thrown while the application starts. */
export class PlutuConfigurationError extends PlutuError {
  override readonly code = 'PLUTU_CONFIGURATION';
  override readonly retryable = false;

  /** @param option the option to correct, as it is named in `PlutuModuleOptions`. */
  constructor(
    readonly option: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * The application's `findInvoice` or `findCredentials` threw (`cause`), took too
 * long, or returned something that cannot be read. Nothing was sent.
 */
export class PlutuLookupError extends PlutuError {
  override readonly code = 'PLUTU_LOOKUP_FAILED';
  override readonly retryable = true;

  /** @param method the application's method that failed. */
  constructor(
    readonly method: 'findInvoice' | 'findCredentials',
    problem: string,
    cause?: unknown,
  ) {
    const reason = cause instanceof Error ? ` (${cause.message})` : '';
    super(`${method} failed: ${problem}${reason}.`, { cause });
  }
}

/** The journal could not be written (`cause`), so nothing was sent to Plutu. */
export class PlutuJournalError extends PlutuError {
  override readonly code = 'PLUTU_JOURNAL_FAILED';
  override readonly retryable = true;

  constructor(cause: unknown) {
    // A database's own message may quote the statement, with its values.
    super('The journal could not be written. Nothing was sent.', { cause });
  }
}

/** The request breaks one of Plutu's known rules. Nothing was sent. */
export class PlutuInvalidRequestError extends PlutuError {
  override readonly code = 'PLUTU_INVALID_REQUEST';
  override readonly retryable = false;

  /** @param fields what is wrong, by the property of the request. */
  constructor(readonly fields: FieldErrors) {
    super(
      `The request is not valid: ${Object.values(fields).flat().join('; ')}.`,
    );
  }
}

/**
 * With the option `invoices`: the request does not agree with the application's
 * invoice. Nothing was sent.
 */
export class PlutuInvoiceMismatchError extends PlutuError {
  override readonly code = 'PLUTU_INVOICE_MISMATCH';
  override readonly retryable = false;
  /** The one field that does not agree, with one sentence. */
  readonly fields: FieldErrors;

  /**
   * @param field `invoiceNo` or `orderNo`: there is no such invoice or order, or the
   *   amount due cannot be charged; `amount`: another amount is due.
   */
  constructor(field: 'invoiceNo' | 'orderNo' | 'amount', problem: string) {
    super(`The request does not agree with the invoice: ${problem}.`);
    this.fields = { [field]: [problem] };
  }
}

/**
 * Plutu answered, and the answer is no.
 *
 * If `fault` is `plutu`, the invoice number may be used up anyway: a second attempt
 * can be refused with `DUPLICATED_INVOICE_NUMBER`.
 */
export class PlutuRefusedError extends PlutuError {
  /** Plutu's own code, unchanged; `PLUTU_REFUSED` if Plutu gave no code. */
  override readonly code: string;
  override readonly retryable: boolean;
  /** `code`, in Plutu's own spelling, if it is one that this package knows. */
  readonly knownCode: PlutuErrorCode | undefined;
  /** Who can correct it: the merchant, the caller, the customer, or Plutu. */
  readonly fault: PlutuFault;
  /** The HTTP status: the one in the answer's body, or else the one that was sent. */
  readonly httpStatus: number;
  /**
   * What Plutu says about individual fields, by the property of the request
   * (`invoiceNo`).
   */
  readonly fields: FieldErrors;

  constructor(refusal: {
    message: string;
    code: string;
    knownCode: PlutuErrorCode | undefined;
    fault: PlutuFault;
    retryable: boolean;
    httpStatus: number;
    fields: FieldErrors;
  }) {
    super(refusal.message);
    this.code = refusal.code;
    this.knownCode = refusal.knownCode;
    this.fault = refusal.fault;
    this.retryable = refusal.retryable;
    this.httpStatus = refusal.httpStatus;
    this.fields = refusal.fields;
  }
}

/**
 * No connection to Plutu: refused, name not found, no route, or a certificate that
 * is not valid. Nothing was sent, so the invoice number is still free.
 */
export class PlutuConnectionError extends PlutuError {
  override readonly code = 'PLUTU_CONNECTION_FAILED';
  override readonly retryable = true;

  /**
   * @param networkCode Node's code for the failure, such as `ECONNREFUSED`.
   * @param host the host of `baseUrl`, with its port.
   */
  constructor(
    readonly networkCode: string,
    readonly host: string,
  ) {
    super(
      `Could not connect to Plutu at ${host} (${networkCode}). Nothing was sent.`,
    );
  }
}

/**
 * The request was sent, but no complete answer came back. It is unknown whether
 * Plutu acted on it. The invoice number may be used up, so open the next checkout
 * with a new one.
 */
export class PlutuOutcomeUnknownError extends PlutuError {
  override readonly code = 'PLUTU_OUTCOME_UNKNOWN';
  override readonly retryable = false;

  /**
   * @param reason `timeout`: no answer within the time of the option `timeout`;
   *   `cut-off`: the connection ended before the answer did.
   * @param invoiceNo the invoice that the request was about.
   * @param action what Plutu was asked for: *verify* sends a one-time password, and
   *   uses up no invoice number.
   */
  constructor(
    readonly reason: 'timeout' | 'cut-off',
    readonly invoiceNo: string,
    action: 'verify' | 'confirm' = 'confirm',
  ) {
    super(
      (reason === 'timeout'
        ? 'Plutu did not answer in time'
        : 'The connection ended before Plutu answered') +
        (action === 'verify'
          ? '. A code may have been sent: ask for another one.'
          : `. The outcome is unknown and the invoice number ${invoiceNo} may be used up.`),
    );
  }
}

/** The payment that an order was paid with. */
export interface FirstPayment {
  /** The `id` of that payment. */
  readonly id: string;
  /** Plutu's name for the gateway, such as `mpgs`. */
  readonly gateway: string;
  /** The invoice number that its checkout was opened with. */
  readonly invoiceNo: string;
  /** Plutu's own number for the payment. */
  readonly transactionId: string;
}

/**
 * With a journal: the order is paid, so it must not be paid again. Nothing was sent,
 * and nobody was charged.
 */
export class PlutuAlreadyPaidError extends PlutuError {
  override readonly code = 'PLUTU_ALREADY_PAID';
  override readonly retryable = false;

  /**
   * @param orderNo the order; the invoice number, if there is none.
   * @param first the payment that paid it.
   */
  constructor(
    readonly orderNo: string,
    readonly first: FirstPayment,
  ) {
    super(
      `Order ${orderNo} is already paid: ${first.gateway} invoice ${first.invoiceNo}, transaction ${first.transactionId}.`,
    );
  }
}

/**
 * Why a payment with a one-time password cannot continue, and what the customer can
 * do about it.
 *
 * - `wrong-code`: type the code again
 * - `expired`: ask for a new code; the token or the code is too old
 * - `too-many-refusals`: ask for a new code; too many were refused
 * - `too-many-codes`: wait; too many codes were sent to the number
 * - `wait`: wait a moment before asking for another code
 * - `locked`: the number is locked at the wallet's operator
 * - `not-subscribed`: the number has no such wallet
 * - `wrong-number`: correct the mobile number, or the birth year
 * - `insufficient-balance`: top up the wallet, or pay in another way
 * - `account-problem`: ask the bank; something is wrong with the account
 */
export type OtpProblem = keyof typeof OTP_PROBLEMS;

const OTP_PROBLEMS = {
  'wrong-code': 'The code is wrong',
  expired: 'The code has expired: ask for a new one',
  'too-many-refusals': 'Too many codes were refused: ask for a new one',
  'too-many-codes': 'Too many codes were sent to this number: try again later',
  wait: 'Wait a moment before you ask for another code',
  locked: 'The mobile number is locked',
  'not-subscribed': 'The mobile number is not subscribed',
  'wrong-number': 'The mobile number or the birth year is wrong',
  'insufficient-balance': 'The balance is not sufficient',
  'account-problem': "Something is wrong with the customer's bank account",
} as const;

/**
 * A payment with a one-time password cannot continue, and the customer can do
 * something about it: `problem` says what. Nobody was charged.
 */
export class PlutuOtpError extends PlutuError {
  /** Such as `PLUTU_OTP_WRONG_CODE`, for each `problem`. */
  override readonly code: string;
  override readonly retryable: boolean;

  /**
   * @param problem what a page should tell the customer.
   * @param plutuCode Plutu's own code, if Plutu reported the problem.
   */
  constructor(
    readonly problem: OtpProblem,
    readonly plutuCode?: string,
  ) {
    super(
      `${OTP_PROBLEMS[problem]}${plutuCode === undefined ? '' : ` (${plutuCode})`}.`,
    );
    this.code = `PLUTU_OTP_${problem.toUpperCase().replaceAll('-', '_')}`;
    this.retryable = problem === 'wait' || problem === 'too-many-codes';
  }
}

/** A payment that may have been charged. */
export interface UnknownPayment {
  /** The `name` of the account. */
  readonly account: string;
  /** The tenant, with the module's option `tenants`. */
  readonly tenant: string | undefined;
  /** Plutu's name for the gateway, such as `sadadapi`. */
  readonly gateway: string;
  /** The invoice number that Plutu was given. */
  readonly invoiceNo: string;
  /** The order that the invoice is for; the invoice number, if there is none. */
  readonly orderNo: string;
  /** What Plutu was asked to charge, such as `25.50`. */
  readonly amount: string;
  /** ISO 4217, such as `LYD`. */
  readonly currency: string | undefined;
  /** Plutu's number for the process. */
  readonly processId: string;
}

/**
 * Plutu was asked to charge and gave no clear answer: the money may have been taken.
 * The request is never sent again. Look the invoice up in Plutu's dashboard before
 * the customer pays again.
 */
export class PlutuPaymentUnknownError extends PlutuError {
  override readonly code = 'PLUTU_PAYMENT_UNKNOWN';
  override readonly retryable = false;

  /** @param payment everything that is known about the payment. */
  constructor(
    readonly payment: UnknownPayment,
    options?: ErrorOptions,
  ) {
    super(
      `It is unknown whether invoice ${payment.invoiceNo} (${payment.gateway}, ${payment.amount}) was charged. Look it up in Plutu's dashboard before the customer pays again.`,
      options,
    );
  }
}

/** A payment whose money Plutu has taken. */
export interface TakenPayment extends FirstPayment {
  /** The order that the invoice is for; the invoice number, if there is none. */
  readonly orderNo: string;
  /** As Plutu wrote it, such as `25.50`. */
  readonly amount: string;
  /** ISO 4217, such as `LYD`. */
  readonly currency: string;
}

/**
 * The money was taken, but the payment could not be handed to the application's
 * consumers (`cause`). This is not a refusal: the customer must not pay again. To try
 * the delivery again, call `confirm` with the same token; it charges nothing.
 */
export class PlutuPaymentNotDeliveredError extends PlutuError {
  override readonly code = 'PLUTU_PAYMENT_NOT_DELIVERED';
  override readonly retryable = true;

  /** @param payment the `Payment`. */
  constructor(
    readonly payment: TakenPayment,
    cause: unknown,
  ) {
    super(
      `Invoice ${payment.invoiceNo} was paid (${payment.gateway} transaction ${payment.transactionId}, ${payment.amount} ${payment.currency}), but the payment could not be delivered. The customer must not pay again.`,
      { cause },
    );
  }
}

/**
 * There was an answer, but not in a form that Plutu documents: a proxy's HTML page,
 * an empty body, a redirect, or a checkout URL that is not a URL.
 */
export class PlutuUnexpectedAnswerError extends PlutuError {
  override readonly code = 'PLUTU_UNEXPECTED_ANSWER';
  override readonly retryable = false;

  /**
   * @param problem what is wrong with the answer, as a clause.
   * @param httpStatus the answer's HTTP status; `undefined` if the answer was too
   *   large to be read.
   * @param excerpt the answer's first 200 characters, on one line.
   */
  constructor(
    problem: string,
    readonly httpStatus: number | undefined,
    readonly excerpt: string,
  ) {
    const status = httpStatus === undefined ? '' : ` (HTTP ${httpStatus})`;
    super(`Plutu sent an undocumented answer${status}: ${problem}.`);
  }
}
