/** The flags of V8 that commands set while they work. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { FLAGS } from '../../src/cli/little-memory.ts';

const options = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8', maxBuffer: 1 << 24 });

test.each(FLAGS)('V8 has the flag $name with the default $before', ({ name, before }) => {
  expect(options).toContain(`default: --${name}=${before}\n`);
});
