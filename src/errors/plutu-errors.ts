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

/** An option of `PlutuModule` cannot work. Thrown while the application starts. */
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

  /** @param method the method of the application that failed. */
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
   * @param field `invoiceNo`: there is no such invoice, or no amount that can be
   *   charged is due; `amount`: another amount is due.
   */
  constructor(field: 'invoiceNo' | 'amount', problem: string) {
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
  /** What Plutu says about single fields, by the property of the request (`invoiceNo`). */
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
   */
  constructor(
    readonly reason: 'timeout' | 'cut-off',
    readonly invoiceNo: string,
  ) {
    super(
      (reason === 'timeout'
        ? 'Plutu did not answer in time'
        : 'The connection ended before Plutu had answered') +
        `. The outcome is unknown and the invoice number ${invoiceNo} may be used up.`,
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
