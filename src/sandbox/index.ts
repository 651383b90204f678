export { PlutuSandbox } from './plutu-sandbox.js';
export type { SandboxWait } from './sandbox-core.js';
export {
  DEFAULT_SANDBOX_CREDENTIALS,
  type PlutuSandboxOptions,
  type SandboxCredentials,
} from './options.js';
export type {
  SandboxCompletion,
  SandboxDelivery,
  SandboxPayment,
  SandboxReplay,
  SandboxTransaction,
  SandboxTransactionStatus,
} from './checkout/transaction.js';
export type { SandboxMessage } from './checkout/merchant-message.js';
export type { SandboxDeclineReason } from './checkout/outcome.js';
export type {
  SandboxGatewayName,
  SandboxHostedGatewayName,
  SandboxOtpGatewayName,
} from './gateways/index.js';
export { TEST_NUMBERS } from './gateways/test-numbers.js';
export type { SandboxOtpProcess, SandboxSms } from './otp/otp-process.js';
export type { SandboxRequest } from './api/request-log.js';
export type {
  AnswerFault,
  AnswerFaults,
  CallbackFaults,
  RequestName,
  SandboxArrivals,
  SandboxFaults,
} from './faults/sandbox-faults.js';
export type {
  SandboxFaultRule,
  SandboxSetFault,
} from './faults/fault-rules.js';
export type {
  CallbackDelivered,
  CheckoutOpened,
  OtpPaid,
  OtpSent,
  RequestRefused,
  SandboxEvent,
  StateNotSaved,
} from './sandbox-event.js';
