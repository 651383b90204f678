/**
 * Runs one command of `nestjs-plutu`. Resolves when the command has done its
 * work, or has started the server that keeps the process alive.
 *
 * @param args what follows the command's name on the command line.
 * @throws {WrongUsage} for arguments that do not make sense. Any other error
 *   means that the command failed.
 */
export type RunCommand = (args: string[]) => Promise<void>;

/** The command line is wrong. Its first line is shown; the exit code is 2. */
export class WrongUsage extends Error {}
