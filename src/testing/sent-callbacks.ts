import type { INestApplicationContext } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { SandboxEvent } from '../sandbox/index.js';

/** A call from a sandbox to its application, and how it was answered. */
export type SentCallback = Extract<
  SandboxEvent,
  { readonly type: 'callback-delivered' }
>;

/**
 * What the sandboxes of an application have sent, one list for each sandbox. An
 * application and the testing module that it is made from have the same modules.
 */
const sentByModules = new WeakMap<
  ModulesContainer,
  Set<readonly SentCallback[]>
>();

/** @param sent grows as the sandbox calls the application. */
export function showSentCallbacks(
  app: INestApplicationContext,
  sent: readonly SentCallback[],
): void {
  const modules = modulesOf(app);
  const lists = sentByModules.get(modules) ?? new Set();
  sentByModules.set(modules, lists.add(sent));
}

/** What was sent to the application so far, and how it answered. */
export function sentCallbacksOf(
  app: INestApplicationContext,
): readonly SentCallback[] {
  return [...(sentByModules.get(modulesOf(app)) ?? [])].flat();
}

function modulesOf(app: INestApplicationContext): ModulesContainer {
  return app.get(ModulesContainer, { strict: false });
}
