import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import {
  encodeAsPhp,
  parseQueryPairs,
  phpVariableName,
  type QueryPair,
} from './query-pairs.js';

/** The query parameter that carries the signature of all the others. */
export const SIGNATURE_PARAMETER = 'hashed';

/** The longest query that is looked at, in characters; a real one has about 200. */
const MAX_QUERY_LENGTH = 8192;

/** SHA-256 in hex digits. */
const DIGEST_LENGTH = 64;

/** What one gateway's callback must be, so that nothing else passes for it. */
export interface CallbackRules {
  /** The parameters that this gateway signs, where they are present. */
  readonly signable: readonly string[];
  /** Those of them that every callback of this gateway carries. */
  readonly required: readonly string[];
  /** For some parameters, the only values to accept. */
  readonly accepted: Readonly<Record<string, readonly string[]>>;
}

/**
 * Why a callback was refused.
 *
 * - `too-long`: the query is longer than any that Plutu sends
 * - `malformed`: a percent escape that is none, or a character that is no URL's
 * - `ambiguous`: a signed parameter, or the signature, twice or misspelled, so
 *   that two parsers would read two different callbacks
 * - `unsigned`: no signature at all
 * - `signature-mismatch`: not signed with any of the secret keys, or changed since
 * - `missing-parameter`: signed with the right key, but without a parameter that
 *   this gateway's callbacks carry: it belongs to another gateway
 * - `unaccepted-value`: likewise, for another gateway
 */
export type CallbackRefusalReason =
  | 'too-long'
  | 'malformed'
  | 'ambiguous'
  | 'unsigned'
  | 'signature-mismatch'
  | 'missing-parameter'
  | 'unaccepted-value';

/** What {@link verifyCallback} found. */
export type CallbackVerification =
  | {
      /** Plutu signed it for this gateway. */
      readonly verified: true;
      /** The parameters that the signature covers, and no others. */
      readonly fields: ReadonlyMap<string, string>;
    }
  | {
      /** It is to be refused. */
      readonly verified: false;
      /** For a log; not for whoever sent it. */
      readonly reason: CallbackRefusalReason;
    };

/**
 * Signs parameters as Plutu does: HMAC-SHA256 over PHP's encoding of them in
 * the order given, as 64 upper-case hex digits.
 *
 * @param secretKey the account's secret key.
 * @throws {TypeError} where it is empty.
 */
export function signCallback(
  pairs: readonly QueryPair[],
  secretKey: string | KeyObject,
): string {
  return hmac(encodeAsPhp(pairs), secretKey).toUpperCase();
}

/**
 * Tells whether Plutu signed a callback for one gateway, and which of its
 * parameters the signature covers. Pure: everything it knows is in its
 * arguments.
 *
 * Which parameters are signed has two readings. Plutu's SDK keeps the
 * gateway's known ones; Plutu's documentation says all but `hashed`. Either is
 * accepted, and only what the one that held covers is handed on.
 *
 * @param rawQuery the query string as it arrived, undecoded and without `?`.
 * @param secretKeys any of them may have signed (key rotation).
 * @throws {TypeError} where one that is tried is empty.
 */
export function verifyCallback(
  rawQuery: string,
  secretKeys: readonly (string | KeyObject)[],
  rules: CallbackRules,
): CallbackVerification {
  if (rawQuery.length > MAX_QUERY_LENGTH) return refused('too-long');
  const pairs = parseQueryPairs(rawQuery);
  if (!pairs) return refused('malformed');

  const known = new Map<string, string>();
  let signature: string | undefined;
  for (const [name, value] of pairs) {
    if (name === SIGNATURE_PARAMETER) {
      if (signature !== undefined) return refused('ambiguous');
      signature = value;
    } else if (rules.signable.includes(name)) {
      if (known.has(name)) return refused('ambiguous');
      known.set(name, value);
    } else {
      const variable = phpVariableName(name);
      const isMisspelled =
        variable === SIGNATURE_PARAMETER || rules.signable.includes(variable);
      if (isMisspelled) return refused('ambiguous');
    }
  }
  if (signature === undefined) return refused('unsigned');
  const digest = Buffer.from(signature.toLowerCase());
  if (digest.length !== DIGEST_LENGTH) return refused('signature-mismatch');

  let fields = known;
  if (!isSignedBy(secretKeys, known, digest)) {
    // The documentation's reading has nothing to add where the two are the
    // same, and means nothing where a name stands twice.
    const all = pairs.filter(([name]) => name !== SIGNATURE_PARAMETER);
    fields = new Map(all);
    if (
      all.length === known.size ||
      all.length !== fields.size ||
      !isSignedBy(secretKeys, all, digest)
    ) {
      return refused('signature-mismatch');
    }
  }

  if (!rules.required.every((name) => fields.has(name))) {
    return refused('missing-parameter');
  }
  for (const [name, values] of Object.entries(rules.accepted)) {
    if (!values.includes(fields.get(name) ?? '')) {
      return refused('unaccepted-value');
    }
  }
  return { verified: true, fields };
}

function isSignedBy(
  secretKeys: readonly (string | KeyObject)[],
  pairs: Iterable<QueryPair>,
  digest: Buffer,
): boolean {
  const message = encodeAsPhp(pairs);
  return secretKeys.some((key) =>
    timingSafeEqual(Buffer.from(hmac(message, key)), digest),
  );
}

/** @returns lower-case hex digits. */
function hmac(message: string, secretKey: string | KeyObject): string {
  if (secretKey === '') {
    // Anybody could sign with it.
    throw new TypeError('The secret key is empty.');
  }
  return createHmac('sha256', secretKey).update(message).digest('hex');
}

function refused(reason: CallbackRefusalReason): CallbackVerification {
  return { verified: false, reason };
}
