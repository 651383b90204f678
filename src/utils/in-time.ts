/**
 * Waits for a promise, but no longer than `ms` milliseconds. What it stands for
 * goes on all the same.
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
  // The stack is that of a timer, and an outage logs many of them.
  error.stack = String(error);
  return error;
}
