/** `npm run package`, from a clean clone: the archives and manifests of a release. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { krewMissing, pathOf } from '../chart/assets.ts';
import { kubectlMissing } from '../support/kubectl.ts';
import { describeWith } from '../support/real-part.ts';
import { nodeFolder } from '../../.ci/node-binary.ts';
import { commitSources } from './sources.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

interface Manifest {
  readonly version: string;
  readonly devDependencies: { readonly node: string };
}

const { version, devDependencies } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as Manifest;

const machineMissing =
  process.platform === 'linux' && process.arch === 'x64' ? undefined : 'needs Linux on x64, whose archive it runs';

interface Ended {
  readonly status: number | null;
  readonly output: string;
}

function run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Ended {
  const base = { PATH: '/usr/bin:/bin', HOME: tmpdir() };
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env: { ...base, ...env } });
  return { status, output: stdout + stderr };
}

/** Runs npm with the Node.js of this test, and returns what it prints. */
function npm(cwd: string, ...args: readonly string[]): string {
  const env = { ...process.env, PATH: `${path.dirname(process.execPath)}:${process.env['PATH'] ?? ''}` };
  return execFileSync('npm', args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** `hash  file` for each file of an archive. */
function hashesIn(archive: string): readonly string[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-archive-'));
  try {
    execFileSync('tar', ['-xzf', archive, '-C', folder]);
    return execFileSync('sh', ['-c', 'find . -type f | sort | xargs -d "\\n" sha256sum'], {
      cwd: folder,
      encoding: 'utf8',
    })
      .trimEnd()
      .split('\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describeWith(machineMissing ?? krewMissing ?? kubectlMissing, 'npm run package', () => {
  let folder: string;
  let release: string;
  let pod: string;

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-release-'));
    release = path.join(folder, 'release');
    pod = path.join(folder, 'pod.yaml');
    writeFileSync(
      pod,
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: nginx}]}\n',
    );
    const sources = path.join(folder, 'sources');
    commitSources(sources);
    const packed = ['run', '--silent', 'package', '--', '--out', release, '--url', 'https://downloads.example.com/v1'];
    npm(sources, ...packed);
    for (const file of [`tidewaiter-${version}.tgz`, archive('x64'), archive('arm64')]) unpack(file);
  }, 900_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }), 120_000);

  const archive = (arch: string): string => `tidewaiter-${version}-linux-${arch}.tar.gz`;
  const read = (file: string): string => readFileSync(path.join(release, file), 'utf8');

  function unpack(file: string): void {
    execFileSync('tar', ['-xzf', path.join(release, file), '-C', folder]);
  }

  test('from another clone, the npm package is the same, byte for byte', { timeout: 900_000 }, () => {
    const other = path.join(folder, 'another clone');
    // Other tests may add files to the working tree meanwhile.
    execFileSync('git', ['clone', '--quiet', path.join(folder, 'sources'), other]);
    const file = `tidewaiter-${version}.tgz`;
    // pre-commit before 4.7 reads the name from the output.
    expect(npm(other, 'pack')).toBe(`${file}\n`);
    expect(hashesIn(path.join(other, file))).toEqual(hashesIn(path.join(release, file)));
    expect(readFileSync(path.join(other, file)).equals(readFileSync(path.join(release, file)))).toBe(true);
  });

  test.each(['22.22.0', devDependencies.node, '26.12.1'])(
    'the npm package runs on Node.js %s',
    { timeout: 60_000 },
    (nodeVersion) => {
      const node = path.join(nodeFolder(nodeVersion, process.arch), 'bin/node');
      const main = path.join(folder, 'package/dist/main.js');
      expect(run(node, [main, '--version'])).toEqual({ status: 0, output: `${version}\n` });
      expect(run(node, ['-p', 'process.versions.node']).output).toBe(`${nodeVersion}\n`);
      const checked = run(node, [main, 'check', pod]);
      expect(checked).toEqual({ status: 1, output: expect.stringContaining('image "nginx" has no tag') });
      const page = run(node, [main, 'check', pod, '-o', 'html']);
      expect(page).toEqual({
        status: 1,
        output: expect.stringMatching(/^<!doctype html>.*image .{1,2}nginx.{1,2} has no tag/s),
      });
      const pinned = run(node, [main, 'pin', '--check', pod]);
      expect(pinned).toEqual({ status: 1, output: expect.stringContaining('image "nginx" has no digest') });
    },
  );

  test('the archive runs without Node.js, through links and under each of its names', () => {
    const bin = path.join(folder, `tidewaiter-${version}-linux-x64/bin`);
    const links = path.join(folder, 'links');
    mkdirSync(links);
    symlinkSync(path.join(bin, 'tidewaiter'), path.join(links, 'first'));
    symlinkSync('first', path.join(links, 'second'));
    symlinkSync(path.join(bin, 'tidewaiter'), path.join(links, 'kubectl-tidewaiter'));
    expect(run(path.join(links, 'second'), ['--version'])).toEqual({ status: 0, output: `${version}\n` });
    for (const program of [path.join(links, 'kubectl-tidewaiter'), path.join(bin, 'kubectl-tidewaiter')]) {
      expect(run(program, ['check', '--help']).output).toContain('Usage: kubectl tidewaiter check ');
    }
    expect(run(path.join(bin, 'kubectl_complete-tidewaiter'), ['che']).output).toContain('check\tCheck manifests');
  });

  test.each([
    ['x64', 62],
    ['arm64', 183],
  ])('the archive for %s has its Node.js, the licenses, and no links', (arch, machine) => {
    const top = path.join(folder, `tidewaiter-${version}-linux-${arch}`);
    expect(readFileSync(path.join(top, 'lib/node')).readUInt16LE(18)).toBe(machine);
    const list = execFileSync('tar', ['-tvzf', path.join(release, archive(arch))], { encoding: 'utf8' });
    expect(list).not.toMatch(/^[lh]/m);
    for (const file of ['LICENSE', 'lib/NODE-LICENSE', 'dist/THIRD-PARTY.txt']) expect(list).toContain(`/${file}\n`);
  });

  test('the checksums match, and Homebrew has them', () => {
    expect(() => execFileSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: release })).not.toThrow();
    const sums = new Map(
      read('SHA256SUMS')
        .trim()
        .split('\n')
        .map((line) => [line.slice(66), line.slice(0, 64)]),
    );
    const formula = [
      ...read('tidewaiter.rb').matchAll(/url "https:\/\/downloads\.example\.com\/v1\/(.*)"\n +sha256 "(.*)"/g),
    ];
    expect(formula.map(([, file, sum]) => [file, sum])).toEqual(
      ['x64', 'arm64'].map((arch) => [archive(arch), sums.get(archive(arch))]),
    );
  });

  test('Krew accepts the manifest, and kubectl runs what it installs', () => {
    const manifest = path.join(release, 'tidewaiter.yaml');
    const validated = run(pathOf('validate-krew-manifest'), ['-manifest', manifest, '--skip-install']);
    expect(validated.status, validated.output).toBe(0);
    const env = { KREW_ROOT: path.join(folder, 'krew') };
    const installed = run(
      pathOf('kubectl-krew'),
      ['install', `--manifest=${manifest}`, `--archive=${path.join(release, archive('x64'))}`],
      env,
    );
    expect(installed.status, installed.output).toBe(0);
    const checked = run('kubectl', ['tidewaiter', 'check', pod], { PATH: `${env.KREW_ROOT}/bin:/usr/bin:/bin` });
    expect(checked).toEqual({ status: 1, output: expect.stringContaining('image "nginx" has no tag') });
  });

  test('the SBOM requires what the archives contain, and excludes what only builds and tests them', () => {
    const { metadata, components, ...bom } = JSON.parse(read(`tidewaiter-${version}.cdx.json`)) as {
      readonly metadata: { readonly component: object };
      readonly components: readonly { readonly name: string; readonly scope: string }[];
    };
    expect(bom).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.5' });
    expect(metadata.component).toMatchObject({ name: 'tidewaiter', version, type: 'application' });
    const scopeOf = (name: string): string | undefined => components.find((one) => one.name === name)?.scope;
    expect(['undici', 'fastify', 'node', 'vitest', 'esbuild'].map(scopeOf)).toEqual([
      'required',
      'required',
      'required',
      'excluded',
      'excluded',
    ]);
  });
});
