export {
  DEFAULT_SANDBOX_CREDENTIALS,
  PlutuSandbox,
  type PlutuSandboxOptions,
  type SandboxCredentials,
} from './plutu-sandbox.js';
export type {
  SandboxCompletion,
  SandboxTransaction,
  SandboxTransactionStatus,
} from './checkout.js';
export type { SandboxDelivery } from './sandbox-callback.js';
