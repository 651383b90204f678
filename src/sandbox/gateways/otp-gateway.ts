import type { FieldRule, FieldRules } from '../api/field-rules.js';
import type { RequestName } from '../faults/sandbox-faults.js';

/** A mobile number for which something goes wrong, always and in the same way. */
export interface TestNumber {
  /** `09` and eight digits. */
  readonly mobileNumber: string;
  /** Which request is refused; `confirm` only once its code is right. */
  readonly at: RequestName;
  /** The error's code. */
  readonly code: string;
  /** Whether the customer is charged all the same. Default false. */
  readonly isCharged?: boolean;
}

/**
 * A gateway at which the customer pays with a one-time password in the shop. All
 * that the sandbox knows of one is here.
 */
export interface OtpGateway<Name extends string = string> {
  /** At the wire. */
  readonly name: Name;
  /** For people. */
  readonly title: string;
  /** How many digits a one-time password has. */
  readonly codeLength: number;
  /** A code that is always right, beside the one in the SMS. */
  readonly testCode: string;
  /** The customer's number, in its verify request. */
  readonly mobileNumber: FieldRule;
  /** The fields of its verify request beside those of every gateway. */
  readonly fields: FieldRules;
  /** What it says about an SMS beside the process and the amount. */
  readonly verifyResult: object;
  /** How it refuses to charge; the code of each error. */
  readonly refusals: {
    readonly wrongCode: string;
    /** Another amount than that of the verify request. */
    readonly wrongAmount: string;
    readonly usedInvoiceNo: string;
  };
  readonly testNumbers: readonly TestNumber[];
}
