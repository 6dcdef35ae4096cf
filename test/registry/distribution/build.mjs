// Builds the registry of the distribution project, of the release that go.mod pins, into a cache outside the repository.
// What is there already is not built again. It takes about two minutes on two cores.
//
//   npm run test:registry:build
//
// stdout gets the program's path, for REGISTRY_BINARY; stderr gets everything else.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { setPriority } from 'node:os';
import { dirname } from 'node:path';

import { builtRegistry, distributionVersion } from './assets.ts';

if (!existsSync(builtRegistry)) build();
process.stdout.write(`${builtRegistry}\n`);

function build() {
  setPriority(10); // inherited by the compilers: a desk stays usable meanwhile
  mkdirSync(dirname(builtRegistry), { recursive: true });
  process.stderr.write(`distribution ${distributionVersion}: building\n`);
  const unfinished = `${builtRegistry}.${process.pid}`;
  const source = 'github.com/distribution/distribution/v3/cmd/registry';
  const go = spawnSync('go', ['build', '-mod=readonly', '-trimpath', '-ldflags', '-s -w', '-o', unfinished, source], {
    cwd: import.meta.dirname,
    env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
    stdio: ['ignore', process.stderr, process.stderr],
  });
  if (go.status !== 0) {
    process.stderr.write('the registry cannot be built; it needs Go >= 1.26: https://go.dev/dl/\n');
    process.exit(2);
  }
  renameSync(unfinished, builtRegistry); // in one step: who finds the file finds all of it
}
