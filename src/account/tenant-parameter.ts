import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';

/** What a tenant's name is made of. */
export const TENANT = /^[A-Za-z0-9._-]{1,64}$/;

// A parameter of the return URL says whose callback it is. Plutu does not sign
// it, so it carries a tag: two tenants might have the same keys, or a database
// might find `acme` under `ACME`, and one payment would count for both.

/** What one callback is about. */
export interface TenantInvoice {
  readonly account: string;
  readonly tenant: string;
  readonly invoiceNo: string;
}

/** The value of the parameter: the tenant, and a tag made with its keys. */
export function tenantParameter(
  secretKeys: readonly KeyObject[],
  invoice: TenantInvoice,
): string {
  const [key] = secretKeys;
  return key ? `${invoice.tenant}.${tag(key, invoice)}` : '';
}

/** @returns the tenant and the tag, or `undefined` for anything else. */
export function readTenantParameter(
  value: string,
): { tenant: string; tag: string } | undefined {
  const dot = value.lastIndexOf('.');
  const tenant = value.slice(0, Math.max(dot, 0));
  const tagText = value.slice(dot + 1);
  if (!TENANT.test(tenant) || !/^[0-9a-f]{32}$/.test(tagText)) return undefined;
  return { tenant, tag: tagText };
}

/** Whether a tag was made for this invoice of this tenant, in constant time. */
export function isTagOf(
  text: string,
  secretKeys: readonly KeyObject[],
  invoice: TenantInvoice,
): boolean {
  const given = Buffer.from(text);
  return secretKeys.some((key) => {
    const expected = Buffer.from(tag(key, invoice));
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

/** Nothing that Plutu signs begins like this, so neither can pass for the other. */
function tag(
  key: KeyObject,
  { account, tenant, invoiceNo }: TenantInvoice,
): string {
  return createHmac('sha256', key)
    .update(`tenant\n${account}\n${tenant}\n${invoiceNo}`)
    .digest('hex')
    .slice(0, 32);
}
