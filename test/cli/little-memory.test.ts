/** The flags of V8 that commands set while they work. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { BUSY_FLAGS, FLAGS, NO_TURBOFAN } from '../../src/cli/little-memory.ts';

const options = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8', maxBuffer: 1 << 24 });

test.each([...FLAGS, NO_TURBOFAN, ...BUSY_FLAGS])('V8 has $flag, and the default is $before', ({ before }) => {
  expect(options).toContain(`default: ${before}\n`);
});
