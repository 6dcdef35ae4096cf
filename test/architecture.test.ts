/** The shape of the code, enforced: ranks, no cycles, a pure core, one importer per heavy package, lazy commands. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '..');
const SRC = path.join(ROOT, 'src');

/** A directory imports only from smaller ranks, and from itself. */
const RANKS: readonly (readonly string[])[] = [
  ['image', 'go', 'error'],
  ['pod'],
  ['cel', 'credential'],
  ['policy'],
  ['admission'],
  ['recording', 'pinning'],
  ['files'],
  ['certificate', 'registry', 'plugin'],
  ['node'],
  ['lookup', 'cluster', 'render'],
  ['server', 'report', 'config', 'install'],
  ['doctor'],
  ['cli', '.'],
];
const LAST_PURE_RANK = 5;
/** They perform no I/O and use no clock. */
const PURE_PACKAGES = new Set(['leven', '@marcbachmann/cel-js', 're2js']);
/** The files beside the directories compose the program that the command line runs. */
const ALLOWED_SIDEWAYS = new Set(['cli -> .', '. -> cli']);

interface Import {
  readonly from: string;
  readonly specifier: string;
  readonly kind: 'static' | 'dynamic' | 'type';
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file))
  .map((file) => file.replaceAll(path.sep, '/'));

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(path.join(SRC, file), 'utf8');
  const found: Import[] = [];
  for (const [, type, specifier] of text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'";]*?from\s+)?'([^']+)'/gm)) {
    found.push({ from: file, specifier: specifier ?? '', kind: type === undefined ? 'static' : 'type' });
  }
  for (const [, specifier] of text.matchAll(/\bimport\('([^']+)'\)/g)) {
    found.push({ from: file, specifier: specifier ?? '', kind: 'dynamic' });
  }
  return found;
}

const imports = files.flatMap(importsOf);
const own = imports.flatMap((one) =>
  one.specifier.startsWith('.')
    ? [{ ...one, to: path.posix.normalize(path.posix.join(path.posix.dirname(one.from), one.specifier)) }]
    : [],
);

function folderOf(file: string): string {
  return file.includes('/') ? (file.split('/')[0] ?? '') : '.';
}

function rankOf(folder: string): number {
  return RANKS.findIndex((folders) => folders.includes(folder));
}

