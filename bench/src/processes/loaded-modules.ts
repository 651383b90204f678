import { Session } from 'node:inspector';

/**
 * How many modules (files) of each package this process has loaded, whether by
 * `import` or by `require`. It asks the debugger, which knows all of them and
 * costs nothing before. A file that left nothing behind may be missing, because
 * the garbage collector has taken it: compare names, and counts only roughly.
 */
export function loadedModules(): Record<string, number> {
  const counts: Record<string, number> = {};
  const session = new Session();
  session.connect();
  session.on('Debugger.scriptParsed', ({ params: { url } }) => {
    const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
    if (name !== undefined) counts[name] = (counts[name] ?? 0) + 1;
  });
  session.post('Debugger.enable');
  session.disconnect();
  return counts;
}
