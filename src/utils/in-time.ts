/**
 * Waits for a promise, but no longer than `ms` milliseconds. The work behind it is
 * not stopped.
 *
 * @throws {Error} with `message` if it takes longer.
 */
export async function inTime<T>(
  promise: PromiseLike<T>,
  ms: number,
  message: string,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(tooLate(message)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function tooLate(message: string): Error {
  const error = new Error(message);
  // The stack would only show a timer, and an outage logs many of these errors.
  error.stack = String(error);
  return error;
}
