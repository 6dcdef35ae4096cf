/** Pull policies and published ports of services in Compose files, in `check`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { CheckReport } from '../../src/report/check.ts';
import { runCommand } from '../support/command.ts';
import { policyOf, writeFixes } from '../support/fix-command.ts';
import { inOwnFolders } from '../support/own-folders.ts';

inOwnFolders('compose-services');

async function findingsIn(text: string, ...rules: readonly string[]): Promise<CheckReport['findings']> {
  writeFileSync('policy.yaml', policyOf(...rules));
  writeFileSync('compose.yaml', text);
  const { out } = await runCommand(['check', 'compose.yaml', '-p', 'policy.yaml', '-o', 'json']);
  const report = JSON.parse(out) as CheckReport;
  expect(report.errors).toEqual([]);
  return report.findings;
}

const MUTABLE = '{rule: image-pull-policy}';

describe('pull_policy', () => {
  test.each([
    ['always', undefined],
    ['missing', 'missing'],
    ['if_not_present', 'if_not_present'],
    ['"${PULL:-missing}"', 'missing'],
    ['"${PULL-always}"', undefined],
    ['"${PULL}"', undefined],
    ['build', undefined],
    ['daily', undefined],
    ['weekly', undefined],
    ['every_12h', undefined],
    ['!reset missing', undefined],
    ['null', undefined],
    ['never', undefined],
    ['Always', undefined],
  ])('%s', async (written, reported) => {
    const text = `services:\n  web:\n    image: nginx:1.27\n    pull_policy: ${written}\n`;
    const findings = await findingsIn(text, MUTABLE);
    expect(
      findings.map(({ line, column, container, message }) => ({ at: `${line}:${column}`, container, message })),
    ).toEqual(
      reported === undefined
        ? []
        : [
            {
              at: '4:18',
              container: 'web',
              message: `image "nginx:1.27" can change, but its pull_policy is "${reported}", so hosts can run different builds`,
            },
          ],
    );
  });

  test('is not judged where it is not written, for an image with a digest, and for images of volumes and hooks', async () => {
    const text = `services:
  none: {image: nginx:1.27}
  pinned: {image: "nginx@sha256:${'a'.repeat(64)}", pull_policy: missing}
  other:
    image: "nginx@sha256:${'a'.repeat(64)}"
    pull_policy: missing
    volumes: [{type: image, source: "acme/assets:3", target: /a}]
    pre_start: [{image: "acme/hook:1"}]
`;
    expect(await findingsIn(text, MUTABLE)).toEqual([]);
    const all = await findingsIn(text, '{rule: image-pull-policy, parameters: {when: all}}');
    const message = `image "nginx@sha256:${'a'.repeat(64)}" has pull_policy "missing"`;
    expect(all.map((row) => ({ line: row.line, message: row.message }))).toEqual([
      { line: 3, message },
      { line: 6, message },
    ]);
  });

  test.each([
    ['    pull_policy: missing # why\n', '    pull_policy: always # why\n', 0],
    ['    pull_policy: "if_not_present"\n', '    pull_policy: "always"\n', 0],
    ['    pull_policy: ${P:-missing}\n', '    pull_policy: ${P:-missing}\n', 1],
  ])('is fixed: %j', async (before, after, left) => {
    const text = (policy: string): string => `services:\r\n  web:\n    image: nginx:1.27\n${policy}`;
    writeFileSync('policy.yaml', policyOf(MUTABLE));
    writeFileSync('compose.yaml', text(before));
    const { report } = await writeFixes(['compose.yaml']);
    expect(report.summary.denied).toBe(left);
    const { out } = await runCommand(['check', 'compose.yaml', '-p', 'policy.yaml', '-o', 'json']);
    expect((JSON.parse(out) as CheckReport).summary.denied).toBe(left);
    expect(readFileSync('compose.yaml', 'utf8')).toBe(text(after));
  });
});

interface Row {
  readonly name: string;
  /** Lines of `services`, or the ports of one service. */
  readonly services?: string;
  readonly ports?: string;
  /** `line:column message` */
  readonly found: readonly string[];
}

const twice = (at: string, port: string): string => `${at} service "web" publishes host port ${port} twice`;

