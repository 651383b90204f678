import { randomInt } from 'node:crypto';
import { mobileNumber as normalized } from '../../protocol/mobile-number.js';
import { refusal, type ApiError } from '../api/api-error.js';
import type { OtpGateway, TestNumber } from '../gateways/otp-gateway.js';
import type {
  ChargeRequest,
  OtpRecord,
  SandboxOtpProcess,
  SandboxSms,
  SendRequest,
} from './otp-process.js';

const MAX_PROCESSES = 10_000;

const CURRENCY = 'LYD';

interface OtpContext {
  /** Who the SMS says is paid. */
  readonly merchantName: string;
  /** How long a code is good, in milliseconds. */
  readonly lifetimeMs: number;
  /** Whether an invoice number has been used, at any gateway. */
  readonly isUsed: (invoiceNo: string) => boolean;
  /** Called when a code was sent or a customer was charged. */
  readonly changed: (process: SandboxOtpProcess) => void;
}

/**
 * The payments by one-time password of one sandbox, from the SMS to the charge;
 * the oldest goes when there are 10 000.
 */
export class OtpProcesses {
  readonly #records = new Map<string, OtpRecord>();

  constructor(private readonly context: OtpContext) {}

  /** Oldest first. */
  get list(): readonly SandboxOtpProcess[] {
    return Array.from(this.#records.values(), processOf);
  }

  /** What was sent to phones, oldest first. */
  get sms(): readonly SandboxSms[] {
    return Array.from(this.#records.values(), smsOf);
  }

  get records(): readonly OtpRecord[] {
    return [...this.#records.values()];
  }

  /** The latest SMS to a number, in any spelling. */
  lastSms(mobileNumber: string): SandboxSms | undefined {
    const wanted = normalized(mobileNumber);
    return this.sms.findLast((sms) => sms.mobileNumber === wanted);
  }

  hasPaid(invoiceNo: string): boolean {
    return this.records.some(
      (record) => record.status === 'paid' && record.invoiceNo === invoiceNo,
    );
  }

  /** @throws {ApiError} for a test number that gets no SMS. */
  refuseToSend(gateway: OtpGateway, { mobileNumber }: SendRequest): void {
    const failure = failureOf(gateway, mobileNumber);
    if (failure?.at === 'verify') throw refusalOf(failure);
  }

  /** Sends an SMS with a new code. An earlier code of the customer stays good. */
  send(
    gateway: OtpGateway,
    { mobileNumber, amount }: SendRequest,
  ): SandboxOtpProcess {
    const code = randomDigits(gateway.codeLength);
    const { merchantName } = this.context;
    return this.#keep({
      processId: this.#newProcessId(),
      gateway: gateway.name,
      mobileNumber,
      amount,
      status: 'sent',
      createdAt: new Date().toISOString(),
      invoiceNo: undefined,
      customerIp: undefined,
      transactionId: undefined,
      sms: {
        text: `${gateway.title}: you pay ${amount} ${CURRENCY} to ${merchantName}. Your code: ${code}`,
        code,
      },
    });
  }

  /**
   * Checks that a customer may be charged. Whatever is refused may be asked for
   * again, with the same process and the same invoice number.
   *
   * @throws {ApiError} `INVALID_INPUTS` for a process that is unknown or paid,
   *   `OTP_EXPIRED`, one of the gateway's own, or that of a test number.
   */
  refuseToCharge(gateway: OtpGateway, request: ChargeRequest): void {
    this.#chargeable(gateway, request);
  }

  /**
   * Charges the customer, once.
   *
   * @throws {ApiError} as {@link refuseToCharge}; and for a test number whose
   *   customer is charged all the same.
   */
  charge(gateway: OtpGateway, request: ChargeRequest): SandboxOtpProcess {
    const record = this.#chargeable(gateway, request);
    const { invoiceNo, customerIp } = request;
    const process = this.#keep({
      ...record,
      status: 'paid',
      invoiceNo,
      customerIp,
      // Random and not counted: a merchant's database outlives the sandbox.
      transactionId: String(randomInt(1e10, 1e11)),
    });
    const failure = failureOf(gateway, record.mobileNumber);
    if (failure) throw refusalOf(failure);
    return process;
  }

  restore(records: readonly OtpRecord[]): void {
    for (const record of records) this.#records.set(record.processId, record);
  }

  clear(): void {
    this.#records.clear();
  }

  #chargeable(gateway: OtpGateway, request: ChargeRequest): OtpRecord {
    const { name, title, testCode, refusals } = gateway;
    const record = this.#records.get(request.processId);
    if (record?.gateway !== name) {
      throw fieldRefusal(
        'INVALID_INPUTS',
        'process_id',
        `is not one that ${title} sent a code for`,
      );
    }
    if (this.context.isUsed(request.invoiceNo)) {
      throw fieldRefusal(
        refusals.usedInvoiceNo,
        'invoice_no',
        'has been used before',
      );
    }
    if (record.status === 'paid') {
      throw fieldRefusal('INVALID_INPUTS', 'process_id', 'is paid already');
    }
    if (Number(request.amount) !== Number(record.amount)) {
      throw fieldRefusal(
        refusals.wrongAmount,
        'amount',
        'must be that of the verify request',
      );
    }
    if (Date.now() - Date.parse(record.createdAt) > this.context.lifetimeMs) {
      throw refusal('OTP_EXPIRED', 'The one-time password has expired.');
    }
    if (![record.sms.code, testCode].includes(request.code)) {
      throw refusal(refusals.wrongCode, 'The one-time password is wrong.');
    }
    const failure = failureOf(gateway, record.mobileNumber);
    if (failure && !failure.isCharged) throw refusalOf(failure);
    return record;
  }

  #keep(record: OtpRecord): SandboxOtpProcess {
    this.#records.set(record.processId, record);
    const [oldest = ''] = this.#records.keys();
    if (this.#records.size > MAX_PROCESSES) this.#records.delete(oldest);
    const process = processOf(record);
    this.context.changed(process);
    return process;
  }

  #newProcessId(): string {
    const processId = String(randomInt(1e12, 1e13));
    return this.#records.has(processId) ? this.#newProcessId() : processId;
  }
}

function processOf(record: OtpRecord): SandboxOtpProcess {
  const { sms: _, ...process } = record;
  return { ...process, currency: CURRENCY };
}

function smsOf(record: OtpRecord): SandboxSms {
  const { createdAt: at, gateway, mobileNumber, processId, sms } = record;
  return { at, gateway, mobileNumber, ...sms, processId };
}

function failureOf(
  { testNumbers }: OtpGateway,
  mobileNumber: string,
): TestNumber | undefined {
  return testNumbers.find((one) => one.mobileNumber === mobileNumber);
}

function refusalOf({ code }: TestNumber): ApiError {
  return refusal(code, 'The sandbox always refuses this test number so.');
}

/** One that names the field that is wrong. */
function fieldRefusal(code: string, field: string, problem: string): ApiError {
  return refusal(code, `${field} ${problem}`, { [field]: [problem] });
}

/** Text, since it may begin with zeros. */
function randomDigits(length: number): string {
  return String(randomInt(10 ** length)).padStart(length, '0');
}
