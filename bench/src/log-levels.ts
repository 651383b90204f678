/**
 * What both applications log. The module writes one line at the level `log` for
 * each callback, which the floor does not; how much that costs is the logger's
 * affair and not the module's.
 */
export const LOG_LEVELS = ['warn', 'error', 'fatal'] as const;
