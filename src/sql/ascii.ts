// What the journal writes is ASCII, so that no character set of a connection or a
// table can change it or make two texts equal.

/** JSON in ASCII. */
export function asciiJson(value: unknown): string {
  return escaped(JSON.stringify(value));
}

/** A name in ASCII. Different names stay different. */
export function asciiName(name: string): string {
  return escaped(name.replaceAll('\\', '\\\\'));
}

function escaped(text: string): string {
  return text.replace(
    /[^\x20-\x7e]/g,
    (character) =>
      `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
