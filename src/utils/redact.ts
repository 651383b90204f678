/** What a log shows instead of a secret. */
export const REDACTED = '[redacted]';

/**
 * Removes secrets from text that came from outside. If it contains one in another
 * spelling, the whole text is replaced.
 */
export function redact(text: string, secrets: readonly string[]): string {
  const safe = secrets
    // Longest first: a secret may be the beginning of another one.
    .toSorted((one, other) => other.length - one.length)
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
    .reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text);
  const plain = withoutEscapes(safe);
  const isSafe = !secrets.some((secret) => plain.includes(secret));
  return isSafe ? safe : REDACTED;
}

/** Undoes the escapes of URLs, HTML and JSON. */
function withoutEscapes(text: string): string {
  return text
    .replace(
      /%([0-9a-f]{2})|&#x([0-9a-f]{1,6});|\\u([0-9a-f]{4})/gi,
      (...hex) =>
        String.fromCharCode(Number.parseInt(hex[1] ?? hex[2] ?? hex[3], 16)),
    )
    .replace(/&#(\d{1,7});/g, (_, code) => String.fromCharCode(Number(code)))
    .replace(
      /&(amp|lt|gt|quot|apos);/g,
      (entity, name: string) => HTML_ENTITIES[name] ?? entity,
    )
    .replace(/\\(.)/g, '$1');
}

const HTML_ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};
