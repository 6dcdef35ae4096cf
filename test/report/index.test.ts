import { describe, expect, test } from 'vitest';
import { formatReport, formatsFor } from '../../src/report/index.ts';
import { paint } from '../../src/report/paint.ts';
import { testReport } from '../../src/report/test.ts';
import { orValues } from '../../src/image/or-list.ts';
import { runCommand } from '../support/command.ts';

const COMMANDS = ['check', 'test', 'replay', 'pin', 'drift'] as const;

describe('the table of report formats', () => {
  test.each(COMMANDS)('is what --help of %s offers, and pretty is the default', async (command) => {
    const formats = formatsFor(command);
    expect(formats.slice(0, 2)).toEqual(['pretty', 'json']);
    const help = (await runCommand([command, '--help'])).out.replaceAll(/\s+/g, ' ');
    expect(help).toContain(`(choices: ${formats.map((name) => `"${name}"`).join(', ')}, default: "pretty")`);
  });

  test.each(COMMANDS)('is what the shell completes after %s --output', async (command) => {
    const { out } = await runCommand(['complete', '--', command, '--output', '']);
    expect(out.split('\n').slice(0, -2)).toEqual(formatsFor(command).map((name) => `${name}\t`));
  });

  test.each(COMMANDS)('is what a wrong format of %s is answered with', async (command) => {
    const { code, note } = await runCommand([command, '.', '-o', 'xml']);
    expect(code).toBe(2);
    expect(note).toContain(`--output: invalid value "xml" (expected ${orValues(formatsFor(command))})\n`);
  });

  test('prints nothing to standard error where the report holds everything', async () => {
    const printed = await formatReport('test', 'json', { report: testReport([], []), ink: paint(false) });
    expect(Object.keys(printed)).toEqual(['out']);
  });
});
