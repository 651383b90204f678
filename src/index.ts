export { PlutuModule } from './plutu.module.js';
export type {
  PlutuModuleAsyncOptions,
  PlutuModuleAsyncOptionsFor,
  PlutuModuleExtras,
  PlutuModuleOptions,
  PlutuModuleOptionsFor,
  PlutuOptions,
  PlutuOptionsFactory,
  PlutuTenantModuleAsyncOptions,
  PlutuTenantModuleOptions,
  PlutuTenantOptions,
} from './plutu.options.js';

// The gateways
export type {
  Gateway,
  GatewayFeature,
  GatewayOptions,
} from './gateways/gateway.js';
export type { HostedGateway } from './gateways/hosted-gateway.js';
export type {
  HostedGatewayOptions,
  HostedGatewayRoute,
} from './gateways/hosted-gateway.options.js';
export type { OtpGateway } from './gateways/otp-gateway.js';
export type {
  OtpGatewayOptions,
  OtpGatewayRoute,
} from './gateways/otp-gateway.options.js';
export { MPGS, mpgs, type MpgsOptions } from './gateways/mpgs/mpgs.gateway.js';
export {
  MpgsCallback,
  MpgsCallbackEndpoint,
} from './gateways/mpgs/mpgs.decorators.js';
export {
  MpgsService,
  type MpgsCheckoutRequest,
} from './gateways/mpgs/mpgs.service.js';
export {
  LOCAL_BANK_CARDS,
  localBankCards,
  type LocalBankCardsOptions,
} from './gateways/local-bank-cards/local-bank-cards.gateway.js';
export {
  LocalBankCardsCallback,
  LocalBankCardsCallbackEndpoint,
} from './gateways/local-bank-cards/local-bank-cards.decorators.js';
export {
  LocalBankCardsService,
  type LocalBankCardsCheckoutRequest,
} from './gateways/local-bank-cards/local-bank-cards.service.js';
export { TlyncCheckoutDto } from './gateways/tlync/tlync.checkout.js';
export {
  TLYNC,
  tlync,
  type TlyncOptions,
} from './gateways/tlync/tlync.gateway.js';
export {
  TlyncCallback,
  TlyncCallbackEndpoint,
  TlyncReturn,
  TlyncReturnEndpoint,
} from './gateways/tlync/tlync.decorators.js';
export {
  TlyncService,
  type TlyncCheckoutRequest,
} from './gateways/tlync/tlync.service.js';
export {
  SADAD,
  sadad,
  type SadadOptions,
} from './gateways/sadad/sadad.gateway.js';
export { SadadOtpDto } from './gateways/sadad/sadad.payment.js';
export {
  SadadService,
  type SadadOtpRequest,
} from './gateways/sadad/sadad.service.js';
export {
  ADFALI,
  adfali,
  type AdfaliOptions,
} from './gateways/adfali/adfali.gateway.js';
export {
  AdfaliService,
  type AdfaliOtpRequest,
} from './gateways/adfali/adfali.service.js';

// The account
export type {
  PlutuKeys,
  PlutuTenants,
  TenantCredentialsSource,
} from './account/account.options.js';
export { plutuOptionsFromEnv } from './account/environment.js';
export {
  DEFAULT_ACCOUNT,
  getPlutuToken,
  InjectPlutu,
} from './account/tokens.js';
export type { ApiOptions } from './api/api.options.js';

// What can be watched
export {
  PLUTU_CHANNELS,
  type CallbackArrival,
  type PaymentSummary,
  type PlutuCallbackTrace,
  type PlutuCase,
  type PlutuCaseChange,
  type PlutuConfirmTrace,
  type PlutuConsumerTrace,
  type PlutuPaymentJudged,
  type PlutuRequestTrace,
} from './diagnostics/channels.js';
export { redactCallbackUrl } from './protocol/redact-callback-url.js';

// Checkouts
export {
  Checkout,
  CheckoutDto,
  CheckoutTarget,
  type ReturnTarget,
} from './checkout/checkout.dto.js';
export type {
  CheckoutOptions,
  PlutuLanguage,
} from './checkout/checkout.options.js';
export {
  CheckoutCreatedEvent,
  OnCheckoutCreated,
} from './checkout/checkout-created.event.js';
export type { HostedCheckout } from './checkout/hosted-checkout.js';

