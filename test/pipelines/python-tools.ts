/** Locates pre-commit and check-jsonschema in the cache that build.mjs fills. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

/** Packages of PyPI with the names of their programs. */
export const VERSIONS = { 'pre-commit': '4.7.0', 'check-jsonschema': '0.39.0' } as const;

const cache = path.join(process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'tidewaiter');

/** A virtual environment of Python. */
export const FOLDER = path.join(cache, `python-${Object.values(VERSIONS).join('-')}`);

export const programOf = (name: keyof typeof VERSIONS): string => path.join(FOLDER, 'bin', name);

export const PROGRAMS = [programOf('pre-commit'), programOf('check-jsonschema')] as const;

/** Why the hooks and the pipelines cannot be tested, and what to do; undefined: both programs are there. */
export const pythonToolsMissing = PROGRAMS.every((file) => existsSync(file))
  ? undefined
  : `${cache} has no pre-commit or check-jsonschema: run npm run test:pipelines:build (needs Python >= 3.10 with venv)`;
