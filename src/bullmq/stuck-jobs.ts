import type { Job, Queue } from 'bullmq';
import { redisOf, RedisScript } from './queue-redis.js';

// BullMQ leaves a job alone if it has failed for good, or if it is in none of its
// lists because Redis lost the list. A payment must not end like that.

/** How many keys of Redis are looked at at a time. */
const PAGE = 1000;

/** Where our jobs can be, in the order that the script expects. */
const SORTED_SETS = ['failed', 'completed', 'delayed', 'prioritized'];
const LISTS = ['active', 'wait', 'paused'];

/**
 * Puts a job back into the list that it belongs to, in one step, so that only one of
 * any number of callers takes it out again.
 *
 * KEYS: the sorted sets, the lists, the job, its lock. ARGV: the job's id, the
 * time in milliseconds.
 *
 * Returns 1 if the job is among the failed ones, now or before, to be run again.
 */
const PUT_BACK = new RedisScript<0 | 1>('plutuPutBack', {
  numberOfKeys: 9,
  lua: `
local failed, completed, active = KEYS[1], KEYS[2], KEYS[5]
local job, lock = KEYS[8], KEYS[9]
local id = ARGV[1]
if redis.call('TYPE', job).ok ~= 'hash' then return 0 end
if redis.call('HEXISTS', job, 'data') == 0 then return 0 end
if not redis.call('ZSCORE', failed, id) then
  for i = 2, 4 do
    if redis.call('ZSCORE', KEYS[i], id) then return 0 end
  end
  for i = 5, 7 do
    if redis.call('LPOS', KEYS[i], id) then return 0 end
  end
  if redis.call('HEXISTS', job, 'returnvalue') == 1 then
    -- It was published: only the memory of it was lost.
    local finished = redis.call('HGET', job, 'finishedOn') or ARGV[2]
    redis.call('ZADD', completed, finished, id)
    return 0
  end
  if redis.call('EXISTS', lock) == 1 then
    -- A worker has it. If that worker dies, BullMQ finds it here.
    redis.call('LPUSH', active, id)
    return 0
  end
  redis.call('ZADD', failed, ARGV[2], id)
end
-- How often it lost its worker: or the next crash would be its last.
redis.call('HDEL', job, 'stc')
return 1
`,
});

/**
 * Runs a job again, with all its attempts, if it has failed for good or is in no list
 * of the queue. Any number of callers at the same moment run it once.
 *
 * @param id a job with this id may not exist.
 * @returns whether it was such a job.
 */
export async function runAgainIfStuck(
  queue: Queue,
  id: string,
): Promise<boolean> {
  if (!(await isToRunAgain(queue, id))) return false;
  const job: Job | undefined = await queue.getJob(id);
  try {
    await job?.retry('failed', { resetAttemptsMade: true });
  } catch (error) {
    // Unless another caller has just done so.
    if (await job?.isFailed()) throw error;
  }
  return true;
}

/** Runs every stuck job of the queue again. @returns how many. */
export async function runStuckAgain(queue: Queue): Promise<number> {
  // All ids first: a job may fail again while the others are looked for.
  const ids = await everyId(queue);
  let count = 0;
  for (let start = 0; start < ids.length; start += PAGE) {
    const page = ids.slice(start, start + PAGE);
    const wereStuck = await Promise.all(
      page.map((id) => runAgainIfStuck(queue, id)),
    );
    count += wereStuck.filter(Boolean).length;
  }
  return count;
}

/**
 * The possible ids of jobs, by the names of the keys: a job that is in no list cannot
 * be found otherwise.
 */
async function everyId(queue: Queue): Promise<string[]> {
  const client = await redisOf(queue);
  const prefix = queue.toKey('');
  const pattern = `${prefix.replace(/[*?[\]\\]/g, '\\$&')}*`;
  const ids = new Set<string>();
  for (const node of (client.isCluster && client.nodes?.()) || [client]) {
    let cursor = '0';
    do {
      const [next, keys] = await node.scan(cursor, {
        MATCH: pattern,
        COUNT: PAGE,
      });
      for (const key of keys) ids.add(key.slice(prefix.length));
      cursor = next;
    } while (cursor !== '0');
  }
  return [...ids];
}

async function isToRunAgain(queue: Queue, id: string): Promise<boolean> {
  const names = [...SORTED_SETS, ...LISTS, id, `${id}:lock`];
  const keys = names.map((name) => queue.toKey(name));
  return (await PUT_BACK.run(queue, [...keys, id, Date.now()])) === 1;
}
