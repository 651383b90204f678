import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import {
  encodeAsPhp,
  parseQueryPairs,
  phpVariableName,
  type Pair,
} from './pairs.js';

/** The query parameter that carries the signature of all the others. */
export const SIGNATURE_PARAMETER = 'hashed';

/** The longest message that is read, in characters; a real one has about 200. */
export const MAX_MESSAGE_LENGTH = 8192;

/** SHA-256 in hex digits. */
const DIGEST_LENGTH = 64;

/**
 * What a callback of one gateway has to look like, so that no other message passes
 * for it.
 */
export interface CallbackRules {
  /** The parameters that this gateway signs, if they are present. */
  readonly signable: readonly string[];
  /** Those of them that every callback of this gateway carries. */
  readonly required: readonly string[];
  /** For some parameters, the only values to accept. */
  readonly accepted: Readonly<Record<string, readonly string[]>>;
  /** Parameters that are not signed in any of this gateway's callbacks. */
  readonly forbidden?: readonly string[] | undefined;
}

/**
 * Why a callback was refused.
 *
 * - `too-long`: longer than anything that Plutu sends
 * - `malformed`: a broken percent escape, a character that no URL has, or a body
 *   that is neither a flat JSON object nor a form
 * - `ambiguous`: a signed parameter, or the signature, twice or misspelled, so
 *   that two parsers would read two different callbacks
 * - `unsigned`: no signature at all
 * - `signature-mismatch`: not signed with any of the secret keys, or changed since
 * - `missing-parameter`: signed with the right key, but without a parameter that
 *   this gateway's callbacks carry: it belongs to another gateway
 * - `unaccepted-value`: likewise, with a value that only other gateways' callbacks
 *   carry
 * - `forbidden-parameter`: likewise, with a parameter that only other gateways'
 *   callbacks carry
 */
export type CallbackRefusalReason =
  | 'too-long'
  | 'malformed'
  | 'ambiguous'
  | 'unsigned'
  | 'signature-mismatch'
  | 'missing-parameter'
  | 'unaccepted-value'
  | 'forbidden-parameter';

/** What {@link verifyCallback} found. */
export type CallbackVerification =
  | {
      /** Plutu signed it for this gateway. */
      readonly verified: true;
      /** The parameters that the signature covers, and no others. */
      readonly fields: ReadonlyMap<string, string>;
    }
  | {
      /** It must be refused. */
      readonly verified: false;
      /** For a log, not for the sender. */
      readonly reason: CallbackRefusalReason;
    };

/**
 * Signs parameters as Plutu does: HMAC-SHA256 over PHP's encoding of them in
 * the order given, as 64 upper-case hex digits.
 *
 * @param secretKey the account's secret key.
 * @throws {TypeError} if it is empty.
 */
export function signCallback(
  pairs: readonly Pair[],
  secretKey: string | KeyObject,
): string {
  return hmac(encodeAsPhp(pairs), secretKey).toUpperCase();
}

/**
 * Tells whether Plutu signed a callback for one gateway, and which of its
 * parameters the signature covers. Pure: everything it knows is in its
 * arguments.
 *
 * There are two rules for which parameters are signed. Plutu's SDK takes the
 * gateway's known ones; Plutu's documentation says all but `hashed`. Either is
 * accepted, and only the parameters that the matching rule covers are returned.
 *
 * @param message the parameters as they arrived: the raw query string, undecoded
 *   and without `?`, or the pairs of a body.
 * @param secretKeys any of them may have signed (key rotation).
 * @throws {TypeError} if a key that is tried is empty.
 */
export function verifyCallback(
  message: string | readonly Pair[] | undefined,
  secretKeys: readonly (string | KeyObject)[],
  rules: CallbackRules,
): CallbackVerification {
  if (typeof message === 'string' && message.length > MAX_MESSAGE_LENGTH) {
    return refused('too-long');
  }
  const pairs =
    typeof message === 'string' ? parseQueryPairs(message) : message;
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
    // The documentation's rule has nothing to add if both cover the same, and it is
    // ambiguous if a name appears twice.
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
  for (const name in rules.accepted) {
    if (!rules.accepted[name]?.includes(fields.get(name) ?? '')) {
      return refused('unaccepted-value');
    }
  }
  if (rules.forbidden?.some((name) => fields.has(name))) {
    return refused('forbidden-parameter');
  }
  return { verified: true, fields };
}

function isSignedBy(
  secretKeys: readonly (string | KeyObject)[],
  pairs: Iterable<Pair>,
  digest: Buffer,
): boolean {
  let message: string;
  try {
    message = encodeAsPhp(pairs);
  } catch {
    // Half a surrogate pair is not UTF-8: PHP cannot have signed it.
    return false;
  }
  return secretKeys.some((key) =>
    timingSafeEqual(Buffer.from(hmac(message, key)), digest),
  );
}

/** @returns lower-case hex digits. */
function hmac(message: string, secretKey: string | KeyObject): string {
  if (secretKey === '') {
    // Anybody could sign with an empty key.
    throw new TypeError('The secret key is empty.');
  }
  return createHmac('sha256', secretKey).update(message).digest('hex');
}

function refused(reason: CallbackRefusalReason): CallbackVerification {
  return { verified: false, reason };
}
