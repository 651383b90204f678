import type { RequestName } from '../faults/sandbox-faults.js';

/** A request to Plutu's API as it arrived, and what was answered. Holds no key. */
export interface SandboxRequest {
  /** Counts up from 1 within one sandbox. */
  readonly id: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** The gateway's name on the wire. */
  readonly gateway: string;
  /** What was asked for: the last part of the path. */
  readonly action: RequestName;
  /** As the form had it. */
  readonly invoiceNo: string | undefined;
  /** The one-time password that it sent, or whose `process_id` the form had. */
  readonly processId: string | undefined;
  /** The header, without its parameters. */
  readonly contentType: string | undefined;
  /** The form's fields as they were sent, each cut to 500 characters. */
  readonly fields: Readonly<Record<string, string>>;
  /** The names in `fields` that Plutu does not know. */
  readonly unknownFields: readonly string[];
  /** The HTTP status of the answer; `undefined` if there was none. */
  readonly status: number | undefined;
  /**
   * What was done: `CHECKOUT_REDIRECT`, `OTP_SENT` or `CHARGED`, also if the answer
   * was lost; or the error's code.
   */
  readonly code: string;
  /** What was wrong, if it was refused. */
  readonly message: string | undefined;
  /** The fault that spoiled the answer. */
  readonly fault: string | undefined;
  /** From the request to its answer, in milliseconds. */
  readonly durationMs: number;
}

const SUCCESS_CODES = ['CHECKOUT_REDIRECT', 'OTP_SENT', 'CHARGED'] as const;

export type SuccessCode = (typeof SUCCESS_CODES)[number];

/** Whether a request was carried out, and its sender got the answer. */
export function isTaken({ status, code }: SandboxRequest): boolean {
  return status === 200 && SUCCESS_CODES.some((one) => one === code);
}

const MAX_REQUESTS = 1_000;

const MAX_TEXT_LENGTH = 500;

/** The last 1000 requests, those that were refused among them. */
export class RequestLog {
  #requests: SandboxRequest[] = [];
  #lastId = 0;

  add(request: Omit<SandboxRequest, 'id'>): void {
    this.#requests.push({ ...request, id: ++this.#lastId });
    if (this.#requests.length > MAX_REQUESTS) this.#requests.shift();
  }

  clear(): void {
    this.#requests = [];
  }

  list(): readonly SandboxRequest[] {
    return [...this.#requests];
  }
}

export function cut(text: string): string {
  return text.length > MAX_TEXT_LENGTH
    ? `${text.slice(0, MAX_TEXT_LENGTH)}…`
    : text;
}
