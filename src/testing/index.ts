export {
  forgeMpgsCallback,
  MPGS_FORGERIES,
  signMpgsCallback,
  type MpgsCallbackValues,
  type MpgsForgery,
} from './mpgs-callback-query.js';
export {
  recordMpgsEvents,
  type MpgsEventName,
  type MpgsEventRecorder,
  type MpgsEventsByName,
  type NextEventOptions,
  type RecordedMpgsEvent,
} from './mpgs-event-recorder.js';
export {
  PlutuTestSandbox,
  type PlutuTestSandboxOptions,
} from './plutu-test-sandbox.js';
