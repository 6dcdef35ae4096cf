// Installs the releases of pre-commit and check-jsonschema that python-tools.ts names into a cache outside the repository, in a few
// seconds. The programs in Go are built by test/chart/build.mjs.
//
//   npm run test:pipelines:build
//
// stdout gets their paths; stderr gets everything else.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';

import { FOLDER, PROGRAMS, VERSIONS } from './python-tools.ts';

if (!PROGRAMS.every((file) => existsSync(file))) install();
process.stdout.write(PROGRAMS.map((file) => `${file}\n`).join(''));

function install() {
  rmSync(FOLDER, { recursive: true, force: true });
  run('python3', '-m', 'venv', FOLDER);
  const packages = Object.entries(VERSIONS).map(([name, version]) => `${name}==${version}`);
  run(path.join(FOLDER, 'bin/pip'), 'install', '--quiet', '--disable-pip-version-check', ...packages);
}

function run(program, ...args) {
  const { status, error } = spawnSync(program, args, { stdio: ['ignore', process.stderr, process.stderr] });
  if (status === 0) return;
  const reason = error?.message ?? `${program} failed`;
  process.stderr.write(`the programs cannot be installed: ${reason}; they need Python >= 3.10 with venv\n`);
  process.exit(2);
}
