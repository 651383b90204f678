import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import { TENANT } from '../account/tenant-parameter.js';

// The token carries an attempt through the customer's browser. It is encrypted with
// AES-256-GCM. It begins with the account and the tenant, readable and authenticated,
// which tell the keys to open it with: `default~~…` or `eu~acme~…`.

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** No token is longer than this. */
const MAX_TOKEN_LENGTH = 2_048;

/** Whose payment it is. */
export interface OtpOwner {
  /** The `name` of the registration. */
  readonly account: string;
  readonly tenant: string | undefined;
}

/** What a token binds together. */
export interface OtpTokenContent {
  /** The attempt's id: 32 hexadecimal digits. */
  readonly id: string;
  readonly gateway: string;
  readonly processId: string;
  readonly invoiceNo: string;
  readonly orderNo: string;
  readonly amount: string;
  /** When it ends, in milliseconds since 1970. */
  readonly expiresAt: number;
}

/** @param secretKeys the account's keys; the first one seals. */
export function sealOtpToken(
  secretKeys: readonly KeyObject[],
  owner: OtpOwner,
  content: OtpTokenContent,
): string {
  const head = headOf(owner);
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, derivedKey(secretKeys, 'token'), iv);
  cipher.setAAD(Buffer.from(head));
  const sealed = Buffer.concat([
    iv,
    cipher.update(JSON.stringify(content)),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  return `${head}${sealed.toString('base64url')}`;
}

/**
 * @returns the owner at the beginning of a token, or `undefined` if it is not a
 *   token.
 */
export function otpOwnerOf(token: string): OtpOwner | undefined {
  if (token.length > MAX_TOKEN_LENGTH) return undefined;
  const [, account, tenant = ''] =
    /^([\w-]+)~([^~]*)~[\w-]+$/.exec(token) ?? [];
  if (account === undefined) return undefined;
  if (tenant === '') return { account, tenant: undefined };
  return TENANT.test(tenant) ? { account, tenant } : undefined;
}

/**
 * @param secretKeys the account's keys; any of them may have sealed it.
 * @returns `undefined` if none of them sealed it, or it was changed.
 */
export function openOtpToken(
  secretKeys: readonly KeyObject[],
  owner: OtpOwner,
  token: string,
): OtpTokenContent | undefined {
  const head = headOf(owner);
  if (!token.startsWith(head)) return undefined;
  const sealed = Buffer.from(token.slice(head.length), 'base64url');
  if (sealed.length <= IV_BYTES + TAG_BYTES) return undefined;
  for (const key of secretKeys) {
    const decipher = createDecipheriv(
      CIPHER,
      derivedKey([key], 'token'),
      sealed.subarray(0, IV_BYTES),
      { authTagLength: TAG_BYTES },
    );
    decipher.setAAD(Buffer.from(head));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    try {
      const text = Buffer.concat([
        decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)),
        decipher.final(),
      ]).toString();
      const content: OtpTokenContent = JSON.parse(text);
      return content;
    } catch {
      // Another key may have sealed it.
    }
  }
  return undefined;
}

/**
 * Tells mobile numbers apart without keeping them. The hash has a key, because there
 * are few enough numbers to try them all against one without.
 */
export function recipientKey(
  secretKeys: readonly KeyObject[],
  mobileNumber: string,
): string {
  return createHmac('sha256', derivedKey(secretKeys, 'recipient'))
    .update(mobileNumber)
    .digest('hex');
}

function headOf({ account, tenant = '' }: OtpOwner): string {
  return `${account}~${tenant}~`;
}

/** Derived from the first key, for one purpose (HKDF, RFC 5869). */
function derivedKey(
  [secretKey]: readonly KeyObject[],
  purpose: 'token' | 'recipient',
): Buffer {
  if (!secretKey) throw new TypeError('There is no secret key.');
  return Buffer.from(
    hkdfSync('sha256', secretKey, '', `nestjs-plutu/otp/${purpose}`, 32),
  );
}
