import { AxiosError } from 'axios';
import { lastValueFrom, toArray } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import {
  pauseBeforeRetry,
  requestFailure,
} from '../../src/api/network-failure.js';
import {
  PlutuConnectionError,
  PlutuOutcomeUnknownError,
} from '../../src/index.js';

const HOST = 'api.plutus.ly';

interface SystemFailure {
  readonly code: string;
  readonly syscall: string;
}

function systemError(failure: SystemFailure): Error {
  return Object.assign(new Error(failure.code), failure);
}

/** What axios throws for failures of the network. */
function axiosError(...failures: SystemFailure[]): AxiosError {
  const [first, ...others] = failures.map(systemError);
  const error = new AxiosError('failed', failures[0]?.code);
  error.cause =
    others.length > 0 ? new AggregateError([first, ...others]) : first;
  return error;
}

describe('nothing can have been sent', () => {
  it.each<SystemFailure[][]>([
    [[{ code: 'ECONNREFUSED', syscall: 'connect' }]],
    [[{ code: 'EHOSTUNREACH', syscall: 'connect' }]],
    [[{ code: 'ENETUNREACH', syscall: 'connect' }]],
    [[{ code: 'ETIMEDOUT', syscall: 'connect' }]],
    [[{ code: 'ENOTFOUND', syscall: 'getaddrinfo' }]],
    [[{ code: 'EAI_AGAIN', syscall: 'getaddrinfo' }]],
    [
      [
        { code: 'ECONNREFUSED', syscall: 'connect' },
        { code: 'ENETUNREACH', syscall: 'connect' },
      ],
    ],
  ])('by %j', (failures) => {
    expect(
      requestFailure(axiosError(...failures), HOST, 'inv-1'),
    ).toBeInstanceOf(PlutuConnectionError);
  });
});

describe('something may have been sent', () => {
  it.each<SystemFailure[][]>([
    [[{ code: 'ECONNRESET', syscall: 'read' }]],
    [[{ code: 'EHOSTUNREACH', syscall: 'read' }]],
    [[{ code: 'ETIMEDOUT', syscall: 'read' }]],
    [[{ code: 'ENETUNREACH', syscall: 'write' }]],
    [[{ code: 'ECONNRESET', syscall: 'connect' }]],
    [
      [
        { code: 'ECONNREFUSED', syscall: 'connect' },
        { code: 'ECONNRESET', syscall: 'read' },
      ],
    ],
    [[]],
  ])('by %j', (failures) => {
    expect(
      requestFailure(axiosError(...failures), HOST, 'inv-1'),
    ).toBeInstanceOf(PlutuOutcomeUnknownError);
  });

  it('by what is no error of axios’s', () => {
    expect(requestFailure(new Error('?'), HOST, 'inv-1')).toBeInstanceOf(
      PlutuOutcomeUnknownError,
    );
  });
});

describe('the pause before connecting again', () => {
  async function pause(attempt: number): Promise<number> {
    vi.useFakeTimers();
    try {
      const start = Date.now();
      const error = new PlutuConnectionError('ECONNREFUSED', HOST);
      const over = lastValueFrom(
        pauseBeforeRetry(error, attempt).pipe(toArray()),
      );
      await vi.runAllTimersAsync();
      await over;
      return Date.now() - start;
    } finally {
      vi.useRealTimers();
    }
  }

  it.each([
    [1, 100, 200],
    [2, 200, 400],
    [3, 400, 800],
    [10, 2500, 5000],
  ])('number %d is %d to %d ms', async (attempt, least, most) => {
    const pauses = [await pause(attempt), await pause(attempt)];
    for (const ms of pauses) {
      expect(ms).toBeGreaterThanOrEqual(least - 1);
      expect(ms).toBeLessThanOrEqual(most + 1);
    }
  });
});
