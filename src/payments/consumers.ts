import {
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import {
  ContextIdFactory,
  DiscoveryService,
  MetadataScanner,
  ModuleRef,
} from '@nestjs/core';
import { EnabledGateways } from '../account/enabled-gateways.js';
import { PlutuAccount } from '../account/plutu-account.js';
import { PlutuConfigurationError } from '../errors/plutu-errors.js';
import { consumptionsOf, type Consumption } from './consumer.decorators.js';
import { EmitterProvider } from './emitter-provider.js';
import type { Listener } from './listeners.js';

/** All listeners without one of our decorators count as one consumer. */
export const OTHER_LISTENERS = 'listeners';

/** A handler of one event, under its stable name. */
export interface Consumer {
  readonly name: string;
  /** The names of the consumers that have to succeed first. */
  readonly after: readonly string[];
  readonly handle: Listener;
}

interface FilteredConsumer extends Consumer {
  readonly gateway: string | undefined;
  readonly account: string | undefined;
}

/** What a filter compares: every event of the module has both. */
interface Filterable {
  readonly gateway?: string | undefined;
  readonly account?: string | undefined;
}

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

/**
 * The application's decorated handlers. They are found at startup and added to its
 * emitter, like every other listener.
 */
@Injectable()
export class Consumers implements OnModuleInit, OnApplicationBootstrap {
  private readonly byEvent = new Map<string, FilteredConsumer[]>();
  private readonly handlers = new Set<Listener>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly moduleRef: ModuleRef,
    private readonly emitters: EmitterProvider,
  ) {}

  /**
   * @throws {PlutuConfigurationError} for two consumers with the same name, an
   *   unknown name in `after`, consumers that wait for each other in a circle, or an
   *   application without an emitter.
   */
  onModuleInit(): void {
    // Even without a handler: a missing emitter must be noticed before the first
    // payment.
    const { emitter } = this.emitters;
    const wrappers = [
      ...this.discovery.getProviders(),
      ...this.discovery.getControllers(),
    ];
    for (const wrapper of wrappers) this.add(wrapper);
    for (const [event, consumers] of this.byEvent) {
      checkOrder(event, consumers);
      for (const { handle } of consumers) {
        emitter.on(event, handle);
      }
    }
  }

  /**
   * @throws {PlutuConfigurationError} for a filter that nothing can ever match.
   */
  onApplicationBootstrap(): void {
    const every = { strict: false, each: true } as const;
    const gateways = this.moduleRef
      .get(EnabledGateways, every)
      .flatMap(({ names }) => names);
    const accounts = this.moduleRef
      .get(PlutuAccount, every)
      .map(({ name }) => name);
    for (const { name, gateway, account } of [
      ...this.byEvent.values(),
    ].flat()) {
      checkFilter(name, 'gateway', gateway, gateways);
      checkFilter(name, 'account', account, accounts);
    }
  }

  /** The consumers of an event whose filters match it. */
  of(name: string, event: Filterable): readonly Consumer[] {
    const consumers = this.byEvent.get(name) ?? [];
    return consumers.filter(
      ({ gateway, account }) =>
        (gateway === undefined || gateway === event.gateway) &&
        (account === undefined || account === event.account),
    );
  }

  /** Whether a listener belongs to a consumer. */
  has(listener: Listener): boolean {
    return this.handlers.has(listener);
  }

  private add(wrapper: Wrapper): void {
    const { instance } = wrapper;
    if (typeof instance !== 'object' || instance === null || wrapper.isAlias) {
      return;
    }
    const prototype: object = Object.getPrototypeOf(instance) ?? {};
    for (const key of this.scanner.getAllMethodNames(prototype)) {
      const method: unknown = Reflect.get(prototype, key);
      if (typeof method !== 'function') continue;
      for (const consumption of consumptionsOf(method)) {
        this.addConsumer(consumption, wrapper, key);
      }
    }
  }

  private addConsumer(
    { event, consumer, after = [], gateway, account }: Consumption,
    wrapper: Wrapper,
    key: string,
  ): void {
    const name = consumer ?? `${wrapper.name}.${key}`;
    const consumers = this.byEvent.get(event) ?? [];
    if (
      name === OTHER_LISTENERS ||
      consumers.some((one) => one.name === name)
    ) {
      throw new PlutuConfigurationError(
        'consumer',
        `Two consumers of ${event} have the name "${name}". Give each a name of its own with the option "consumer", and provide each class in one module only.`,
      );
    }
    const handle = this.handlerOf(wrapper, key);
    consumers.push({ name, after: [after].flat(), gateway, account, handle });
    this.byEvent.set(event, consumers);
    this.handlers.add(handle);
  }

  private handlerOf(wrapper: Wrapper, key: string): Listener {
    const call = (instance: unknown, event: unknown): unknown => {
      const method: unknown = Reflect.get(Object(instance), key);
      return typeof method === 'function'
        ? method.call(instance, event)
        : undefined;
    };
    if (wrapper.isDependencyTreeStatic()) {
      return (event) => call(wrapper.instance, event);
    }
    return async (event) => {
      const contextId = ContextIdFactory.create();
      this.moduleRef.registerRequestByContextId(event, contextId);
      const instance: unknown = await this.moduleRef.resolve(
        wrapper.token,
        contextId,
        { strict: false },
      );
      return call(instance, event);
    };
  }
}

/** @throws {PlutuConfigurationError} for an unknown name, or a circle. */
function checkOrder(event: string, consumers: readonly Consumer[]): void {
  const byName = new Map(consumers.map((one) => [one.name, one]));
  const visit = (consumer: Consumer, path: readonly string[]): void => {
    for (const name of consumer.after) {
      if (path.includes(name)) {
        throw new PlutuConfigurationError(
          'after',
          `The consumers of ${event} wait for each other in a circle: ${[...path, name].join(' after ')}.`,
        );
      }
      const other = byName.get(name);
      if (other) visit(other, [...path, name]);
      else if (name !== OTHER_LISTENERS) {
        throw new PlutuConfigurationError(
          'after',
          `The consumer "${consumer.name}" of ${event} waits for "${name}", but there is no consumer with that name. There are: ${[...byName.keys()].join(', ')}.`,
        );
      }
    }
  };
  for (const consumer of consumers) visit(consumer, [consumer.name]);
}

function checkFilter(
  consumer: string,
  filter: 'gateway' | 'account',
  value: string | undefined,
  known: readonly string[],
): void {
  if (value === undefined || known.includes(value)) return;
  throw new PlutuConfigurationError(
    filter,
    `The consumer "${consumer}" asks for the ${filter} "${value}", but no PlutuModule has it. There are: ${known.join(', ')}.`,
  );
}
