/** `explain nodes`: what nodes can do instead of the webhook. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { runCommand } from '../../support/command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-nodes-'));
afterAll(() => rmSync(folder, { recursive: true }));

function policyFile(name: string, spec: string): string {
  const file = path.join(folder, `${name}.yaml`);
  const head = `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: ${name}}\n`;
  writeFileSync(file, `${head}spec: ${spec}\n`);
  return file;
}

interface Row {
  readonly files: readonly { readonly runtime: string; readonly path: string; readonly text: string }[];
  readonly entries: readonly {
    readonly policy: string;
    readonly entry: number;
    readonly runtimes: Readonly<Record<string, { readonly written: boolean; readonly notes: readonly string[] }>>;
  }[];
}

interface Case {
  readonly what: string;
  readonly spec: string;
  readonly flags?: readonly string[];
  /** A line for each entry and runtime. */
  readonly states: readonly string[];
}

const REGISTRIES = ['--registry', 'quay.io', '--registry', 'ghcr.io'];

const CASES: readonly Case[] = [
  {
    what: 'an entry that both can express',
    spec: '{rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**"}]}',
    states: ['1 containerd written', '1 crio written'],
  },
  {
    what: 'one runtime',
    spec: '{rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**"}]}',
    flags: ['--runtime', 'crio'],
    states: ['1 crio written'],
  },
  {
    what: 'a path',
    spec: '{rewrite: [{from: "quay.io/acme/*", to: "a.example.com/*"}, {from: "quay.io/**", to: "b.example.com/**"}]}',
    states: [
      '1 containerd missing; containerd selects mirrors by registry, not by path',
      '1 crio written; a node also rewrites names with more parts below quay.io/acme',
      '2 containerd written; a node also rewrites images of entry 1 of policy x',
      '2 crio written',
    ],
  },
  {
    what: 'one image',
    spec: '{rewrite: [{from: nginx, to: "a.example.com/nginx"}]}',
    flags: ['--runtime', 'crio'],
    states: ['1 crio written; a node also rewrites names below docker.io/library/nginx'],
  },
  {
    what: 'a scope, and denials',
    spec: '{match: {namespaces: [shop]}, rewrite: [{from: "quay.io/**", to: "a.example.com/**", onFailure: {notFound: deny}}]}',
    flags: ['--runtime', 'crio'],
    states: [
      '1 crio written; the policy covers some objects only, and a node pulls for all Pods; a node denies nothing if the new registry lacks the image',
    ],
  },
  {
    what: 'an exclusion, and always, which looks nothing up',
    spec: '{exclude: {namespaces: [kube-system]}, rewrite: [{from: "quay.io/**", to: "a.example.com/**", when: always, onFailure: deny}]}',
    flags: ['--runtime', 'crio'],
    states: ['1 crio written; the policy covers some objects only, and a node pulls for all Pods'],
  },
  {
    what: 'tags before all images',
    spec: '{rewrite: [{from: "quay.io/**:1.*", to: "a.example.com/**"}, {from: "quay.io/**", to: "b.example.com/**"}]}',
    flags: ['--runtime', 'containerd'],
    states: [
      '1 containerd missing; nodes do not select images by tag or digest',
      '2 containerd written; a node also rewrites images of entry 1 of policy x',
    ],
  },
  {
    what: 'all registries, without their names',
    spec: '{rewrite: [{from: "**", to: "a.example.com/**"}]}',
    flags: ['--runtime', 'crio'],
    states: ['1 crio missing; nodes are configured by registry; add --registry for each that "**" stands for'],
  },
  {
    what: 'all registries, with names',
    spec: '{rewrite: [{from: "**", to: "a.example.com/**"}]}',
    flags: ['--runtime', 'crio', ...REGISTRIES],
    states: ['1 crio written; a node does it for quay.io, ghcr.io only'],
  },
  {
    what: 'an entry that hides another one',
    spec: '{rewrite: [{from: "quay.io/**", to: "a.example.com/**"}, {from: "quay.io/acme/**", to: "b.example.com/**"}]}',
    flags: ['--runtime', 'crio'],
    states: ['1 crio written', '2 crio missing; entry 1 of policy x takes images of quay.io/acme first'],
  },
  {
    what: 'names that are changed again',
    spec: '{rewrite: [{from: "quay.io/**", to: "a.example.com/**"}, {from: "a.example.com/**:1.*", to: "b.example.com/**"}]}',
    flags: ['--runtime', 'crio'],
    states: [
      '1 crio missing; entry 2 of policy x can change the new names again, which a node cannot do',
      '2 crio missing; nodes do not select images by tag or digest',
    ],
  },
  {
    what: 'an entry that only warns',
    spec: '{rewrite: [{from: "quay.io/**", to: "a.example.com/**", mode: warn}]}',
    flags: ['--runtime', 'crio'],
    states: ['1 crio missing; it only warns'],
  },
];

