/** Which terminals get links. The cases are those of supports-hyperlinks. */
import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import { fileLink, hasHyperlinks } from '../../src/cli/hyperlinks.ts';

const PIPE = { isTerminal: false, colors: false };
const TERMINAL = { isTerminal: true, colors: true };

type Case = readonly [is: boolean, env: Readonly<Record<string, string>>, on?: typeof PIPE];

const CASES: readonly Case[] = [
  [false, {}],
  [false, { TERM: 'xterm-256color' }],
  [true, { TERM: 'alacritty' }],
  [true, { TERM: 'xterm-kitty' }],
  [true, { FORCE_HYPERLINK: '1' }],
  [true, { FORCE_HYPERLINK: 'yes' }],
  [false, { FORCE_HYPERLINK: '0', TERM: 'xterm-kitty' }],
  [true, { FORCE_HYPERLINK: '', TERM: 'xterm-kitty' }],
  [true, { FORCE_HYPERLINK: '1' }, { isTerminal: true, colors: false }],
  [false, { FORCE_HYPERLINK: '1' }, PIPE],
  [false, { TERM: 'xterm-kitty' }, PIPE],
  [false, { TERM: 'xterm-kitty' }, { isTerminal: true, colors: false }],
  [false, { TERM: 'xterm-kitty', CI: 'true' }],
  [false, { TERM: 'xterm-kitty', TEAMCITY_VERSION: '9' }],
  [true, { WT_SESSION: '', CI: 'true' }],
  [true, { TERM_PROGRAM: 'iTerm.app', TERM_PROGRAM_VERSION: '3.1.0' }],
  [true, { TERM_PROGRAM: 'iTerm.app', TERM_PROGRAM_VERSION: '4.0.0' }],
  [false, { TERM_PROGRAM: 'iTerm.app', TERM_PROGRAM_VERSION: '3.0.9' }],
  [true, { TERM_PROGRAM: 'WezTerm', TERM_PROGRAM_VERSION: '20240203-110809-5046fc22' }],
  [false, { TERM_PROGRAM: 'WezTerm', TERM_PROGRAM_VERSION: '20200608-110809-5046fc22' }],
  [true, { TERM_PROGRAM: 'vscode', TERM_PROGRAM_VERSION: '1.72.0' }],
  [false, { TERM_PROGRAM: 'vscode', TERM_PROGRAM_VERSION: '1.71.0' }],
  [true, { TERM_PROGRAM: 'vscode', TERM_PROGRAM_VERSION: '0.45.0', CURSOR_TRACE_ID: 'x' }],
  [false, { TERM_PROGRAM: 'vscode' }],
  [true, { TERM_PROGRAM: 'ghostty' }],
  [true, { TERM_PROGRAM: 'zed' }],
  [true, { TERM_PROGRAM: 'WarpTerminal' }],
  [true, { VTE_VERSION: '7200' }],
  [true, { VTE_VERSION: '5100' }],
  [false, { VTE_VERSION: '0.50.0' }],
  [false, { VTE_VERSION: '4900' }],
  [true, { VTE_VERSION: '0.51.1' }],
];

test.each(CASES.map(([is, env, on = TERMINAL]) => ({ is, env, on })))('$env $on: $is', ({ is, env, on }) => {
  expect(hasHyperlinks(env, on)).toBe(is);
});

test('a link has the host and an escaped path', () => {
  expect(fileLink('/a b/\u001B]8;;x.yaml', 'shown')).toBe(
    `\u001B]8;;file://${hostname()}/a%20b/%1B%5D8;;x.yaml\u001B\\shown\u001B]8;;\u001B\\`,
  );
});
