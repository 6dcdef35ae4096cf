// Writes the files of a release: the npm package, an archive with Node.js per platform, checksums, an SBOM, and manifests for Krew
// and Homebrew. Runs the archive of this machine.
//
//   npm run package [-- --out DIR] [--url URL]
//
// URL is where the files will be downloaded from.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { nodeFolder } from './node-binary.ts';
import { homebrewFormula, krewManifest, sbom } from './release-manifests.mjs';

const given = parseArgs({ options: { out: { type: 'string' }, url: { type: 'string' } } }).values;
const root = fileURLToPath(new URL('..', import.meta.url));
const out = path.resolve(given.out ?? path.join(root, 'release'));
process.chdir(root);

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const { name, version, bin, devDependencies } = manifest;
const url = given.url ?? `https://downloads.example.com/${name}/v${version}`;
const PLATFORMS = { x64: 'amd64', arm64: 'arm64' };
/** Of all files in archives, as npm does it, so that the same files give the same archive. */
const TIME = '1985-10-26T08:15:00Z';

const START = '.ci/start.sh';

mkdirSync(out, { recursive: true });
const work = mkdtempSync(path.join(tmpdir(), 'tidewaiter-package-'));
try {
  release();
} finally {
  rmSync(work, { recursive: true, force: true });
}

function release() {
  const packed = npmPackage();
  const archives = Object.entries(PLATFORMS).map(([arch, goArch]) => {
    const file = archiveOf(arch, packed);
    return { arch, goArch, file, url: `${url}/${file}`, sha256: sha256(file) };
  });
  const own = archives.find(({ arch }) => arch === process.arch);
  if (own !== undefined && process.platform === 'linux') smokeTest(own.file);
  write(`${name}-${version}.cdx.json`, sbom(manifest));
  write(`${name}.yaml`, krewManifest(manifest, archives));
  write(`${name}.rb`, homebrewFormula(manifest, archives));
  const files = [packed, ...archives.map(({ file }) => file), `${name}-${version}.cdx.json`];
  write('SHA256SUMS', files.map((file) => `${sha256(file)}  ${file}\n`).join(''));
  for (const file of [...files, `${name}.yaml`, `${name}.rb`, 'SHA256SUMS']) {
    const { size } = statSync(path.join(out, file));
    process.stdout.write(`${(size / 1e6).toFixed(1).padStart(6)} MB  ${file}\n`);
  }
}

/** Its script "prepare" builds dist/. */
function npmPackage() {
  run('npm', 'pack', '--silent', '--pack-destination', out);
  return `${name}-${version}.tgz`;
}

/** The same files as the npm package, with Node.js in lib/ and a start script in bin/. */
function archiveOf(arch, packed) {
  const top = `${name}-${version}-linux-${arch}`;
  const folder = path.join(work, top);
  mkdirSync(path.join(folder, 'lib'), { recursive: true });
  mkdirSync(path.join(folder, 'bin'));
  run('tar', '-xzf', path.join(out, packed), '--strip-components=1', '-C', folder);
  const node = nodeFolder(devDependencies.node, arch);
  copyFileSync(path.join(node, 'bin/node'), path.join(folder, 'lib/node'));
  copyFileSync(path.join(node, 'LICENSE'), path.join(folder, 'lib/NODE-LICENSE'));
  // Files and not links, because Krew rejects archives with links. The name of the program selects the command line.
  for (const [program, file] of Object.entries(bin)) {
    write(path.join(folder, 'lib', `${program}.js`), `import '../${file}';\n`);
    copyFileSync(START, path.join(folder, 'bin', program));
    chmodSync(path.join(folder, 'bin', program), 0o755);
  }
  const file = `${top}.tar.gz`;
  const same = ['--sort=name', `--mtime=${TIME}`, '--owner=0', '--group=0', '--numeric-owner', '--mode=u=rwX,go=rX'];
  run('tar', '--use-compress-program=gzip -n', ...same, '-cf', path.join(out, file), '-C', work, top);
  return file;
}

/** Without Node.js on the PATH. */
function smokeTest(file) {
  run('tar', '-xzf', path.join(out, file), '-C', work);
  const program = path.join(work, file.replace('.tar.gz', ''), 'bin', name);
  const pod = path.join(work, 'pod.yaml');
  writeFileSync(pod, 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: nginx}]}\n');
  expectRun(program, ['--version'], 0, version);
  expectRun(program, ['check', pod], 1, 'image "nginx" has no tag');
}

function expectRun(program, args, code, text) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env: { PATH: '/usr/bin:/bin' } });
  if (status === code && stdout.includes(text)) return;
  throw new Error(`${program} ${args.join(' ')} exits with ${status} instead of ${code}: ${stdout}${stderr}`);
}

function run(program, ...args) {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

function write(file, text) {
  writeFileSync(path.resolve(out, file), text);
}

function sha256(file) {
  return createHash('sha256')
    .update(readFileSync(path.join(out, file)))
    .digest('hex');
}
