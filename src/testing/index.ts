export {
  CALLBACK_FORGERIES,
  forgedCallback,
  forgedReturn,
  signedCallback,
  signedReturn,
  type CallbackForgery,
  type CallbackTarget,
  type CallbackValues,
} from './callback-requests.js';
export {
  recordPlutuEvents,
  type PlutuEventName,
  type PlutuEventRecorder,
  type PlutuEventsByName,
  type NextEventOptions,
  type RecordedPlutuEvent,
} from './event-recorder.js';
export {
  PlutuTestSandbox,
  type PlutuTestSandboxOptions,
} from './plutu-test-sandbox.js';
