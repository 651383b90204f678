import { createSecretKey, type KeyObject } from 'node:crypto';
import { failOption } from '../utils/options.js';
import { redact } from '../utils/redact.js';
import type { PlutuKeys } from './account.options.js';
import { PLUTU_ENVIRONMENT } from './environment.js';

/**
 * The keys of one account at Plutu, checked. They are private: they never show when
 * the object is inspected or serialized.
 */
export class PlutuCredentials {
  readonly #apiKey: string;
  readonly #accessToken: string;
  readonly #secretKeys: readonly KeyObject[];
  readonly #secrets: readonly string[];

  /** @throws {PlutuConfigurationError} for an invalid key. */
  constructor(keys: Partial<PlutuKeys>) {
    this.#apiKey = credential(keys.apiKey, 'apiKey');
    this.#accessToken = credential(keys.accessToken, 'accessToken');
    const secretKeys = secretKeysOf(keys.secretKey);
    this.#secretKeys = secretKeys.map((key) => createSecretKey(key, 'utf8'));
    this.#secrets = [this.#apiKey, this.#accessToken, ...secretKeys];
  }

  /** The keys that may have signed a callback. */
  secretKeys(): readonly KeyObject[] {
    return this.#secretKeys;
  }

  /** The headers that Plutu identifies the account by. Keep them out of any log. */
  authenticationHeaders(): Record<string, string> {
    return {
      Authorization: `Bearer ${this.#accessToken}`,
      'X-API-KEY': this.#apiKey,
    };
  }

  /** Whether one could sign for the other. */
  sharesSecretKeyWith(other: PlutuCredentials): boolean {
    return this.#secretKeys.some((key) =>
      other.#secretKeys.some((another) => key.equals(another)),
    );
  }

  /**
   * Removes the account's credentials, and other texts that must not appear, from
   * text that came from outside.
   */
  redact(text: string, others: readonly string[] = []): string {
    return redact(text, [...this.#secrets, ...others]);
  }
}

function secretKeysOf(value: PlutuKeys['secretKey'] | undefined): string[] {
  const keys = [value ?? ''].flat();
  if (keys.some(isBlank) && !keys.every(isBlank)) {
    return failOption(
      'secretKey',
      `lists a blank key: check ${PLUTU_ENVIRONMENT.secretKey} for an extra comma`,
    );
  }
  // An empty list counts as a missing key.
  return (keys.length === 0 ? [''] : keys).map((key) =>
    credential(key, 'secretKey'),
  );
}

function isBlank(key: unknown): boolean {
  return typeof key === 'string' && key.trim() === '';
}

function credential(value: unknown, option: keyof PlutuKeys): string {
  if (value !== undefined && value !== null && typeof value !== 'string') {
    return failOption(
      option,
      `must be text: check how ${PLUTU_ENVIRONMENT[option]} is set`,
    );
  }
  if (typeof value !== 'string' || isBlank(value)) {
    return failOption(
      option,
      `is missing: set it to the one in your Plutu account, usually from the environment variable ${PLUTU_ENVIRONMENT[option]}`,
    );
  }
  // A line break, say from a file, breaks the header and changes the signature.
  if (!/^[\x21-\x7e]+$/.test(value)) {
    return failOption(
      option,
      `has a space, a line break or another character that Plutu's keys never have: check how ${PLUTU_ENVIRONMENT[option]} is set`,
    );
  }
  return value;
}
