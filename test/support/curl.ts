import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { onPath } from './tools.js';

export const curlPath = onPath('curl');

export const HOW_TO_GET_CURL =
  'put curl on the PATH (Debian: apt-get install curl)';

const run = promisify(execFile);

export interface CurlAnswer {
  readonly status: number;
  readonly location: string;
  readonly body: string;
}

/** Runs curl as it is typed, and reads what was answered. */
export async function curl(...options: string[]): Promise<CurlAnswer> {
  const { stdout } = await run(curlPath ?? '', [
    '--silent',
    '--noproxy',
    '*',
    '--write-out',
    '\n%{http_code} %{redirect_url}',
    ...options,
  ]);
  const [, body = '', status, location = ''] =
    /^([^]*)\n(\d{3}) (.*)$/.exec(stdout) ?? [];
  return { status: Number(status), location, body };
}

/** Likewise, for an answer in JSON. */
export async function curlJson(
  ...options: string[]
): Promise<{ status: number; answer: unknown }> {
  const { status, body } = await curl(...options);
  return { status, answer: JSON.parse(body) };
}
