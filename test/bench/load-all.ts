/** The reference for `check`: js-yaml alone reads every document of a file. `node load-all.ts FILE`. */
import { readFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';

process.exitCode = loadAll(readFileSync(process.argv[2] ?? '', 'utf8')).length > 0 ? 0 : 2;
