import type { Queue } from 'bullmq';
import { RedisScript } from './queue-redis.js';

/** An arrival of a payment, and the job that it asked the queue for. */
export interface Arrival {
  readonly jobId: string;
  /** A random name, which is also in the data of the job. */
  readonly arrival: string;
}

/** The job that the queue has for an arrival. */
export type KeptJob = 'none' | 'its own' | JobOfEarlierArrival;

export interface JobOfEarlierArrival {
  /** As JSON. */
  readonly data: string;
  /** Whether it has failed, or it is time to search the lists of the queue for it. */
  readonly mayBeStuck: boolean;
}

/**
 * How often the lists of the queue are searched for one job at most, in
 * milliseconds. Redis does nothing else during a search, and it takes longer the more
 * jobs are waiting.
 */
const SEARCH_PAUSE = 60_000;

type JobOfAnother = [data: string, mayBeStuck: 0 | 1];

/**
 * KEYS: the failed jobs. ARGV: the prefix of the queue's keys, the time and the pause
 * in milliseconds, then the job's id and the name of each arrival.
 *
 * Returns for each arrival 0 if there is no such job, and 1 if it is its own.
 * Otherwise the job's data, and 1 if it may be stuck.
 */
const READ_KEPT = new RedisScript<(0 | 1 | JobOfAnother)[]>('plutuReadKept', {
  numberOfKeys: 1,
  lua: `
local failed = KEYS[1]
local prefix, now, pause = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local function mayBeStuck(id, job)
  if redis.call('HEXISTS', job, 'returnvalue') == 1 then return 0 end
  if redis.call('ZSCORE', failed, id) then return 1 end
  local seen = redis.call('HMGET', job, 'plutuSearchedAt', 'timestamp')
  if now - (tonumber(seen[1] or seen[2]) or 0) < pause then return 0 end
  redis.call('HSET', job, 'plutuSearchedAt', now)
  return 1
end

local kept = {}
for i = 4, #ARGV, 2 do
  local id, arrival = ARGV[i], ARGV[i + 1]
  local job = prefix .. id
  local data = redis.call('HGET', job, 'data')
  if not data then
    table.insert(kept, 0)
  elseif string.find(data, arrival, 1, true) then
    table.insert(kept, 1)
  else
    table.insert(kept, { data, mayBeStuck(id, job) })
  end
end
return kept
`,
});

/** Reads what the queue has for each of these arrivals, in one step. */
export async function readKept(
  queue: Queue,
  arrivals: readonly Arrival[],
): Promise<KeptJob[]> {
  const replies = await READ_KEPT.run(queue, [
    queue.toKey('failed'),
    queue.toKey(''),
    Date.now(),
    SEARCH_PAUSE,
    ...arrivals.flatMap(({ jobId, arrival }) => [jobId, arrival]),
  ]);
  return replies.map((reply) => {
    if (reply === 0) return 'none';
    if (reply === 1) return 'its own';
    const [data, mayBeStuck] = reply;
    return { data, mayBeStuck: mayBeStuck === 1 };
  });
}
