import type { OutgoingHttpHeaders } from 'node:http';

/** Wire names of form fields, each with what is wrong with it. */
export type FieldErrors = Readonly<Record<string, readonly string[]>>;

/** A request that the sandbox refuses; the router answers it as Plutu would. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields?: FieldErrors,
    readonly headers?: OutgoingHttpHeaders,
  ) {
    super(message);
  }

  /** Plutu's failure envelope. */
  toEnvelope(): object {
    const { status, code, message, fields } = this;
    return { error: { status, code, message, ...(fields && { fields }) } };
  }
}
