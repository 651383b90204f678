import { firstValueFrom, from, throwError, timeout } from 'rxjs';

/**
 * Waits for a promise, but no longer than `ms` milliseconds. What it stands for
 * goes on all the same.
 *
 * @throws {Error} with `message` where it took longer.
 */
export function inTime<T>(
  promise: Promise<T>,
  ms: number,
  message: string,
): Promise<T> {
  return firstValueFrom(
    from(promise).pipe(
      timeout({ first: ms, with: () => throwError(() => tooLate(message)) }),
    ),
  );
}

function tooLate(message: string): Error {
  const error = new Error(message);
  // The stack is that of a timer, and an outage logs many of them.
  error.stack = String(error);
  return error;
}
