// Builds the control plane that test/cluster runs against (kube-apiserver, etcd, kube-controller-manager), and kwok, from the Go
// modules that go.mod pins, into a cache outside the repository. What is there already is not built again. The first
// run takes about ten minutes on two cores; the programs take 250 MB, Go's own caches 3.4 GB.
//
//   npm run test:cluster:build
//
// stdout gets the folder, for KUBEBUILDER_ASSETS; stderr gets everything else.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';

import { cacheFolder, kubernetesVersion, kwok, programs } from './assets.ts';

const sources = {
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  etcd: 'go.etcd.io/etcd/server/v3',
  [kwok]: 'sigs.k8s.io/kwok/cmd/kwok',
};
const all = [...programs, kwok];

const progressEveryMs = 30_000;

if (all.some((program) => !existsSync(join(cacheFolder, program)))) requireGo();
setPriority(10); // inherited by the compilers: a desk stays usable meanwhile
mkdirSync(cacheFolder, { recursive: true });
for (const program of all) await buildUnlessThere(program);
process.stdout.write(`${cacheFolder}\n`);

function requireGo() {
  const go = spawnSync('go', ['env', 'GOVERSION'], { cwd: import.meta.dirname, encoding: 'utf8' });
  if (go.status === 0) return;
  const reason = go.error === undefined ? go.stderr.trim() : 'go is not on the PATH';
  fail(`the control plane cannot be built: ${reason}\n  needs Go >= 1.26: https://go.dev/dl/`);
}

async function buildUnlessThere(program) {
  const path = join(cacheFolder, program);
  if (existsSync(path)) return say(`${program}: there already`);

  const unfinished = `${path}.${process.pid}`;
  const startedAt = performance.now();
  const elapsed = () => duration(performance.now() - startedAt);
  say(`${program}: building ${sources[program]}`);
  const progress = setInterval(() => say(`${program}: building, ${elapsed()}`), progressEveryMs);
  const { code, output } = await goBuild(unfinished, sources[program]);
  clearInterval(progress);
  if (code !== 0) {
    rmSync(unfinished, { force: true });
    fail(`${program}: go build failed after ${elapsed()}\n${output.trim()}`);
  }
  renameSync(unfinished, path); // in one step: who finds the file finds all of it
  say(`${program}: built in ${elapsed()}`);
}

/** Without the -X flags the server says that it is v0.0.0, which clients complain about. */
function goBuild(output, source) {
  const [major, minor] = kubernetesVersion.split('.');
  const version = { gitVersion: `v${kubernetesVersion}`, gitMajor: major, gitMinor: minor };
  const settings = Object.entries(version).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`);
  const flags = ['-mod=readonly', '-trimpath', '-ldflags', ['-s', '-w', ...settings].join(' ')];
  const go = spawn('go', ['build', ...flags, '-o', output, source], {
    cwd: import.meta.dirname,
    env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const chunks = [];
  go.stderr.on('data', (chunk) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    go.once('error', reject);
    go.once('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString() }));
  });
}

function duration(ms) {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

function fail(message) {
  say(message);
  process.exit(2);
}
