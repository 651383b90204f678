// The default keys of a sandbox. They are published with this package, so anybody can
// sign with them.

export const SANDBOX_API_KEY = 'sandbox_api_key';
export const SANDBOX_ACCESS_TOKEN = 'sandbox_access_token';
export const SANDBOX_SECRET_KEY = 'sandbox_secret_key';

/**
 * Says what is wrong if the sandbox's secret key would verify callbacks from the real
 * Plutu, which is reached over `https:`.
 *
 * @returns a clause that follows the option's name, or `undefined`.
 */
export function sandboxKeyProblem(
  secretKey: string | readonly string[],
  baseUrl: string,
): string | undefined {
  const isPublished = [secretKey].flat().includes(SANDBOX_SECRET_KEY);
  return isPublished && baseUrl.startsWith('https:')
    ? `is, or lists, the sandbox's key: that key is public and anybody could sign payments with it, so it is accepted only with an http: baseUrl`
    : undefined;
}