const ROWS: readonly Row[] = [
  { name: 'two ports on one host port', ports: '["8080:80", "8080:81"]', found: [twice('4:24', '8080/TCP')] },
  { name: 'equal entries, which Compose merges', ports: '["8080:80", "8080:80", "8080:80/tcp"]', found: [] },
  {
    name: 'the long syntax',
    ports: '[{target: 80, published: "8080"}, {target: 81, published: 8080}]',
    found: [twice('4:46', '8080/TCP')],
  },
  {
    name: 'the long syntax and the short one',
    ports: '["8080:80", {target: 81, published: 8080, protocol: tcp}]',
    found: [twice('4:24', '8080/TCP')],
  },
  {
    name: 'protocols',
    ports: '["53:53", "53:53/udp", {target: 54, published: 53, protocol: UDP}]',
    found: [twice('4:35', '53/UDP')],
  },
  { name: 'two addresses', ports: '["127.0.0.1:80:80", "127.0.0.2:80:81", "[::1]:80:82"]', found: [] },
  { name: 'an address and all addresses', ports: '["127.0.0.1:80:80", "80:81"]', found: [twice('4:32', '80/TCP')] },
  { name: 'all IPv4 addresses and one of IPv6', ports: '["0.0.0.0:80:80", "[::1]:80:81"]', found: [] },
  {
    name: 'all IPv4 addresses and one',
    ports: '["127.0.0.1:80:80", {target: 81, published: 80, host_ip: 0.0.0.0}]',
    found: [twice('4:32', '80/TCP')],
  },
  { name: 'ranges', ports: '["3000-3005:3000-3005", "3004-3006:4004-4006"]', found: [twice('4:36', '3004/TCP')] },
  {
    name: 'a range in a range with the same ports behind it',
    ports: '["3000-3005:3000-3005", "3004:3004"]',
    found: [],
  },
  {
    name: 'a port that Docker chooses',
    ports: '["3000-3005:80", "3000:81", 80, "80", "::80", "127.0.0.1::80", "0:80", {target: 80}]',
    found: [],
  },
  { name: 'the default of a variable', ports: '["${PORT:-8080}:80", "8080:81"]', found: [twice('4:33', '8080/TCP')] },
  { name: 'a variable without a default', ports: '["${PORT}:80", "8080:${X}", "8080:81", "$PORT:82"]', found: [] },
  { name: 'ports that are removed', ports: '!reset ["8080:80", "8080:81"]', found: [] },
  {
    name: 'an entry that is not valid',
    ports:
      '["8080:80", "x:81", "8080:99999", "8090-8080:80-90", null, [1], {target: 81, published: 8080, protocol: x}]',
    found: [],
  },
  {
    name: 'two services, one of which is built',
    services:
      '  web:\n    build: .\n    ports: ["8080:80"]\n  db:\n    image: db:1\n    ports:\n      - "127.0.0.1:8080:80"\n',
    found: ['8:9 service "db" publishes host port 8080/TCP, and so does service "web"'],
  },
  {
    name: 'three services, in the order of the file',
    services:
      '  a: {image: a, ports: ["80:80"]}\n  b: {image: b, ports: ["80:80"]}\n  c: {image: c, ports: ["80:80"]}\n',
    found: [
      '3:25 service "b" publishes host port 80/TCP, and so does service "a"',
      '4:25 service "c" publishes host port 80/TCP, and so does service "a"',
    ],
  },
  {
    name: 'profiles that never run together',
    services:
      '  a: {image: a, profiles: [dev], ports: ["80:80"]}\n  b: {image: b, profiles: [prod], ports: ["80:80"]}\n',
    found: [],
  },
  {
    name: 'profiles that can run together',
    services:
      '  a: {image: a, profiles: [dev, prod], ports: ["80:80"]}\n  b: {image: b, profiles: [prod], ports: ["80:80"]}\n  c: {image: c, profiles: ["${P}"], ports: ["80:80"]}\n',
    found: ['3:43 service "b" publishes host port 80/TCP, and so does service "a"'],
  },
  {
    name: 'services without a network of their own, or that do not start',
    services:
      '  a: {image: a, ports: ["80:80"]}\n  b: {image: b, network_mode: host, ports: ["80:80"]}\n  c: {image: c, network_mode: "service:a", ports: ["80:80"]}\n  d: {image: d, scale: 0, ports: ["80:80"]}\n  e: {image: e, deploy: {replicas: 0}, ports: ["80:80"]}\n  f: {image: f, network_mode: "${M}", ports: ["80:80"]}\n',
    found: [],
  },
  {
    name: 'one container port in two services',
    services:
      '  a: {image: a, ports: ["8080:80"], expose: ["80"]}\n  b: {image: b, ports: ["8081:80"], expose: ["80"]}\n',
    found: [],
  },
];

