export { PlutuSandbox } from './plutu-sandbox.js';
export type { SandboxWait } from './sandbox-core.js';
export {
  DEFAULT_SANDBOX_CREDENTIALS,
  type PlutuSandboxOptions,
  type SandboxCredentials,
} from './options.js';
export type {
  SandboxCompletion,
  SandboxDeclineReason,
  SandboxDelivery,
  SandboxReplay,
  SandboxTransaction,
  SandboxTransactionStatus,
} from './checkout/transaction.js';
export type { SandboxRequest } from './api/request-log.js';
export type {
  CallbackFault,
  CallbackFaults,
  ConfirmFault,
  ConfirmFaults,
  SandboxFaults,
} from './faults/sandbox-faults.js';
export type {
  SandboxFaultRule,
  SandboxSetFault,
} from './faults/fault-rules.js';
export type {
  CallbackDelivered,
  CheckoutOpened,
  RequestRefused,
  SandboxEvent,
  StateNotSaved,
} from './sandbox-event.js';
