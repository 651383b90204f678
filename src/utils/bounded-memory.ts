import { LRUCache } from 'lru-cache';

/** How much a {@link boundedMemory} keeps. */
export interface MemoryBounds {
  /** How many entries: beyond that the oldest is dropped. */
  readonly max: number;
  /** For how long, in milliseconds. */
  readonly ttl: number;
}

/**
 * An LRU cache that grows as it fills. Its option `max` would allocate room for all
 * entries at once, which takes about 20 ms for 100,000 of them.
 */
export function boundedMemory<V extends {}>({
  max,
  ttl,
}: MemoryBounds): LRUCache<string, V> {
  return new LRUCache({ maxSize: max, sizeCalculation: () => 1, ttl });
}
