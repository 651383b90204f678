/** What a log shows of something that was thrown. */
export function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : messageOf(error);
}

/** The message of something that was thrown. Never throws itself. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  try {
    return String(error);
  } catch {
    // An object without a prototype, say.
    return 'something without a message was thrown';
  }
}
