// Builds Helm 3, Helm 4, helm-unittest, promtool, actionlint, Krew, and validate-krew-manifest, of the releases that go.mod pins, into a
// cache outside the repository. What is there already is not built again. The first run takes about ten minutes on two cores, and
// 350 MB.
//
//   npm run test:chart:build
//
// stdout gets the paths; stderr gets everything else.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { setPriority } from 'node:os';
import { dirname } from 'node:path';

import { pathOf, programs, versionOf } from './assets.ts';

setPriority(15); // inherited by the compilers
for (const [program, origin] of Object.entries(programs)) {
  const path = pathOf(program);
  if (!existsSync(path)) build(program, { ...origin, path });
  process.stdout.write(`${path}\n`);
}

function build(program, { source, module, directory, tags = '', path }) {
  mkdirSync(dirname(path), { recursive: true });
  const version = versionOf(program);
  process.stderr.write(`${program} ${version}: building ${source}\n`);
  const startedAt = performance.now();
  const unfinished = `${path}.${process.pid}`;
  const setting = module.startsWith('helm.sh/') ? [`-X ${module}/internal/version.version=v${version}`] : [];
  const flags = ['-mod=readonly', '-trimpath', '-tags', tags, '-ldflags', ['-s', '-w', ...setting].join(' ')];
  const go = spawnSync('go', ['build', ...flags, '-o', unfinished, source], {
    cwd: directory,
    env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
    stdio: ['ignore', process.stderr, process.stderr],
  });
  if (go.status !== 0) {
    process.stderr.write(`${program} cannot be built; it needs Go >= 1.26: https://go.dev/dl/\n`);
    process.exit(2);
  }
  renameSync(unfinished, path); // in one step: who finds the file finds all of it
  process.stderr.write(`${program}: built in ${Math.round((performance.now() - startedAt) / 1000)} s\n`);
}