describe('the architecture', () => {
  test('knows the rank of every folder', () => {
    expect([...new Set(files.map(folderOf))].filter((folder) => rankOf(folder) < 0)).toEqual([]);
  });

  test('has four files beside the directories', () => {
    expect(files.filter((file) => folderOf(file) === '.')).toEqual(['index.ts', 'main.ts', 'version.ts', 'wiring.ts']);
  });

  test('lets a folder import only from a smaller rank or from itself', () => {
    const wrong = own.filter(({ from, to }) => {
      const [left, right] = [folderOf(from), folderOf(to)];
      if (left === right || to.startsWith('..') || ALLOWED_SIDEWAYS.has(`${left} -> ${right}`)) return false;
      return rankOf(right) >= rankOf(left);
    });
    // The command line's configuration file reads YAML; types of the server's record are what the log writes.
    expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  test('has no cycles, not even of types', () => {
    const edges = new Map<string, string[]>();
    for (const { from, to } of own) edges.set(from, [...(edges.get(from) ?? []), to]);
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, trail: readonly string[]): void => {
      if (trail.includes(file)) cycles.push([...trail, file].join(' -> '));
      if (done.has(file) || trail.includes(file)) return;
      for (const next of edges.get(file) ?? []) visit(next, [...trail, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
    expect(cycles).toEqual([]);
  });

  test('keeps the core pure: no Node modules, no input or output, no clock, no environment', () => {
    const core = files.filter((file) => rankOf(folderOf(file)) <= LAST_PURE_RANK);
    const foreign = imports.filter(
      ({ from, specifier }) => core.includes(from) && !specifier.startsWith('.') && !PURE_PACKAGES.has(specifier),
    );
    expect(foreign.map(({ from, specifier }) => `${from} imports ${specifier}`)).toEqual([]);
    const impure = core.filter((file) =>
      /\b(Date\.now|new Date|Math\.random|process\.|setTimeout|console\.|fetch\()/.test(
        readFileSync(path.join(SRC, file), 'utf8'),
      ),
    );
    expect(impure).toEqual([]);
  });

  test('keeps the page of the HTML report apart: it runs in a browser, and nothing else imports it', () => {
    const inPage = (file: string): boolean => file.startsWith('report/html/page/');
    const outside = imports.filter(({ from, specifier }) => inPage(from) && !specifier.startsWith('./'));
    expect(new Set(outside.map(({ specifier }) => specifier))).toEqual(
      new Set(['preact', 'preact/hooks', '../report-data.ts', '../pack.ts', '../../../image/quote.ts']),
    );
    const names = ['report-data', 'pack', 'pack-lists', 'texts'];
    const shared = [...names.map((name) => `report/html/${name}.ts`), 'recording/object-view.ts'];
    const beyond = own.filter(({ from }) => [...shared, 'image/quote.ts'].includes(from));
    expect(beyond.filter(({ to }) => !shared.includes(to))).toEqual([]);
    expect(own.filter(({ from, to }) => inPage(to) && !inPage(from))).toEqual([]);
  });

  test('offers plugins nothing but the pure core, at once', () => {
    const offered = imports.filter(({ from }) => from === 'index.ts');
    expect(offered.length).toBeGreaterThan(0);
    expect(offered.filter(({ specifier }) => !/^\.\/(image|credential|pod|policy)\//.test(specifier))).toEqual([]);
  });

  test('loads the code for plugins only when there are plugins', () => {
    const importers = own.filter(({ from, to }) => to.startsWith('plugin/') && !from.startsWith('plugin/'));
    expect(importers.map(({ from, to, kind }) => `${from} ${to} ${kind}`)).toEqual([
      'wiring.ts plugin/load.ts dynamic',
      'wiring.ts plugin/reload.ts dynamic',
      'wiring.ts plugin/reload.ts dynamic',
    ]);
  });

  test('loads the registry client, and undici with it, only when a registry is asked', () => {
    const seen = new Set<string>();
    // It is loaded on demand.
    const queue = files.filter((file) => !file.startsWith('registry/') && file !== 'lookup/adapters.ts');
    for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
      if (seen.has(file)) continue;
      seen.add(file);
      queue.push(...own.filter(({ from, kind }) => from === file && kind === 'static').map(({ to }) => to));
    }
    expect(own.filter(({ to, kind }) => to === 'lookup/adapters.ts' && kind === 'static')).toEqual([]);
    expect([...seen].filter((file) => ['registry/http-client.ts', 'registry/transport.ts'].includes(file))).toEqual([]);
  });

  test('loads the client of an API server only when a cluster is used', () => {
    const importersOf = (file: string): readonly string[] =>
      own.filter(({ to, kind }) => to === file && kind !== 'type').map(({ from, kind }) => `${kind}: ${from}`);
    expect(importersOf('cluster/client.ts')).toEqual(['dynamic: wiring.ts']);
    const undici = new Set(
      ['connector', 'dispatchers', 'exchange', 'oidc-request'].map((name) => `cluster/${name}.ts`),
    );
    const entering = own.filter(
      ({ from, to, kind }) => undici.has(to) && !from.startsWith('cluster/') && kind !== 'type',
    );
    expect(entering).toEqual([]);
  });

  const HEAVY: Readonly<Record<string, { readonly importers: readonly string[]; readonly lazy: boolean }>> = {
    fastify: { importers: ['server/http.ts'], lazy: false },
    pino: { importers: ['server/log.ts'], lazy: false },
    'pino-pretty': { importers: ['server/log.ts'], lazy: true },
    '@peculiar/x509': { importers: ['certificate/sign.ts'], lazy: true },
    'reflect-metadata': { importers: ['certificate/sign.ts'], lazy: true },
    'ajv/dist/2020.js': { importers: ['plugin/parameter-schema.ts'], lazy: false },
    '@prometheus-io/client': {
      importers: ['server/metrics.ts', 'server/certificate-metrics.ts', 'server/recording-metrics.ts'],
      lazy: false,
    },
    commander: {
      importers: [
        'cli/program.ts',
        'cli/command-options.ts',
        'cli/check-options.ts',
        'cli/policy-commands.ts',
        'cli/record-commands.ts',
        'cli/copy-command.ts',
        'cli/explain-commands.ts',
        'cli/help-commands.ts',
        'cli/install-commands.ts',
        'cli/pin-commands.ts',
        'cli/replay-command.ts',
        'cli/replay-job-command.ts',
        'cli/shard-options.ts',
        'cli/webhook-options.ts',
        'cli/shrink-command.ts',
        'cli/suggest-command.ts',
        'cli/time-options.ts',
        'cli/doctor-command.ts',
        'cli/init-command.ts',
        'cli/import-rewrites-command.ts',
      ],
      lazy: false,
    },
    'node-sarif-builder': { importers: ['report/sarif.ts'], lazy: false },
    'junit-report-builder': { importers: ['report/junit.ts'], lazy: false },
    '@bomb.sh/tab': { importers: ['cli/completion-script.ts'], lazy: false },
    '@marcbachmann/cel-js': { importers: ['cel/parse.ts'], lazy: false },
    iovalkey: { importers: ['lookup/shared-cache.ts'], lazy: true },
    re2js: { importers: ['cel/functions/regex.ts', 'pinning/kustomize/images-entry.ts'], lazy: false },
    undici: {
      importers: [
        'registry/exchange.ts',
        'registry/transport.ts',
        'cluster/connector.ts',
        'cluster/dispatchers.ts',
        'cluster/exchange.ts',
        'cluster/oidc-request.ts',
      ],
      lazy: false,
    },
  };

  test.each(Object.entries(HEAVY))('%s has one importer, lazy where it must be', (name, { importers, lazy }) => {
    const found = imports.filter(({ specifier, kind }) => specifier === name && kind !== 'type');
    expect(found.map(({ from }) => from).filter((from) => !importers.includes(from))).toEqual([]);
    if (lazy) expect(found.filter(({ kind }) => kind === 'static')).toEqual([]);
  });

  test('loads nothing heavy for the command line itself: commands are imported when they run', () => {
    const seen = new Set<string>();
    const queue = ['cli/program.ts'];
    for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
      if (seen.has(file)) continue;
      seen.add(file);
      queue.push(...own.filter(({ from, kind }) => from === file && kind === 'static').map(({ to }) => to));
    }
    const packages = imports.filter(
      ({ from, specifier, kind }) =>
        seen.has(from) && kind === 'static' && !specifier.startsWith('.') && !specifier.startsWith('node:'),
    );
    expect([...new Set(packages.map(({ specifier }) => specifier))].sort()).toEqual(['commander']);
  });

  test('loads the parser of CEL and RE2 only for policies that use them, and for doctor: behind one dynamic import each', () => {
    const inside = (file: string): boolean => file.startsWith('cel/') || file.startsWith('policy/rules/cel/');
    const entering = own.filter(({ from, to, kind }) => inside(to) && !inside(from) && kind !== 'type');
    const ofDoctor = ({ from }: { readonly from: string }): boolean => from.startsWith('doctor/');
    expect(
      new Set(entering.filter((one) => !ofDoctor(one)).map(({ from, to, kind }) => `${kind}: ${from} -> ${to}`)),
    ).toEqual(new Set(['dynamic: policy/rules/cel.ts -> policy/rules/cel/program.ts']));
    const loading = own.filter(
      ({ from, to, kind }) => /^(?:cli\/)?doctor\//.test(to) && !/^(?:cli\/)?doctor\//.test(from) && kind !== 'type',
    );
    expect(loading.map(({ from, to, kind }) => `${kind}: ${from} -> ${to}`)).toEqual([
      'dynamic: cli/doctor-command.ts -> cli/doctor/doctor.ts',
    ]);
  });

  test('loads packages on demand only by their default export, the only one that a CommonJS package has in the bundle', () => {
    const named = /const \{(?! default: \w+ \}) [^}]*\} = await import\('(?![.]|node:)/;
    expect(files.filter((file) => named.test(readFileSync(path.join(SRC, file), 'utf8')))).toEqual([]);
  });

  test('reads the environment only in config/process-environment.ts and ends the process only in main.ts', () => {
    const reading = (pattern: RegExp): readonly string[] =>
      files.filter((file) => pattern.test(readFileSync(path.join(SRC, file), 'utf8')));
    expect(reading(/process\.env\b/)).toEqual(['config/process-environment.ts']);
    expect(reading(/process\.exit(Code)?\b/)).toEqual(['main.ts']);
  });

  test('has no drawer files and no long files', () => {
    expect(
      files.filter((file) => /(^|\/)(utils?|helpers?|common|shared|misc|types|constants)\.tsx?$/.test(file)),
    ).toEqual([]);
    expect(files.filter((file) => readFileSync(path.join(SRC, file), 'utf8').split('\n').length > 301)).toEqual([]);
  });

  test('says in main.ts the Node version that package.json says', () => {
    const { engines } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
      engines: { node: string };
    };
    const main = readFileSync(path.join(SRC, 'main.ts'), 'utf8');
    const version = (name: string): string | undefined =>
      new RegExp(`${name} = \\[([\\d, ]+)\\]`).exec(main)?.[1]?.split(', ').join('.');
    expect(engines.node).toBe(`^${version('NEEDED')} || >=${version('FIRST_23')}`);
  });
});