describe('ports', () => {
  test.each(ROWS)('$name', async ({ services, ports, found }) => {
    const text = `services:\n${services ?? `  web:\n    image: web:1\n    ports: ${ports}\n`}`;
    const findings = await findingsIn(
      text,
      '{rule: container-ports, parameters: {namesRequired: true, namesUnique: true}}',
    );
    expect(findings.map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual(found);
    for (const { action, kind, container } of findings)
      expect({ action, kind, container }).toEqual({ action: 'deny', kind: 'Compose', container: null });
  });

  test.each([
    [
      '["8080:80", "127.0.0.1:9000-9002:90-92/udp"]',
      [
        '4:13 service "web" publishes host port 8080/TCP, which is not allowed',
        '4:24 service "web" publishes host ports 9000-9002/UDP, which are not allowed',
      ],
    ],
    [
      '[{target: 80, published: "${PORT:-8080}"}]',
      ['4:13 service "web" publishes host port 8080/TCP, which is not allowed'],
    ],
    ['["80", "${PORT}:80", {target: 80}]', []],
    [
      '["80:80", "80:81"]',
      [
        '4:13 service "web" publishes host port 80/TCP, which is not allowed',
        '4:22 service "web" publishes host port 80/TCP twice',
        '4:22 service "web" publishes host port 80/TCP, which is not allowed',
      ],
    ],
  ])('with hostPort: false: %s', async (ports, found) => {
    const findings = await findingsIn(
      `services:\n  web:\n    image: web:1\n    ports: ${ports}\n`,
      '{rule: container-ports, parameters: {hostPort: false}}',
    );
    expect(findings.map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual(found);
  });

  test.each([
    ['["8080:80", "8080:81"]', {}],
    ['["8080:80", "0.0.0.0:8080:80"]', {}],
    ['["8080:80"]', { hostPort: false }],
  ])('are left by --fix, with the reason: %s', async (ports, parameters) => {
    writeFileSync('policy.yaml', policyOf(`{rule: container-ports, parameters: ${JSON.stringify(parameters)}}`));
    const text = `services:\n  web:\n    image: web:1\n    ports: ${ports}\n`;
    writeFileSync('compose.yaml', text);
    const { code, note } = await runCommand(['check', 'compose.yaml', '-p', 'policy.yaml', '--fix']);
    expect(code).toBe(1);
    expect(note).toContain(
      'container-ports is not fixed: which service publishes which host port is a decision; change or remove the entry',
    );
    expect(readFileSync('compose.yaml', 'utf8')).toBe(text);
  });

  test('of all numbers and many services take bounded time', async () => {
    const services = Array.from(
      { length: 2000 },
      (_, index) => `  s${index}: {image: a, ports: ["1-65535:1-65535"]}\n`,
    );
    const findings = await findingsIn(`services:\n${services.join('')}`, '{rule: container-ports}');
    expect(findings).toHaveLength(2);
  });

  test('an object that claims to be a Compose file is only read', async () => {
    writeFileSync('policy.yaml', policyOf('{rule: container-ports}'));
    writeFileSync(
      'a.yaml',
      'apiVersion: files/v1\nkind: Compose\nmetadata: {name: x}\nports: [{from: 1, to: 1.0e+300, target: x}, null, {service: a, profiles: [1]}]\n',
    );
    const { code } = await runCommand(['check', 'a.yaml', '-p', 'policy.yaml']);
    expect(code).toBe(0);
  });
});
