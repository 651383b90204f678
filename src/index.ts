export { DEFAULT_ACCOUNT, getPlutuToken } from './plutu.account.js';
export { PlutuModule } from './plutu.module.js';
export {
  plutuOptionsFromEnv,
  type MpgsControllerOptions,
  type MpgsRedirectPages,
  type MpgsRoute,
  type PlutuLanguage,
  type PlutuModuleAsyncOptions,
  type PlutuModuleAsyncOptionsFor,
  type PlutuModuleExtras,
  type PlutuModuleOptions,
  type PlutuModuleOptionsFor,
  type PlutuOptions,
  type PlutuKeys,
  type PlutuOptionsFactory,
  type PlutuSettings,
  type PlutuTenantModuleAsyncOptions,
  type PlutuTenantModuleOptions,
  type PlutuTenantOptions,
  type PlutuTenants,
} from './plutu.options.js';
export {
  PlutuConfigurationError,
  PlutuConnectionError,
  PlutuError,
  PlutuInvalidRequestError,
  PlutuInvoiceMismatchError,
  PlutuLookupError,
  PlutuOutcomeUnknownError,
  PlutuRefusedError,
  PlutuUnexpectedAnswerError,
  type FieldErrors,
} from './plutu.errors.js';
export type { PlutuErrorCode, PlutuFault } from './api/plutu-error-codes.js';
export {
  PlutuErrorsInterceptor,
  toHttpException,
  type PlutuHttpError,
} from './plutu-http.exceptions.js';
export {
  signCallback,
  verifyCallback,
  type CallbackRefusalReason,
  type CallbackRules,
  type CallbackVerification,
} from './callbacks/callback-signature.js';
export {
  CALLBACK_PUBLISHER,
  deliveryKey,
  InjectCallbackPublisher,
  type CallbackDelivery,
  type CallbackDeliveryDefinition,
  type CallbackOutcome,
  type CallbackPublisher,
  type CallbackReceipt,
  type DeliveryFailure,
  type MismatchReason,
  type VerifiedCallback,
} from './callbacks/callback-delivery.js';
export {
  inProcessDelivery,
  type InProcessDeliveryOptions,
} from './callbacks/in-process-callback-delivery.js';
export type { TenantCredentialsSource } from './credentials/credentials-resolver.js';
export type {
  DueAmount,
  InvoiceDue,
  InvoiceOwner,
  InvoiceSource,
} from './invoices/invoices.js';
export type { QueryPair } from './callbacks/query-pairs.js';
export { MPGS_CALLBACK_RULES } from './mpgs/mpgs-callback.rules.js';
export { MpgsCallbackDto, type MpgsOutcome } from './mpgs/mpgs-callback.dto.js';
export {
  MpgsCallbackInvalidException,
  MpgsCallbackNotDeliveredException,
  MpgsCallbackRefusedException,
  MpgsPaymentMismatchException,
} from './mpgs/mpgs-callback.exceptions.js';
export {
  MpgsCallbackGuard,
  mpgsCallbackGuard,
} from './mpgs/mpgs-callback.guard.js';
export { MpgsCallbackInterceptor } from './mpgs/mpgs-callback.interceptor.js';
export { MpgsCallbacks } from './mpgs/mpgs-callbacks.js';
export { MpgsConfirmDto, type MpgsCheckout } from './mpgs/mpgs-confirm.dto.js';
export {
  InjectMpgs,
  MpgsCallback,
  MpgsCallbackEndpoint,
  OnMpgsCallbackRejected,
  OnMpgsCheckoutCreated,
  OnMpgsDeliveryFailed,
  OnMpgsPaymentApproved,
  OnMpgsPaymentCanceled,
  OnMpgsPaymentIncomplete,
  OnMpgsPaymentMismatch,
  type MpgsHandlerDecorator,
  type MpgsHandlerOptions,
} from './mpgs/mpgs.decorators.js';
export {
  MPGS_EVENTS,
  MpgsCallbackRejectedEvent,
  MpgsCheckoutCreatedEvent,
  MpgsDeliveryFailedEvent,
  MpgsPaymentApprovedEvent,
  MpgsPaymentCanceledEvent,
  MpgsPaymentEvent,
  MpgsPaymentIncompleteEvent,
  MpgsPaymentMismatchEvent,
  type MpgsPaymentFacts,
  type MpgsRejectionReason,
} from './mpgs/mpgs.events.js';
export { MpgsHealthIndicator, type MpgsHealth } from './mpgs/mpgs.health.js';
export { MpgsService } from './mpgs/mpgs.service.js';
