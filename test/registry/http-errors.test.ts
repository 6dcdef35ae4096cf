/** Docker Hub has its own host name, and returns 401 for missing repositories. */
import { describe, expect, test } from 'vitest';
import { httpError } from '../../src/registry/http-errors.ts';
import { endpointsOf } from '../../src/registry/endpoint.ts';
import { basic, entry, target } from '../support/registry-settings.ts';

describe('an error of Docker Hub', () => {
  test.each([
    [
      401,
      undefined,
      'docker.io returned HTTP 401 for "library/nginx:1.27", requested without credentials',
      'check the name first; Docker Hub also returns 401 for repositories that do not exist',
    ],
    [
      401,
      basic('jane', 'x'),
      'docker.io returned HTTP 401 for "library/nginx:1.27", requested with pull secret "regcred" (user jane)',
      'check the name first; Docker Hub also returns 401 for repositories that do not exist; then check the user name and the password in pull secret "regcred" (user jane)',
    ],
    [
      429,
      undefined,
      'docker.io returned HTTP 429',
      'use credentials or a mirror; anonymous pulls are rate limited by IP address',
    ],
    [429, basic('jane', 'x'), 'docker.io returned HTTP 429', 'use a mirror, or wait'],
  ])('%d with credential %j', (status, credential, message, remedy) => {
    const { registry: endpoint } = endpointsOf(target('nginx:1.27', credential), { registries: [], access: 'any' });
    expect(endpoint.base.href).toBe('https://registry-1.docker.io/');
    const response = { status, headers: new Map(), body: Buffer.alloc(0) };
    const remote = { name: endpoint.name, host: endpoint.base.host };
    const { failure } = httpError({ remote, response, endpoint, authorization: undefined, now: 0 });
    expect(failure).toMatchObject({ message, remedy });
  });

  test('can come from a mirror in its entry', () => {
    const registries = [entry('docker.io', { mirrors: [{ location: 'm.test/hub', forwardCredentials: false }] })];
    const { mirrors } = endpointsOf(target('nginx', basic('a', 'b')), { registries, access: 'listed' });
    expect(mirrors).toMatchObject([
      {
        name: 'm.test/hub (mirror of docker.io)',
        repository: 'hub/library/nginx',
        reference: 'latest',
        credential: undefined,
        mirror: 'm.test/hub',
      },
    ]);
  });
});