export {
  PaymentOwner,
  PaymentRequestDto,
  type WithInvoiceOrOrder,
} from './requests/payment-request.dto.js';

// One-time passwords
export { ConfirmOtpDto, SendOtpDto, SentOtp } from './otp/otp.dto.js';
export type { OtpPayment } from './otp/otp-payment.js';

// Callbacks
export type { CallbackChannel } from './callbacks/callback-channel.js';
export type { CallbackEndpointOptions } from './callbacks/callback-endpoint.js';
export {
  CallbackException,
  CallbackInvalidException,
  CallbackNotAcceptedException,
  CallbackRefusedException,
  PaymentMismatchException,
  PaymentPendingException,
} from './callbacks/callback.exceptions.js';
export { PlutuCallbackGuard } from './callbacks/callback.guard.js';
export type { CallbackOptions } from './callbacks/callback.options.js';
export {
  CallbackRejectedEvent,
  OnCallbackRejected,
  type RejectionReason,
} from './callbacks/callback-rejected.event.js';
export {
  CheckoutReturn,
  type ReturnOutcome,
} from './callbacks/checkout-return.js';
export type { ReturnChannel } from './callbacks/return-channel.js';
export type { RedirectPages } from './callbacks/redirect-pages.js';

// Payments
export {
  OnDeliveryFailed,
  OnPaymentApproved,
  OnPaymentCanceled,
  OnPaymentIncomplete,
  OnPaymentMismatch,
  OnPaymentUnknown,
  type ConsumerDecorator,
  type ConsumerOptions,
} from './payments/consumer.decorators.js';
export {
  DeliveryFailedEvent,
  PaymentApprovedEvent,
  PaymentCanceledEvent,
  PaymentIncompleteEvent,
  PaymentMismatchEvent,
  PaymentUnknownEvent,
  PLUTU_EVENTS,
  type Mismatch,
  type MismatchReason,
  type PaymentEvent,
} from './payments/events.js';
export { PlutuHealthIndicator, type PlutuHealth } from './payments/health.js';
export {
  inProcessDelivery,
  type InProcessDeliveryOptions,
} from './payments/in-process-delivery.js';
export type {
  DueAmount,
  InvoiceDue,
  InvoiceQuery,
  InvoiceSource,
} from './payments/invoices.js';
export {
  Payment,
  type PaymentFacts,
  type PaymentOutcome,
  type PaymentSource,
  type SignedOutcome,
} from './payments/payment.js';
export {
  InjectPaymentProcessor,
  PAYMENT_PROCESSOR,
  type DeliveryFailure,
  type PaidInvoice,
  type PaymentDelivery,
  type PaymentDeliveryDefinition,
  type PaymentProcessor,
  type PaymentReceipt,
} from './payments/payment-delivery.js';
export type {
  ChargeEnd,
  ChargeLimits,
  ChargeStart,
  CheckoutEntry,
  CheckoutFacts,
  CheckoutOpening,
  JournalDelivery,
  OtpAttempts,
  OtpCharge,
  OtpRecipient,
  PaymentJournalDefinition,
  UnreadableMessage,
} from './payments/payment-journal.js';
export {
  judgedPayment,
  newRecord,
  type PaymentRecord,
  type SignedPayment,
} from './payments/payment-record.js';

// Signatures
export type { Pair } from './protocol/pairs.js';
export {
  signCallback,
  verifyCallback,
  type CallbackRefusalReason,
  type CallbackRules,
  type CallbackVerification,
} from './protocol/signature.js';

// Errors
export {
  PlutuErrorsInterceptor,
  toHttpException,
  type PlutuErrorAnswer,
} from './errors/http-answers.js';
export type { PlutuErrorCode, PlutuFault } from './errors/plutu-error-codes.js';
export {
  PlutuAlreadyPaidError,
  PlutuConfigurationError,
  PlutuConnectionError,
  PlutuError,
  PlutuInvalidRequestError,
  PlutuInvoiceMismatchError,
  PlutuJournalError,
  PlutuLookupError,
  PlutuOtpError,
  PlutuOutcomeUnknownError,
  PlutuPaymentNotDeliveredError,
  PlutuPaymentUnknownError,
  PlutuRefusedError,
  PlutuUnexpectedAnswerError,
  type FieldErrors,
  type FirstPayment,
  type OtpProblem,
  type TakenPayment,
  type UnknownPayment,
} from './errors/plutu-errors.js';
