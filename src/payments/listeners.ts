import type { EventEmitter2 } from '@nestjs/event-emitter';

// What the emitter does not offer itself: to tell the listeners of one event from
// those of a pattern, and to wait for all of them.

/** A function that is called with an event. */
export type Listener = (...args: unknown[]) => unknown;

/** The listeners to an event by its exact name. */
export function listenersTo(emitter: EventEmitter2, name: string): Listener[] {
  if (!isWildcard(emitter)) return emitter.listeners(name).map(asListener);
  // `listeners(name)` also finds those of a pattern.
  let node: unknown = Reflect.get(emitter, 'listenerTree');
  for (const part of name.split(delimiterOf(emitter))) {
    node = isObject(node) ? Reflect.get(node, part) : undefined;
  }
  const found: unknown = isObject(node)
    ? Reflect.get(node, '_listeners')
    : undefined;
  return [found].flat().filter((entry) => isListener(entry));
}

/** The listeners to any event, or to a pattern that matches this one. */
export function observersOf(emitter: EventEmitter2, name: string): Listener[] {
  const exact = new Set(listenersTo(emitter, name));
  return [
    // A listener to any event is also given its name.
    ...emitter
      .listenersAny()
      .map(asListener)
      .map(
        (listener): Listener =>
          (event) =>
            listener.call(emitter, name, event),
      ),
    ...emitter
      .listeners(name)
      .map(asListener)
      .filter((listener) => !exact.has(listener)),
  ];
}

/** Calls a listener as the emitter would, with `this.event` set. */
export async function callListener(
  emitter: EventEmitter2,
  listener: Listener,
  name: string,
  event: object,
): Promise<void> {
  Reflect.set(emitter, 'event', name);
  await listener.call(emitter, event);
}

function isWildcard(emitter: EventEmitter2): boolean {
  return Reflect.get(emitter, 'wildcard') === true;
}

function delimiterOf(emitter: EventEmitter2): string {
  const delimiter: unknown = Reflect.get(emitter, 'delimiter');
  return typeof delimiter === 'string' ? delimiter : '.';
}

function asListener(listener: object): Listener {
  if (!isListener(listener))
    throw new TypeError('A listener is not a function.');
  return listener;
}

function isListener(value: unknown): value is Listener {
  return typeof value === 'function';
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
