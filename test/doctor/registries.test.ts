/** `doctor --registries`, with real servers on loopback. */
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { namedRegistries } from '../../src/doctor/named-registries.ts';
import type { DoctorReport } from '../../src/report/doctor.ts';
import { runCommand } from '../support/command.ts';
import { inOwnFolders } from '../support/own-folders.ts';

inOwnFolders('doctor-registries');

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  }
});

interface Registry {
  readonly host: string;
  readonly headers: IncomingHttpHeaders[];
}

async function registry(status: number): Promise<Registry> {
  const headers: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    headers.push(request.headers);
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
  });
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, headers };
}

async function doctor(
  hosts: readonly string[],
  ...flags: readonly string[]
): Promise<{ readonly code: number; readonly report: DoctorReport }> {
  const entries = hosts.map((host) => `{host: "${host}", insecure: true, allowPrivate: true}`);
  writeFileSync('tidewaiter.yaml', `registries: [${entries.join(', ')}]\n`);
  const { code, out } = await runCommand(['doctor', '-o', 'json', ...flags]);
  return { code, report: JSON.parse(out) as DoctorReport };
}

test.each([404, 403, 401])('a registry that returns HTTP %i responds', async (status) => {
  const { host, headers } = await registry(status);
  const { code, report } = await doctor([host], '--registries');
  expect([code, report.findings]).toEqual([0, []]);
  expect(headers.length).toBeGreaterThan(0);
  expect(headers.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
});

test('has a finding for each registry that does not respond', async () => {
  const [good, bad, gone] = [await registry(404), await registry(500), await registry(404)];
  const closed = servers.pop();
  await new Promise((resolve) => closed?.close(resolve));
  const { code, report } = await doctor([good.host, bad.host, gone.host], '--registries');
  expect(code).toBe(1);
  expect(report.findings.map(({ check, subject, message }) => [check, subject, message])).toEqual([
    ['registries', `registry ${bad.host}`, `from this machine: ${bad.host} returned HTTP 500 (cause: serverError)`],
    [
      'registries',
      `registry ${gone.host}`,
      `from this machine: ${gone.host} refused the connection (ECONNREFUSED) (cause: unreachable)`,
    ],
  ]);
  expect(report.findings.filter(({ remedy }) => remedy === null)).toEqual([]);
});

test('does not count as a success if no registry is named', async () => {
  const { code, report } = await doctor([], '--registries');
  expect([code, report.findings.map(({ reason }) => reason)]).toEqual([
    2,
    ['neither the configuration nor a policy names a registry'],
  ]);
});

test('contacts no registry without --registries', async () => {
  const { host, headers } = await registry(500);
  const { code, report } = await doctor([host]);
  expect([code, report.checks.map(({ id }) => id).includes('registries'), headers]).toEqual([0, false, []]);
});

test.each<[how: string, spec: object, hosts: readonly string[]]>([
  [
    'patterns',
    { rules: [{ parameters: { allow: ['ghcr.io/team/**', 'localhost:5000/x', 'GHCR.io/other'] } }] },
    ['ghcr.io', 'localhost:5000'],
  ],
  ['names of Docker Hub', { rules: [{ parameters: { allow: ['nginx', 'team/app'] } }] }, ['docker.io']],
  [
    'globs, and what is denied',
    { rules: [{ parameters: { allow: ['*.azurecr.io/**', '**'], deny: ['evil.io/**'] } }] },
    [],
  ],
  ['selectors', { match: { namespaceSelector: { matchExpressions: [{ key: 'kubernetes.io/metadata.name' }] } } }, []],
  ['items of a list', { items: ['quay.io/team/**'] }, ['quay.io']],
])('finds the registries in %s', (_how, spec, hosts) => {
  expect(namedRegistries([{ spec }])).toEqual(hosts);
});
