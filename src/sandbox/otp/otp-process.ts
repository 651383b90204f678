/** What a customer's phone shows. */
export interface SandboxSms {
  /** When it was sent: ISO 8601, UTC. */
  readonly at: string;
  /** The gateway that sent it, by its name on the wire. */
  readonly gateway: string;
  /** The phone: `09` and eight digits. */
  readonly mobileNumber: string;
  /** As the phone shows it. */
  readonly text: string;
  /** The one-time password in it, as text: it may begin with zeros. */
  readonly code: string;
  /** What it pays, once it is confirmed. */
  readonly processId: string;
}

/** A payment by one-time password, as it stood when it was asked for. */
export interface SandboxOtpProcess {
  /** Plutu's number for it: thirteen digits. */
  readonly processId: string;
  /** The gateway's name on the wire. */
  readonly gateway: string;
  /** The customer's: `09` and eight digits. */
  readonly mobileNumber: string;
  /** As the verify request had it, in `currency`. */
  readonly amount: string;
  /** ISO 4217. */
  readonly currency: 'LYD';
  /** `sent`: the customer has the code. `paid`: it was confirmed, and charged. */
  readonly status: 'sent' | 'paid';
  /** When the SMS was sent: ISO 8601, UTC. */
  readonly createdAt: string;
  /** As the confirm request had it, like the next one; `undefined` until then. */
  readonly invoiceNo: string | undefined;
  /** `undefined` if the request named none. */
  readonly customerIp: string | undefined;
  /** Plutu's number for the payment: eleven digits. `undefined` until it is paid. */
  readonly transactionId: string | undefined;
}

/** All that there is to know of one, to be kept in a file. */
export interface OtpRecord extends Omit<SandboxOtpProcess, 'currency'> {
  readonly sms: Pick<SandboxSms, 'text' | 'code'>;
}

/** What a merchant asks for with `verify`. */
export interface SendRequest {
  /** `09` and eight digits. */
  readonly mobileNumber: string;
  /** As it was sent, like those below. */
  readonly amount: string;
}

/** What a merchant asks for with `confirm`. */
export interface ChargeRequest {
  readonly processId: string;
  readonly code: string;
  readonly amount: string;
  readonly invoiceNo: string;
  readonly customerIp: string | undefined;
}