describe('explain nodes', () => {
  test.each(CASES)('says for $what where nodes differ', async ({ spec, flags = [], states }) => {
    const { code, out } = await runCommand(['explain', 'nodes', '-p', policyFile('x', spec), '-o', 'json', ...flags]);
    const row = JSON.parse(out) as Row;
    expect(code).toBe(0);
    expect(
      row.entries.flatMap(({ entry, runtimes }) =>
        Object.entries(runtimes).map(([runtime, { written, notes }]) =>
          [`${entry} ${runtime} ${written ? 'written' : 'missing'}`, ...notes].join('; '),
        ),
      ),
    ).toEqual(states);
  });

  test('prints the files, the entries, and what only one of the two ways can do', async () => {
    const file = policyFile('mirror', '{rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**"}]}');
    const { out } = await runCommand(['explain', 'nodes', '-p', file]);
    expect(out).toContain(`# /etc/containerd/certs.d/docker.io/hosts.toml
server = "https://registry-1.docker.io"
capabilities = ["pull", "resolve"]

[host."https://mirror.example.com/v2/hub"]
  capabilities = ["pull", "resolve"]
  override_path = true

# /etc/containers/registries.conf.d/50-tidewaiter.conf
[[registry]]
prefix = "docker.io"
location = "docker.io"

[[registry.mirror]]
location = "mirror.example.com/hub"

mirror, entry 1: docker.io/** -> mirror.example.com/hub/**, when available
  containerd  the same
  CRI-O       the same

Only the webhook can
`);
    expect(out).toContain('\nOnly nodes can\n');
  });

  test('writes the files below a directory, and replaces none', async () => {
    const file = policyFile('mirror', '{rewrite: [{from: "quay.io/**", to: "mirror.example.com/**", when: always}]}');
    const out = path.join(folder, 'nodes');
    const argv = ['explain', 'nodes', '-p', file, '--out', out];
    expect((await runCommand(argv)).code).toBe(0);
    expect(readFileSync(path.join(out, 'etc/containerd/certs.d/quay.io/hosts.toml'), 'utf8')).toBe(
      'server = "https://mirror.example.com"\ncapabilities = ["pull", "resolve"]\n',
    );
    const second = await runCommand(argv);
    expect([second.code, second.note]).toEqual([2, expect.stringContaining('already there, and nothing was written')]);
    expect((await runCommand([...argv, '--force'])).code).toBe(0);
  });

  test.each([
    ['no rewrite', '{pin: {}}', [], 'no policy has "rewrite"; name policies with --policy'],
    ...['quay.io/acme', 'quay.io:5000', '**', 'quay', '-.io', ''].map((value): [string, string, string[], string] => [
      `the registry ${JSON.stringify(value)}`,
      '{rewrite: [{from: "**", to: "a.example.com/**"}]}',
      [`--registry=${value}`],
      `--registry: invalid value ${JSON.stringify(value)} (expected a hostname without a port, for example docker.io)`,
    ]),
  ])('rejects %s', async (_, spec, flags, problem) => {
    const { code, note } = await runCommand(['explain', 'nodes', '-p', policyFile('x', spec), ...flags]);
    expect(code).toBe(2);
    expect(note).toContain(problem);
  });
});
