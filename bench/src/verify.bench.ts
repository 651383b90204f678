import { createHmac, createSecretKey } from 'node:crypto';
import { parse } from 'node:querystring';
import { MPGS, verifyCallback } from 'nestjs-plutu';
import { ACCOUNT, callbackOf } from './callbacks.js';
import type { Plan } from './plan.js';
import type { Row } from './report.js';
import { compare, type Turn } from './rounds.js';

const SAMPLES = 1000;

/** `verifyCallback` alone, in this process. */
export async function benchVerify({ rounds, size }: Plan): Promise<Row[]> {
  const key = createSecretKey(ACCOUNT.secretKey, 'utf8');
  const rules = MPGS.callback.rules;
  const transactions = Array.from({ length: SAMPLES }, (_, n) => `t-${n}`);
  const genuine = transactions.map((name) => callbackOf(name));
  const forged = genuine.map(({ query }) => ({ query: forge(query) }));
  const extended = transactions.map((name) =>
    callbackOf(name, { extra: [['order', `o-${name}`]] }),
  );
  const turn = <T>(samples: readonly T[], operation: (sample: T) => unknown) =>
    repeat(Math.ceil(40 * size), samples, operation);

  const floor = (samples: typeof genuine) => () =>
    turn(samples, ({ query, signed }) => {
      parse(query);
      return createHmac('sha256', key).update(signed).digest();
    });
  const verify =
    (samples: readonly { query: string }[], expected: boolean) => () =>
      turn(samples, ({ query }) => {
        const { verified } = verifyCallback(query, [key], rules);
        if (verified !== expected) throw new Error(`Wrong: ${query}`);
      });
  const accept = verify(genuine, true);
  const refuse = verify(forged, false);
  const row = { unit: 'operations/s' };
  const options = { rounds: rounds * 2, warmUp: 3 };
  return [
    {
      ...row,
      what: 'verifyCallback, genuine',
      aim: 0.85,
      ...(await compare({ floor: floor(genuine), ours: accept }, options)),
    },
    {
      ...row,
      what: 'verifyCallback, genuine, with a parameter of the return URL’s',
      ...(await compare(
        { floor: floor(extended), ours: verify(extended, true) },
        options,
      )),
    },
    {
      ...row,
      what: 'verifyCallback, forged',
      ...(await compare({ floor: floor(genuine), ours: refuse }, options)),
    },
    {
      ...row,
      what: 'verifyCallback, forged (floor: genuine)',
      aim: 1,
      ...(await compare({ floor: accept, ours: refuse }, options)),
    },
  ];
}

/** Changes the last digit of the signature. */
function forge(query: string): string {
  return query.slice(0, -1) + (query.endsWith('0') ? '1' : '0');
}

function repeat<T>(
  times: number,
  samples: readonly T[],
  operation: (sample: T) => unknown,
): Turn {
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let time = 0; time < times; time++) {
    for (const sample of samples) operation(sample);
  }
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return {
    operations: times * samples.length,
    seconds,
    cpuSeconds: (user + system) / 1e6,
  };
}
