import type { FaultTarget } from '../faults/fault-rules.js';
import type { RequestName, SandboxFaults } from '../faults/sandbox-faults.js';
import type { FieldRules } from './field-rules.js';
import type { SuccessCode } from './request-log.js';

/** What one endpoint of Plutu's API does with a form. */
export interface ApiAction {
  /** The last part of its path. */
  readonly name: RequestName;
  readonly gateway: { readonly name: string; readonly title: string };
  /** All the fields that the form can have. */
  readonly fields: FieldRules;
  /**
   * Reads a form whose fields are valid one by one.
   *
   * @param texts the known fields, by their names on the wire.
   * @throws {ApiError} for a request that Plutu refuses; nothing has happened then.
   */
  readonly prepare: (texts: ReadonlyMap<string, string>) => PreparedCall;
}

/** A request that is valid, with nothing done yet. */
export interface PreparedCall {
  /** What fault rules may look at. */
  readonly target: FaultTarget;
  /**
   * Does what was asked for.
   *
   * @param faults those that the request itself asked for.
   * @throws {ApiError} if it is refused after all.
   */
  readonly perform: (faults: SandboxFaults) => ApiSuccess;
}

/** What a good answer says. */
export interface ApiSuccess {
  /** For the request log. */
  readonly code: SuccessCode;
  readonly result: object;
  readonly message?: string;
  /** Of the one-time password that the request was about. */
  readonly processId?: string;
}
