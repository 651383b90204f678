// The formats of Plutu's values.

/** The invoice numbers that Plutu takes. */
export const INVOICE_NUMBER = /^[A-Za-z0-9._-]+$/;

/**
 * Plutu documents no limit. With this one, the callback always fits into a URL.
 */
export const MAX_INVOICE_NUMBER_LENGTH = 128;

/** ISO 4217. */
export const CURRENCY = /^[A-Z]{3}$/;

/** Plutu's own number for a payment. */
export const TRANSACTION_ID = /^[\x21-\x7e]{1,128}$/;
