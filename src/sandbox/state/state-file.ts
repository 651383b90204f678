import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { CheckoutRecord } from '../checkout/checkout-record.js';
import type { SandboxSetFault } from '../faults/fault-rules.js';
import { HOSTED_GATEWAYS, OTP_GATEWAYS } from '../gateways/index.js';
import { isJsonObject, type JsonObject } from '../http/read-body.js';
import type { OtpRecord } from '../otp/otp-process.js';

/** What a sandbox takes over into its next life. */
export interface SandboxState {
  readonly checkouts: readonly CheckoutRecord[];
  readonly otpProcesses: readonly OtpRecord[];
  readonly faults: readonly SandboxSetFault[];
}

const FORMAT = { sandbox: 'nestjs-plutu', version: 3 };

/** A file that always holds one whole state, whenever the process ends. */
export class StateFile {
  #writing: Promise<void> | undefined;
  #isOutdated = false;

  private constructor(
    private readonly path: string,
    private readonly current: () => SandboxState,
    private readonly failed: (error: unknown) => void,
  ) {}

  /**
   * Reads what was kept; nothing if there is no such file yet.
   *
   * @throws {Error} for a file that cannot be read or is not a sandbox's. It is
   *   left as it is.
   */
  static async read(path: string): Promise<SandboxState | undefined> {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    const state = parse(text);
    if (isState(state)) return state;
    const problem = isOfAnotherVersion(state)
      ? 'was written by another version of the sandbox'
      : "is damaged or not this sandbox's";
    throw new Error(
      `The state file ${path} ${problem}. Delete it, or name another.`,
    );
  }

  /**
   * @param current is asked for the state at each writing.
   * @param failed is called if a state could not be written.
   */
  static at(
    path: string,
    current: () => SandboxState,
    failed: (error: unknown) => void,
  ): StateFile {
    return new StateFile(path, current, failed);
  }

  /** Writes the state as it is now, or as it will be when the disk is free. */
  save(): void {
    this.#isOutdated = true;
    this.#writing ??= this.#write();
  }

  /** Resolves when everything is written. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#isOutdated) {
      this.#isOutdated = false;
      const text = JSON.stringify({ ...FORMAT, ...this.current() });
      const draft = `${this.path}.${randomUUID()}.tmp`;
      try {
        await writeFile(draft, text, { mode: 0o600, flush: true });
        // In one step: a reader finds the old state or the new one.
        await rename(draft, this.path);
      } catch (error) {
        this.failed(error);
        // If this fails too, then for the reason that was just reported.
        await rm(draft, { force: true }).catch(() => {});
      }
    }
    // In the same breath as the last look, so that no later change is missed.
    this.#writing = undefined;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isOfAnotherVersion(value: unknown): boolean {
  return (
    isJsonObject(value) &&
    value['sandbox'] === FORMAT.sandbox &&
    value['version'] !== FORMAT.version
  );
}

function isState(value: unknown): value is SandboxState {
  return (
    isJsonObject(value) &&
    value['sandbox'] === FORMAT.sandbox &&
    value['version'] === FORMAT.version &&
    Array.isArray(value['checkouts']) &&
    value['checkouts'].every(isCheckout) &&
    Array.isArray(value['otpProcesses']) &&
    value['otpProcesses'].every(isOtpProcess) &&
    Array.isArray(value['faults']) &&
    value['faults'].every(isJsonObject)
  );
}

function isCheckout(value: unknown): boolean {
  return (
    isJsonObject(value) &&
    hasTexts(value, [
      'token',
      'transactionId',
      'invoiceNo',
      'amount',
      'returnUrl',
    ]) &&
    HOSTED_GATEWAYS.some(({ name }) => name === value['gateway']) &&
    Array.isArray(value['deliveries']) &&
    isJsonObject(value['faults'])
  );
}

function isOtpProcess(value: unknown): boolean {
  return (
    isJsonObject(value) &&
    hasTexts(value, ['processId', 'mobileNumber', 'amount', 'createdAt']) &&
    OTP_GATEWAYS.some(({ name }) => name === value['gateway']) &&
    isJsonObject(value['sms']) &&
    hasTexts(value['sms'], ['text', 'code'])
  );
}

function hasTexts(value: JsonObject, names: readonly string[]): boolean {
  return names.every((name) => typeof value[name] === 'string');
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
