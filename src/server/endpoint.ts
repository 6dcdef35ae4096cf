/** The two endpoints of the webhook. */

export type Endpoint = 'validate' | 'mutate';

/** Returns undefined for other paths. */
export function endpointOf(url: string): Endpoint | undefined {
  const query = url.indexOf('?');
  const path = query < 0 ? url : url.slice(0, query);
  if (path === '/validate') return 'validate';
  return path === '/mutate' ? 'mutate' : undefined;
}
