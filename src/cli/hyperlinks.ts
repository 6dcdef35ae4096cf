/** Links to files in terminals that have them (OSC 8). The terminals are those of the package supports-hyperlinks 4.6. */
import { hostname } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

export type TerminalEnvironment = Readonly<Record<string, string | undefined>>;

/** Whether the terminal of stdout has links; `colors` as `Terminal` has it. A pipe never has them. */
export function hasHyperlinks(
  env: TerminalEnvironment,
  { isTerminal, colors }: { readonly isTerminal: boolean; readonly colors: boolean },
): boolean {
  if (!isTerminal) return false;
  const forced = env['FORCE_HYPERLINK'];
  if (forced !== undefined && forced !== '') return Number.parseInt(forced, 10) !== 0;
  return colors && (env['WT_SESSION'] !== undefined || (!isAutomated(env) && isKnownTerminal(env)));
}

function isAutomated(env: TerminalEnvironment): boolean {
  return process.platform === 'win32' || isSet(env['CI']) || isSet(env['TEAMCITY_VERSION']);
}

function isKnownTerminal(env: TerminalEnvironment): boolean {
  return hasProgram(env) ?? hasVte(env['VTE_VERSION']) ?? ['alacritty', 'xterm-kitty'].includes(env['TERM'] ?? '');
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}

/** The first version with links, as major and minor; undefined: every version has them. */
const PROGRAMS: ReadonlyMap<string, readonly [number, number] | undefined> = new Map([
  ['iTerm.app', [3, 1]],
  ['WezTerm', [20_200_620, 0]],
  ['vscode', [1, 72]],
  ['ghostty', undefined],
  ['zed', undefined],
  ['WarpTerminal', undefined],
]);

function hasProgram(env: TerminalEnvironment): boolean | undefined {
  const { TERM_PROGRAM: program = '', TERM_PROGRAM_VERSION: version = '' } = env;
  if (!PROGRAMS.has(program)) return undefined;
  const needed = PROGRAMS.get(program);
  // Cursor is a fork of VS Code with other versions.
  if (needed === undefined || (program === 'vscode' && isSet(env['CURSOR_TRACE_ID']))) return true;
  return isAtLeast(version, needed);
}

/** `7200` is 0.72.0. The first version with links, 0.50.0, crashes. */
function hasVte(version: string | undefined): boolean | undefined {
  if (version === undefined || version === '') return undefined;
  const [, minor, patch] = /^(\d{1,2})(\d{2})$/.exec(version) ?? [];
  const text = minor === undefined ? version : `0.${minor}.${patch}`;
  return text !== '0.50.0' && text !== '0.50.00' && isAtLeast(text, [0, 50]);
}

function isAtLeast(version: string, [neededMajor, neededMinor]: readonly [number, number]): boolean {
  const [major = Number.NaN, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return major > neededMajor || (major === neededMajor && minor >= neededMinor);
}

const OSC_8 = '\u001B]8;;';
const END = '\u001B\\';

/** The host is part of the address, so that a terminal of another machine opens nothing. */
export function fileLink(file: string, text: string): string {
  const url = pathToFileURL(path.resolve(file));
  return `${OSC_8}file://${hostname()}${url.pathname}${END}${text}${OSC_8}${END}`;
}
